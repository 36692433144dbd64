"""Aggregates into PostgreSQL: once each, all or nothing, the same in whatever batches they come."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import ProgrammingError, connection, connections, transaction

from collectors.activity import Aggregate, admin, of_account, take
from collectors.models import (
    Account,
    AdminEvent,
    TrailObject,
    TrailWatch,
    UsageAssumption,
    UsageDaily,
    UsageEvent,
    UsageLast,
    UsagePrincipal,
    UsageResource,
    UsageSession,
)
from collectors.models.activity_view import read_activity
from collectors.models.snapshot import read_snapshot
from collectors.usage_store import OverlapError, Read, store
from iamdash.access.database import seen_accounts
from tests.collectors.activity.events import ACCOUNT, LATEST, OTHER, assume, event, log, role, user
from tests.conftest import db_role

TABLES = (AdminEvent, UsageDaily, UsageLast, UsageResource, UsageSession, UsageAssumption)


def batch(*files: tuple[str, bytes], account: str = ACCOUNT) -> tuple[Aggregate, list[Read]]:
    found = Aggregate(LATEST)
    day = date(2026, 11, 20)
    return found, [
        Read(account, name, day, "etag", len(blob), take(found, name, blob, account)) for name, blob in files
    ]


def put(*files: tuple[str, bytes], account: str = ACCOUNT) -> dict[str, int]:
    with db_role("iamdash_worker"):
        return store(*batch(*files, account=account))


def dump() -> Any:
    """All that is stored, without the ids, which depend on the order."""
    rows: list[Any] = []
    for model in TABLES:
        for row in model._default_manager.all():
            plain = {f.name: getattr(row, f.name) for f in model._meta.concrete_fields if f.name not in {"id", "pk"}}
            for name in ("principal", "event"):
                if isinstance(plain.get(name), UsagePrincipal | UsageEvent):
                    plain[name] = str(plain[name]) + getattr(plain[name], "unique_id", "")
            rows.append((model.__name__, sorted(plain.items(), key=str)))
    return sorted(rows, key=str)


FILES = [
    ("a", log(event(), event(userIdentity=user()), event(eventTime="2026-10-31T23:59:59Z"))),
    ("b", log(event(errorCode="AccessDenied"), assume(), event(userAgent="aws-cli/2.0", sourceIPAddress="10.0.0.1"))),
    ("c", log(
        event("Call", "s3", requestParameters={"bucketName": "b", "key": "k/1"}),
        event(awsRegion="us-east-1"),
        event(errorCode="Oops"),
    )),
    ("d", log(assume(userIdentity=role("ann", unique_id="AROA9"), asked={"sourceIdentity": "ann"}))),
    ("e", log(event(userIdentity=role("deploy")))),
    ("f", log(*(event("TagRole", "iam", eventID=str(n), requestParameters={"roleName": "a"}) for n in range(3)))),
]  # fmt: skip


@pytest.mark.django_db
class TestStore:
    def test_what_is_stored_is_read_as_records(self, account: Account) -> None:
        counts = put(*FILES)
        total, _ = batch(*FILES)
        told = of_account(total, ACCOUNT)
        assert counts == {"objects": 6, "events": 14, "left_out": 0}
        found = read_activity(account, datetime(2026, 11, 24, tzinfo=UTC))
        assert set(found["sessions"]) == set(told.sessions)
        assert found["admin_events"] == told.admin_events
        assert set(found["event_uses"]) == set(told.event_uses)
        assert set(found["assumptions"]) == set(told.assumptions)
        assert sorted(map(str, found["principal_days"])) == sorted(map(str, told.principal_days))
        assert len(told.principal_days) == 4
        assert found["activity_since"] is None

    def test_the_snapshot_has_it(self, account: Account) -> None:
        put(*FILES)
        since = datetime(2026, 11, 1, tzinfo=UTC)
        TrailWatch.objects.create(account=account, since=since)
        snapshot = read_snapshot(account, LATEST)
        assert (snapshot.activity_since, len(snapshot.event_uses) > 0, len(snapshot.sessions) > 0) == (
            since,
            True,
            True,
        )

    def test_what_is_older_than_the_window_is_not_read(self, account: Account) -> None:
        put(*FILES)
        found = read_activity(account, datetime(2027, 3, 1, tzinfo=UTC))
        assert (found["sessions"], found["assumptions"], found["admin_events"]) == ((), (), ())
        assert found["event_uses"]

    @pytest.mark.parametrize(
        "order", [[(0, 1, 2, 3, 4, 5)], [(5,), (4,), (3,), (1,), (2,), (0,)], [(2, 0, 5), (3, 1, 4)]]
    )
    def test_batches_and_their_order_make_no_difference(self, account: Account, order: list[tuple[int, ...]]) -> None:
        put(*FILES)
        expected = dump()
        for model in (*TABLES, TrailObject, UsagePrincipal, UsageEvent):
            model._default_manager.all().delete()
        for part in order:
            put(*(FILES[n] for n in part))
        assert dump() == expected

    def test_an_object_counts_once(self, account: Account) -> None:
        put(*FILES)
        expected = dump()
        with pytest.raises(OverlapError, match="1 objects"):
            put(FILES[0], ("new", log(event())))
        assert dump() == expected
        assert TrailObject.objects.count() == len(FILES)

    def test_a_failure_at_the_end_leaves_nothing(self, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("collectors.usage_rows.Writer._assumptions", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            put(*FILES)
        assert (dump(), TrailObject.objects.count(), UsagePrincipal.objects.count()) == ([], 0, 0)

    def test_the_ledger_names_what_was_not_read(self, account: Account) -> None:
        put(("empty", b""), ("digest", b'{"digestStartTime": 1}'), ("part", log(event(), None)))
        rows = {row.key: (row.events, row.rejected, row.problem) for row in TrailObject.objects.all()}
        assert rows == {"empty": (0, 0, "it is empty"), "digest": (0, 0, ""), "part": (1, 1, "")}
        assert TrailWatch.objects.get().noted == {"no record of CloudTrail": 1}

    def test_events_of_accounts_that_nobody_registered_are_left_out_and_counted(self, account: Account) -> None:
        assert put(("a", log(event(), event(recipientAccountId=OTHER)))) == {"objects": 1, "events": 1, "left_out": 1}
        assert set(UsageDaily.objects.values_list("account_id", flat=True)) == {account.pk}

    def test_each_account_has_its_own(self, account: Account, other_account: Account) -> None:
        put(("a", log(event(), event(recipientAccountId=OTHER), assume(recipientAccountId=OTHER))))
        for one, n in ((account, 1), (other_account, 2)):
            assert sum(UsageDaily.objects.filter(account=one).values_list("n", flat=True)) == n

    @pytest.mark.parametrize(
        "text", ["NUL \0", "lone \ud800", "tab\tnew\nline\\N", "x" * 5_000, "é" * 3_000, "'; drop table x; --"]
    )
    def test_no_text_kills_a_batch(self, account: Account, text: str) -> None:
        one = event(
            text, userAgent=text, awsRegion=text, sourceIPAddress=text, requestParameters={"bucketName": text}, eventSource=text,
            userIdentity={**role(text), "principalId": f"{text}:{text}", "accessKeyId": "AKIA" + text}, errorCode=text,
        )  # fmt: skip
        assert put(("a", log(one, event(), assume(text, sharedEventID=text))))["events"] == 3
        read_activity(account, LATEST)

    def test_two_spellings_that_are_cleaned_to_one_are_one(self, account: Account) -> None:
        put(
            (
                "a",
                log(event("a\0b"), event("a\x01b"), event(userIdentity=role("s\0")), event(userIdentity=role("s\x02"))),
            )
        )
        assert sorted(UsageLast.objects.values_list("n", flat=True)) == [2, 2]

    def test_resources_stay_bounded_over_batches(self, account: Account) -> None:
        for part in range(3):
            some = [
                event("Call", "s3", requestParameters={"bucketName": f"b{(n * 7 + part) % 900:05}"}) for n in range(400)
            ]
            put((str(part), log(*some)))
        assert UsageResource.objects.count() == 500
        assert UsageLast.objects.get().resources_cut
        names = sorted({f"arn:aws:s3:::b{(n * 7 + part) % 900:05}" for part in range(3) for n in range(400)})
        assert sorted(UsageResource.objects.values_list("resource", flat=True)) == names[:500]

    def test_an_administrative_call_is_kept_once_by_whichever_road(self, account: Account) -> None:
        call = event("DeleteRole", "iam", eventID="id-1", requestParameters={"roleName": "a"})
        put(("a", log(call)))
        put(("b", log(call, call | {"eventID": "id-2"})))
        assert sorted(AdminEvent.objects.values_list("event_id", "target_name")) == [("id-1", "a"), ("id-2", "a")]

    @pytest.mark.parametrize("parts", [1, 3])
    def test_administrative_calls_stay_bounded_over_batches(
        self, account: Account, parts: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(admin, "MOST", 10)
        flood = [event("TagRole", "iam", eventID=f"id-{n:02}") for n in range(30)]
        for n in range(parts):
            put((str(n), log(*flood[n::parts], event("DeleteRole", "iam", eventID="id-99"))))
        names = [*(f"id-{n:02}" for n in range(9)), "id-99"]
        assert sorted(AdminEvent.objects.values_list("event_id", flat=True)) == names
        assert TrailWatch.objects.get().noted == {admin.CUT: 21}

    def test_days_lie_in_partitions_of_their_months(self, account: Account) -> None:
        put(*FILES)
        with connection.cursor() as cursor:
            cursor.execute("select tableoid::regclass::text, count(*) from collectors_usagedaily group by 1 order by 1")
            parts = [name for name, _ in cursor.fetchall()]
        assert parts == ["collectors_usagedaily_202610", "collectors_usagedaily_202611"]

    def test_only_partitioned_tables_get_partitions(self, account: Account) -> None:
        with (
            db_role("iamdash_worker"),
            pytest.raises(Exception, match="not partitioned"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("select ensure_month('collectors_account', '2026-11-01')")

    def test_the_web_sees_its_accounts_only_and_writes_nothing(self, account: Account, other_account: Account) -> None:
        put(*FILES)
        put(("z", log(event(recipientAccountId=OTHER))), account=OTHER)
        with db_role("iamdash_web"):
            for table in ("usagedaily", "usagelast", "usagesession", "trailobject"):
                with seen_accounts([other_account.pk]), connection.cursor() as cursor:
                    cursor.execute(f"select distinct account_id from collectors_{table}")
                    assert cursor.fetchall() == [(other_account.pk,)]
            for statement in (
                "delete from collectors_usagedaily",
                "select * from collectors_usagedaily_202611",
                "select ensure_month('collectors_usagedaily', '2026-12-01')",
            ):
                with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                    connection.cursor().execute(statement)


@pytest.fixture
def two(transactional_db: None) -> list[Account]:
    return [Account.objects.create(aws_id=aws_id, name=aws_id) for aws_id in (ACCOUNT, OTHER)]


def test_two_workers_at_once_neither_deadlock_nor_lose_a_count(two: list[Account]) -> None:
    """Both write of the same principals, events and months of both accounts, in opposite orders, ten batches each."""
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for n in range(10):
                both = [event(f"Call{m}", recipientAccountId=aws_id) for m in range(20) for aws_id in (ACCOUNT, OTHER)]
                store(*batch((f"{number}-{n}", log(*(both if number else reversed(both))))))
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert sorted(UsageLast.objects.values_list("n", flat=True)) == [20] * 40


def test_of_two_who_read_the_same_object_one_counts_it(two: list[Account]) -> None:
    outcomes: list[str] = []

    def work() -> None:
        try:
            store(*batch(FILES[0]))
            outcomes.append("stored")
        except OverlapError:
            outcomes.append("overlap")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["overlap", "stored"]
    assert sum(UsageDaily.objects.values_list("n", flat=True)) == 3


@pytest.mark.parametrize("step", ["_daily", "commit"])
def test_a_worker_killed_between_aggregates_and_ledger_leaves_nothing_and_another_loses_nothing(
    two: list[Account], step: str
) -> None:
    """By SIGKILL, in a process of its own: once the ledger and some of the aggregates are written, and when all of them are."""
    put(*FILES)
    expected = dump()
    for model in (*TABLES, TrailObject, UsagePrincipal, UsageEvent):
        model._default_manager.all().delete()
    there = connection.settings_dict
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{there['NAME']}"))
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "iamdash.settings"}
    killed = subprocess.run(
        [sys.executable, "-m", "tests.collectors.crash_while_storing", step], env=environment, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert (dump(), TrailObject.objects.count(), UsagePrincipal.objects.count()) == ([], 0, 0)
    put(*FILES)
    assert dump() == expected
