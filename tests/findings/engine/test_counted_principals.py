"""The kept counts of principals are what counting finds: after collections, judgements, repairs by hand, and an account's end."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from django.db.models import Count, Q, Sum, Value
from django.db.models.expressions import RawSQL

from collectors import records
from collectors.models import Account, Principal
from findings.analysis.kinds import Kind
from findings.engine.counted import settle
from findings.models import KindOverride, PrincipalCount, PrincipalPosture, Provenance
from iamdash.access.database import seen_accounts
from tests.builders import role, user
from tests.conftest import db_role
from tests.findings.engine.inventory import judge, put

pytestmark = pytest.mark.django_db
ALIKE = ("account", "type", "here", "bounded", "kind", "observed", "worst", "made")
BOUNDARY = "arn:aws:iam::000000000001:policy/limit"


def kept() -> dict[tuple[Any, ...], int]:
    rows = PrincipalCount.objects.order_by().values_list(*ALIKE).annotate(total=Sum("n"))
    return {tuple(key): n for *key, n in rows if n}


def counted() -> dict[tuple[Any, ...], int]:
    has = {"here": RawSQL("gone_at is null", ()), "bounded": RawSQL("boundary <> ''", ())}
    of = ("posture__kind", "posture__observed", "posture__worst", "provenance__made")
    rows = Principal.objects.order_by().annotate(**has).values_list("account", "type", "here", "bounded", *of)
    return {tuple(key): n for *key, n in rows.annotate(n=Count(Value(1)))}


def entities(random: Random) -> list[records.Role | records.User]:
    """Always some of the same ones, as they now are."""
    names = random.sample(("a", "b", "c", "d", "e"), 3)
    roles = [role(n, unique_id=f"AROA-{n}", used=200, boundary=random.choice((None, BOUNDARY))) for n in names]
    return [*roles, *(user(n, unique_id=f"AIDA-{n}") for n in random.sample(("anna", "ben"), 1))]


def collects(random: Random, account: Account) -> None:
    with db_role("iamdash_worker"):
        put(account, *entities(random))


def judges(random: Random, account: Account) -> None:
    with db_role("iamdash_worker"):
        judge(account)


def says_what_one_is(random: Random, account: Account) -> None:
    """An operator, and the judgement after it."""
    some = list(Principal.objects.filter(account=account).order_by("unique_id"))
    one = random.choice(some) if some else None
    if one and not KindOverride.objects.filter(account=account, principal_id=one.unique_id).exists():
        with db_role("iamdash_web"), seen_accounts([account.pk]):
            KindOverride.objects.create(
                account=account, principal_id=one.unique_id, kind=random.choice(list(Kind)), reason="x", set_by="anna"
            )
    judges(random, account)


def repairs(random: Random, account: Account) -> None:
    """By hand, many at once and not in the order of the engine."""
    Principal.objects.filter(account=account, type="role").update(boundary=random.choice(("", BOUNDARY)))
    PrincipalPosture.objects.filter(principal__name__in=("a", "b")).update(worst=random.choice((0, 4, 5)))
    Provenance.objects.filter(principal__name="c").delete()
    PrincipalPosture.objects.filter(principal__name="d").delete()


def forgets(random: Random, account: Account) -> None:
    Principal.objects.filter(account=account, name=random.choice(("a", "anna"))).delete()


WRITES: tuple[Callable[[Random, Account], None], ...] = (
    collects, collects, judges, judges, says_what_one_is, repairs, forgets,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
def test_counts_are_what_counting_finds(account: Account, other_account: Account, seed: int) -> None:
    random = Random(seed)
    for write in (collects, *random.choices(WRITES, k=10)):
        write(random, random.choice((account, other_account)))
        assert kept() == counted(), write
    for one in (account, other_account):
        settle(one)
    assert kept() == counted()
    assert PrincipalCount.objects.count() == len(counted()) > 0


def test_a_judgement_leaves_one_row_for_all_that_is_alike(account: Account) -> None:
    held = role("app"), role("app2")
    put(account, *held)
    judge(account)
    assert PrincipalCount.objects.count() == len(counted())
    before = set(PrincipalCount.objects.values_list("pk", flat=True))
    put(account, *held)
    judge(account)
    assert set(PrincipalCount.objects.values_list("pk", flat=True)) == before


def test_an_account_takes_its_counts_with_it(account: Account, other_account: Account) -> None:
    for one in (account, other_account):
        put(one, role("app"), user())
        judge(one)
    account.delete()
    assert kept() == counted()
    assert {one.account_id for one in PrincipalCount.objects.all()} == {other_account.pk}


def test_the_web_counts_the_accounts_that_it_sees(account: Account, other_account: Account) -> None:
    for one in (account, other_account):
        put(one, role("app"))
    with db_role("iamdash_web"), seen_accounts([account.pk]):
        assert PrincipalCount.objects.filter(~Q(n=0)).aggregate(n=Sum("n")) == {"n": 1}
