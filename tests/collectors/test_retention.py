"""What is kept for a time only goes by whole months; nothing younger, and nothing that is kept for ever, goes with it."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections, migrations, models, transaction
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import Model
from django.db.utils import ProgrammingError

from collectors import queue, retention, schedule
from collectors.models import (
    Account,
    AdminEvent,
    Coverage,
    Job,
    LookedUpEvent,
    Run,
    TrailObject,
    UsageAssumption,
    UsageDaily,
    UsageEvent,
    UsageLast,
    UsagePrincipal,
    UsageSession,
)
from collectors.models.job import JUDGE
from collectors.models.partitions import Partition, drop_months, ensure_months
from findings.models import SessionVerdict
from iamdash.settings import ENV, _whole
from tests.conftest import db_role
from tests.embedded.helpers import until

NOW = datetime.now(UTC)
OLD, RECENT = NOW - timedelta(days=500), NOW - timedelta(days=40)


def partition_of(row: Model) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"select tableoid::regclass::text from {row._meta.db_table} where id = %s", [row.pk])
        return str(cursor.fetchone()[0])


def months_of(model: type[Model]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select inhrelid::regclass::text from pg_inherits where inhparent = %s::regclass", [model._meta.db_table]
        )
        return {name.rpartition("_")[2] for (name,) in cursor.fetchall()}


@pytest.fixture
def used(account: Account) -> Any:
    """use(at): a row of each kind of use, of that time."""
    who = UsagePrincipal.objects.create(account=account, actor="role", unique_id="AROA1")
    what = UsageEvent.objects.create(account=account, source="s3.amazonaws.com", name="GetObject")
    UsageLast.objects.create(
        account=account, principal=who, event=what, n=1, denied=0, failed=0, first_at=OLD, used_at=OLD
    )

    def use(at: datetime) -> None:
        counts = {"n": 1, "denied": 0}
        times = {"first_at": at, "last_at": at}
        UsageDaily.objects.create(
            account=account, principal=who, event=what, day=at.date(), session_kind=0, failed=0, **counts, **times
        )
        session = UsageSession.objects.create(account=account, principal=who, day=at.date(), data={}, **counts, **times)
        SessionVerdict.objects.create(
            session=session, day=at.date(), account=account, at=at, actor="role", who=1, confidence="low",
            machine=False, reasons=[],
        )  # fmt: skip
        UsageAssumption.objects.create(
            account=account, digest=f"{at:%F}", role_arn="r", event="AssumeRole", day=at.date(), paired=0, **counts
        )
        AdminEvent.objects.create(account=account, event_id=f"{at:%F}", at=at, actor="role", principal_id="AROA1")
        TrailObject.objects.create(account=account, key=f"{at:%F}", day=at.date(), size=1, events=1)
        LookedUpEvent.objects.create(account=account, event_id=f"{at:%F}", at=at)

    return use


OF_USE = (UsageDaily, UsageSession, SessionVerdict, UsageAssumption, AdminEvent, LookedUpEvent)


def test_every_model_that_is_kept_for_a_time_says_for_how_long() -> None:
    found = {model.__name__: model.kept for model in retention.kept_models()}
    assert found == {
        "UsageDaily": "usage", "UsageSession": "usage", "SessionVerdict": "usage", "UsageAssumption": "usage",
        "AdminEvent": "events", "Run": "runs", "Job": "runs", "TrailObject": "ledger", "LookedUpEvent": "lookups",
    }  # fmt: skip
    assert set(found.values()) == set(configured.KEEP_DAYS)


def test_nothing_goes_that_is_young_enough(used: Any) -> None:
    used(RECENT)
    assert retention.retain() == {}
    assert all(model.objects.count() == 1 for model in (*OF_USE, TrailObject))


def test_old_months_go_as_a_whole_and_the_last_use_stays(used: Any) -> None:
    used(OLD)
    used(RECENT)
    gone = retention.retain()
    month = f"{OLD:%Y%m}"
    assert gone == {model._meta.db_table: [f"{model._meta.db_table}_{month}"] for model in (*OF_USE, TrailObject)}
    assert all(model.objects.count() == 1 for model in (*OF_USE, TrailObject))
    assert UsageLast.objects.get().used_at == OLD


def test_a_month_with_one_young_day_stays(used: Any, settings: Any) -> None:
    """Also where less than two months are asked for: what is under way is never dropped."""
    settings.KEEP_DAYS = dict.fromkeys(configured.KEEP_DAYS, 1)
    used(RECENT)
    used(NOW)
    assert retention.retain() == {}


def test_what_has_no_month_lands_somewhere_and_moves_in(account: Account) -> None:
    run = Run.objects.create(account=account, reason=Run.Reason.REQUEST)
    AdminEvent.objects.create(account=account, event_id="1", at=datetime(2026, 3, 31, 23, 59, tzinfo=UTC), actor="role")
    april = AdminEvent.objects.create(account=account, event_id="2", at=datetime(2026, 4, 1, tzinfo=UTC), actor="role")
    assert partition_of(run) == "collectors_run_rest"
    assert partition_of(april) == "collectors_adminevent_rest"
    retention.retain()
    assert (partition_of(run), partition_of(april)) == (f"collectors_run_{NOW:%Y%m}", "collectors_adminevent_202604")
    assert f"{NOW + timedelta(days=31):%Y%m}" in months_of(Run)


@pytest.mark.django_db(transaction=True)
def test_who_reads_while_rows_move_into_their_month_sees_them() -> None:
    """The reader asks when the rows have moved, and before anybody else may see it."""
    account, seen = Account.objects.create(aws_id="111122223333"), []
    AdminEvent.objects.create(account=account, event_id="1", at=datetime(2019, 3, 1, tzinfo=UTC), actor="role")

    def read() -> None:
        seen.append(AdminEvent.objects.count())
        connections.close_all()

    reader = threading.Thread(target=read)
    with transaction.atomic():
        ensure_months(AdminEvent, {date(2019, 3, 1)})
        reader.start()
        until(somebody_waits_for_us, "the reader waits")
    reader.join(30)
    assert "201903" in months_of(AdminEvent)
    drop_months(AdminEvent, 400)
    assert seen == [1]


@pytest.mark.django_db(transaction=True)
def test_a_month_of_a_table_that_is_read_is_left_for_later() -> None:
    """By a backup, say, which reads all tables in one transaction: nobody waits for it with months of other tables in hand."""
    account = Account.objects.create(aws_id="111122223333")
    one = AdminEvent.objects.create(account=account, event_id="1", at=datetime(2019, 4, 1, tzinfo=UTC), actor="role")

    def make() -> None:
        ensure_months(AdminEvent, {date(2019, 4, 1)})
        connections.close_all()

    writer = threading.Thread(target=make)
    with transaction.atomic():
        assert AdminEvent.objects.count() == 1
        writer.start()
        writer.join(30)
    assert not writer.is_alive()
    assert partition_of(one) == "collectors_adminevent_rest"
    ensure_months(AdminEvent, {date(2019, 4, 1)})
    assert partition_of(one) == "collectors_adminevent_201904"
    drop_months(AdminEvent, 400)


def somebody_waits_for_us() -> bool:
    """For what this transaction holds."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_stat_clear_snapshot()")
        cursor.execute(
            "select exists (select from pg_stat_activity where pg_backend_pid() = any (pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])


def test_months_are_those_of_utc(account: Account) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set local timezone = 'Pacific/Auckland'")
    at = datetime(2026, 3, 31, 23, 59, tzinfo=UTC)
    ensure_months(AdminEvent, {at.date()})
    one = AdminEvent.objects.create(account=account, event_id="1", at=at, actor="role")
    assert partition_of(one) == "collectors_adminevent_202603"


def test_ids_go_on_counting_and_are_found_in_every_month(account: Account) -> None:
    first = Run.objects.create(account=account, reason=Run.Reason.REQUEST)
    retention.retain()
    second = Run.objects.create(account=account, reason=Run.Reason.REQUEST)
    assert second.pk > first.pk
    assert Run.objects.get(pk=first.pk).reason == Run.objects.get(pk=second.pk).reason


def test_the_worker_drops_months_and_the_web_does_not(account: Account, used: Any) -> None:
    used(OLD)
    with db_role("iamdash_worker"):
        assert len(retention.retain()) == len(OF_USE) + 1
    with db_role("iamdash_web"), connection.cursor() as cursor:  # noqa: SIM117
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            cursor.execute("select drop_months('collectors_run', 400)")


def test_only_partitioned_tables_lose_anything(db: None) -> None:
    with connection.cursor() as cursor, pytest.raises(ProgrammingError, match="not partitioned"):
        cursor.execute("select drop_months('collectors_account', 400)")


def test_an_account_whose_runs_went_is_judged_all_the_same(account: Account) -> None:
    Coverage.objects.create(
        account=account, source="account", api="iam:GetAccountSummary", state="complete", observed_at=OLD
    )
    queue.ask_judgements([account.pk])
    job = Job.objects.get()
    assert (job.source, job.run.reason, job.run.account_id) == (JUDGE, Run.Reason.JUDGEMENT, account.pk)
    queue.ask_judgements([account.pk])
    assert Job.objects.count() == 1


def test_an_account_of_which_nothing_was_asked_is_not_judged(account: Account) -> None:
    queue.ask_judgements([account.pk])
    assert not Job.objects.exists()


def test_a_source_that_was_asked_long_ago_is_due(account: Account) -> None:
    run = Run.objects.create(account=account, reason=Run.Reason.REQUEST, finished_at=OLD)
    Job.objects.create(run=run, account=account, source="account", state=Job.State.DONE, created_at=OLD)
    Job.objects.create(run=run, account=account, source="contacts", state=Job.State.DONE, created_at=NOW)
    assert schedule._last_started(NOW).keys() == {(account.pk, "contacts")}


def test_a_table_with_rows_is_partitioned_with_its_rows(db: None) -> None:
    """As an installation with data meets the migration."""
    fields = [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField()), ("on", models.DateField())]
    named = models.UniqueConstraint("name", name="thing_name")
    state = ProjectState()
    state.add_model(ModelState("collectors", "Thing", fields, {"constraints": [named]}))
    thing = state.apps.get_model("collectors", "Thing")
    with connection.schema_editor() as editor:
        editor.create_model(thing)
    for month in (1, 1, 2):
        thing.objects.create(name=f"{thing.objects.count()}", on=f"2026-0{month}-15")
    change = Partition(
        "Thing",
        "on",
        [
            migrations.RemoveConstraint("Thing", "thing_name"),
            migrations.AddConstraint("Thing", models.UniqueConstraint("name", "on", name="thing_name")),
        ],
    )
    after = state.clone()
    change.state_forwards("collectors", after)
    with connection.schema_editor() as editor:
        change.database_forwards("collectors", editor, state, after)
    assert months_of(thing) == {"202601", "202602", "rest"}
    assert list(thing.objects.order_by("id").values_list("id", "name")) == [(1, "0"), (2, "1"), (3, "2")]
    assert thing.objects.create(name="3", on="2026-03-01").pk == 4


def test_less_than_a_judgement_reads_cannot_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _whole("IAMDASH_KEEP_USAGE_DAYS", 400, least=100) == 400
    for given in ("99", "-1", "a year"):
        monkeypatch.setitem(ENV, "IAMDASH_KEEP_USAGE_DAYS", given)
        with pytest.raises(ImproperlyConfigured, match=f"IAMDASH_KEEP_USAGE_DAYS is '{given}'.*at least 100"):
            _whole("IAMDASH_KEEP_USAGE_DAYS", 400, least=100)
