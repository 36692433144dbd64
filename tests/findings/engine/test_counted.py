"""The kept counts of findings are what counting finds, whoever writes: in PostgreSQL, with the rights of web and worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import psycopg
import pytest
from django.db import ProgrammingError, connection, models, transaction
from django.db.models import Count, F, Q, Sum, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now
from django.utils import timezone

from collectors.models import Account
from findings.engine import bulk, exceptions
from findings.engine.counted import note_late, settle, settle_totals
from findings.models import Acceptance, AccountFindings, Finding, FindingCount, FindingTotal
from findings.models.counted import SUMS
from findings.vocabulary import Severity
from iamdash.access.database import seen_accounts
from tests.builders import role
from tests.conftest import db_role
from tests.findings.engine.inventory import judge, put
from tests.pages.making import finding

pytestmark = pytest.mark.django_db
Status = Finding.Status


Counts = dict[tuple[object, ...], tuple[int, int]]
TABLES: tuple[type[models.Model], ...] = (FindingCount, AccountFindings, FindingTotal)


def alike(table: type[models.Model]) -> list[str]:
    return [field.name for field in table._meta.concrete_fields if field.name not in SUMS]


def kept(table: Any = FindingCount) -> Counts:
    """Sums that are not zero: of all, and of what is late."""
    rows = table.objects.order_by().values_list(*alike(table)).annotate(total=Sum("n"), late=Sum("n_late"))
    return {tuple(key): (n, late) for *key, n, late in rows if n or late}


def counted(table: type[models.Model] = FindingCount) -> Counts:
    again = RawSQL("reopened > 0", ())
    rows = Finding.objects.order_by().annotate(again=again).values_list(*alike(table))
    told = rows.annotate(n=Count(Value(1)), n_late=Count(Value(1), filter=Q(late=True)))
    return {tuple(key): (n, late) for *key, n, late in told}


def as_counting_finds() -> bool:
    return all(kept(table) == counted(table) for table in TABLES)


def some(random: Random, n: int) -> list[Finding]:
    rows = list(Finding.objects.order_by("pk"))
    return random.sample(rows, min(n, len(rows)))


def opens(random: Random, account: Account) -> None:
    codes = ("LP101", "LP103", "KY101")
    for _ in range(random.randint(1, 3)):
        finding(account, random.choice(codes), severity=random.choice(list(Severity)))


def resolves(random: Random, account: Account) -> None:
    rows = some(random, 4)
    for one in rows:
        one.status, one.resolved_at, one.resolved_why = Status.RESOLVED, timezone.now(), Finding.Why.CLEAR
        one.acceptance, one.accepted_at, one.due_at = None, None, None
    Finding.objects.bulk_update(rows, ("status", "resolved_at", "resolved_why", "acceptance", "accepted_at", "due_at"))


def reopens(random: Random, account: Account) -> None:
    which = Finding.objects.filter(pk__in=[one.pk for one in some(random, 3)], status=Status.RESOLVED)
    which.update(status=Status.OPEN, resolved_at=None, resolved_why="", reopened=F("reopened") + 1)


def accepts(random: Random, account: Account) -> None:
    ids = [one.pk for one in some(random, 3)]
    with db_role("iamdash_web"), seen_accounts("*"):
        bulk.accept(ids, "known", "team", timezone.now() + timedelta(days=9), "anna")


def expires(random: Random, account: Account) -> None:
    some_of_them = Acceptance.objects.filter(ended_at=None, pk__in=random.sample(range(1, 400), 200))
    some_of_them.update(expires_at=timezone.now() - timedelta(seconds=1))
    exceptions.expire()


def changes(random: Random, account: Account) -> None:
    """Of some the severity, of one its place, of all what nobody counts."""
    Finding.objects.filter(pk__in=[one.pk for one in some(random, 3)]).update(severity=random.choice(list(Severity)))
    Finding.objects.filter(pk__in=[one.pk for one in some(random, 1)]).update(account=account)
    Finding.objects.update(title="another")


def forgets(random: Random, account: Account) -> None:
    Finding.objects.filter(pk__in=[one.pk for one in some(random, 1)]).delete()


def dates(random: Random, account: Account) -> None:
    """People and settings move days, and days go by."""
    which = Finding.objects.filter(pk__in=[one.pk for one in some(random, 4)], status=Status.OPEN)
    which.update(due_at=random.choice((None, timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=9))))
    one = Finding.objects.filter(late=False, due_at__isnull=False).first()
    if one:
        a_day_goes_by(one)


def notes(random: Random, account: Account) -> None:
    with db_role("iamdash_worker"):
        note_late()
    assert not Finding.objects.filter(late=False, resolved_at=None, due_at__lte=Now()).exists()
    assert not Finding.objects.filter(late=True).exclude(resolved_at=None, due_at__lte=Now()).exists()


def a_day_goes_by(one: Finding) -> None:
    """due_at is over, and nobody wrote it since."""
    Finding.objects.filter(pk=one.pk).update(due_at=timezone.now() - timedelta(hours=1))
    Finding.objects.filter(pk=one.pk).update(late=False)


WRITES: tuple[Callable[[Random, Account], None], ...] = (
    opens, opens, opens, resolves, reopens, accepts, accepts, expires, changes, forgets, dates, dates, notes,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_counts_are_what_counting_finds(account: Account, other_account: Account, seed: int) -> None:
    random = Random(seed)
    for _ in range(20):
        random.choice(WRITES)(random, random.choice((account, other_account)))
        if random.random() < 0.3:
            settle(account)
        assert as_counting_finds()
    for one in (account, other_account):
        settle(one)
    with db_role("iamdash_worker"):
        settle_totals()
    assert as_counting_finds()
    for table in TABLES:
        assert table._default_manager.count() == len(counted(table))


def test_what_changes_no_count_adds_no_row(account: Account) -> None:
    finding(account)
    before = set(FindingCount.objects.values_list("pk", flat=True))
    Finding.objects.update(title="another", assignee="anna")
    settle(account)
    assert set(FindingCount.objects.values_list("pk", flat=True)) == before


def test_a_judgement_leaves_one_row_for_all_that_is_alike(account: Account) -> None:
    put(account, role("app", used=200), role("app2", used=200))
    with db_role("iamdash_worker"):
        judge(account)
    put(account, role("app", used=200))
    with db_role("iamdash_worker"):
        judge(account)
    assert kept() == counted()
    assert FindingCount.objects.count() == len(counted()) > 0


def test_the_web_sees_its_accounts_and_writes_none(account: Account, other_account: Account) -> None:
    finding(account), finding(other_account)
    with db_role("iamdash_web"), seen_accounts([account.pk]):
        assert [one.account_id for one in FindingCount.objects.all()] == [account.pk]
        assert [one.account_id for one in AccountFindings.objects.all()] == [account.pk]
        assert not FindingTotal.objects.exists()  # it tells of accounts that they do not see
        for table in TABLES:
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                table._default_manager.update(n=0)
    with db_role("iamdash_web"), seen_accounts("*"):
        assert sum(one.n for one in FindingTotal.objects.all()) == 2


@pytest.mark.django_db(transaction=True)
def test_who_decides_and_who_judges_do_not_wait_for_each_other(account: Account) -> None:
    """A change that is not committed yet is neither seen nor lost when an account's rows are put together."""
    first, second = finding(account), finding(account)
    settings = connection.get_connection_params()
    settings = {key: settings[key] for key in ("dbname", "user", "host", "password", "port") if settings.get(key)}
    with psycopg.connect(**settings) as other:
        other.execute("set lock_timeout = 1")
        other.execute("update findings_finding set severity = 5 where id = %s", [first.pk])
        Finding.objects.filter(pk=second.pk).update(severity=5)
        settle(account)
        assert kept() == counted()
        other.execute("update findings_finding set status = 'open' where id = %s", [first.pk])
    assert kept() == counted()
    settle(account)
    assert FindingCount.objects.get().n == 2


def test_an_account_takes_its_counts_with_it(account: Account, other_account: Account) -> None:
    for one in (account, other_account):
        finding(one), finding(one)
    account.delete()
    assert as_counting_finds()
    for table in (FindingCount, AccountFindings):
        assert set(table._default_manager.values_list("account", flat=True)) == {other_account.pk}
    connection.check_constraints()
