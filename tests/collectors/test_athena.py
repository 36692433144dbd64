"""Athena's road, through the lab over HTTP: what its rows make is what the files make; and each day once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from moto.s3.models import s3_backends

from collectors import athena as road
from collectors import queue, schedule
from collectors.activity import Aggregate, of_account, take
from collectors.activity.admin import SOURCES, administrative
from collectors.activity.parts import lenient
from collectors.activity.tally import Tally
from collectors.aws.call import LiveAws
from collectors.models import Account, Coverage, LookedUpEvent, TrailObject, TrailWatch, UsageDaily
from collectors.records import TRAIL
from collectors.sources import athena, sources, trail_bucket
from collectors.sources.athena import sql
from collectors.sources.trail_bucket import Place
from tests.collectors.activity.events import ACCOUNT, LATEST, assume, event, log, role, user
from tests.collectors.running import run

pytestmark = pytest.mark.django_db
NAME = "athena"
# A time of day at which yesterday's files are all there, whenever the tests run: three days are told then.
NOW = datetime.now(UTC).replace(hour=15)
CLOSED = (NOW - timedelta(hours=12)).date() - timedelta(days=1)  # the last day that is asked for
Record = dict[str, Any]


def rows(*records: Record) -> list[list[str | None]]:
    """What Athena answers of these records, worked out here: the groups of sql.statement(), each with its number and times."""
    groups: dict[tuple[str | None, ...], list[str]] = {}
    for one in records:
        key = (one["recipientAccountId"], *(_value(column, one) for column in sql.COLUMNS))
        groups.setdefault(key, []).append(one["eventTime"])
    return [list(sql.NAMES), *([*key, str(len(at)), min(at), max(at)] for key, at in groups.items())]


def _value(column: sql.Column, record: Record) -> str | None:
    whole, told = administrative(lenient(record)), record["eventName"] in ("ConsoleLogin", "SwitchRole", "AssumeRole")
    bucket = (record.get("requestParameters") or {}).get("bucketName")
    found: Any = record
    for name in column.path:
        found = found.get(name) if isinstance(found, dict) else None
    match column.name:
        case "id" | "asked" | "answered" if not whole:
            return None
        case "bucket" | "folder" if whole:
            return None
        case "folder":
            first, slash, _ = (found or "").partition("/")
            return f"{first}/" if slash else "key" if found else None
        case "named":
            return json.dumps([one["ARN"] for one in found]) if found and not bucket else None
        case "who_key" if not (found or "").startswith("AKIA"):
            return None
        case "message" | "shared" if found:
            return "not authorized to perform" if "not authorized to perform" in found else "told"
    if "json_extract_scalar" in column.sql and column.name != "bucket" and not told:
        return None
    return json.dumps(found) if column.parsed and found is not None else None if found is None else str(found)


EVENTS = (
    *(event(eventTime=f"2026-11-20T1{n}:00:00Z") for n in range(5)),
    event(eventTime="2026-11-20T09:00:00Z", errorCode="AccessDenied", errorMessage="User x is not authorized to perform: y"),
    event("GetObject", "s3", userIdentity=user(), requestParameters={"bucketName": "logs", "key": "2026/01/a.gz"}),
    event("GetObject", "s3", userIdentity=user(), requestParameters={"bucketName": "logs", "key": "2026/02/b.gz"}),
    event("GetObject", "s3", userIdentity=user(), requestParameters={"bucketName": "logs", "key": "top"}),
    event("Decrypt", "kms", resources=[{"ARN": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"}]),
    assume(),
    assume("other", sharedEventID="5"),
    assume(errorCode="AccessDenied", responseElements=None),
    event("ConsoleLogin", "signin", userIdentity=user(key=""), responseElements={"ConsoleLogin": "Success"},
          additionalEventData={"MFAUsed": "Yes"}),
    event("ConsoleLogin", "signin", userIdentity=user(key=""), responseElements={"ConsoleLogin": "Failure"}, errorMessage="No"),
    event("SwitchRole", "signin", userIdentity=role("ann"), additionalEventData={"SwitchFrom": f"arn:aws:iam::{ACCOUNT}:user/a"},
          responseElements={"SwitchRole": "Success"}),
    event("ListUsers", "iam", userIdentity=role("x", sourceIdentity="ann", ec2RoleDelivery="2.0")),
    event("AttachRolePolicy", "iam", eventID="1", readOnly=False, sessionCredentialFromConsole="true",
          requestParameters={"roleName": "deploy", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
    event("AttachRolePolicy", "iam", eventID="2", readOnly=False,
          requestParameters={"roleName": "deploy", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
)  # fmt: skip


def test_what_the_rows_make_is_what_the_files_make() -> None:
    by_file, by_row = Aggregate(LATEST), Aggregate(LATEST)
    take(by_file, "", log(*EVENTS))
    tallies = {ACCOUNT: Tally()}
    found = rows(*EVENTS)[1:]
    assert len(found) < len(EVENTS)
    for row in found:
        road._add(by_row, row, tallies)
    assert tallies[ACCOUNT].events == len(EVENTS)
    one, other = of_account(by_row, ACCOUNT), of_account(by_file, ACCOUNT)
    assert one == other
    assert (len(one.admin_events), len(one.assumptions)) == (2, 3)
    assert {one for named in by_row.resources.values() for one in named.uses} == {
        one for named in by_file.resources.values() for one in named.uses
    }


def test_the_statement_keeps_whole_what_the_reading_keeps_whole() -> None:
    for source in SOURCES:
        assert f"'{source}'" in sql.WHOLE
    text = sql.statement("t", LATEST.date(), ["000000000001", "000000000002"], ["b", "a"])
    assert text.splitlines()[-3:] == [
        "where account in ('000000000001', '000000000002') and day = '2026/11/24'",
        "  and eventid not in ('a', 'b')",
        f"group by {', '.join(str(n) for n in range(1, len(sql.COLUMNS) + 2))}",
    ]
    assert text.count(" as ") >= len(sql.NAMES)
    assert len(text) < 262_144 - road.MOST_IDS * 40


@pytest.mark.parametrize(
    ("place", "template"),
    [
        (Place("b", "", "", "1"), "s3://b/AWSLogs/${account}/CloudTrail/${region}/${day}"),
        (Place("b", "o-1", "o-1", "1"), "s3://b/o-1/AWSLogs/o-1/${account}/CloudTrail/${region}/${day}"),
    ],
)
def test_the_table_lies_over_the_files(place: Place, template: str) -> None:
    text = sql.table("t", place, LATEST.date())
    assert f"'storage.location.template'='{template}'" in text
    assert "'projection.day.range'='2026/11/23,NOW'" in text
    for column in sql.COLUMNS:
        assert column.path[0].lower() in text


@pytest.mark.parametrize("row", [[], [None], ["1", "2"], [ACCOUNT, *([None] * len(sql.COLUMNS)), "x", None, None]])
def test_a_row_that_is_none_is_counted_and_raises_nothing(row: list[str | None]) -> None:
    total, tallies = Aggregate(LATEST), {ACCOUNT: Tally()}
    road._add(total, row, tallies)
    assert not total.uses


# -- over HTTP


@pytest.fixture
def reader(lab: Any, aws: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """The security account, with Athena's own role beside the collector's."""
    settings.TRAIL_BUCKET, settings.TRAIL_ACCOUNT, settings.TRAIL_DAYS = "org-trail", lab.world.security.id, 3
    settings.ATHENA_WORKGROUP, settings.ATHENA_OUTPUT = "iamdash", "s3://answers/iamdash/"
    call_command("lab_connect", lab_url=aws.url, stdout=StringIO())
    account = Account.objects.get(aws_id=lab.world.security.id)
    policy = athena.permissions(trail_bucket.place(), athena.desk(), "aws", "us-east-1")
    role = {"account": account.aws_id, "role_name": "iamdash-athena", "external_id": account.connection.external_id}
    aws.deploy([{**role, "policy": policy}])
    monkeypatch.setattr(LiveAws, "pause", lambda aws, seconds: None)
    monkeypatch.setattr(queue, "database_now", lambda: NOW)
    yield account
    lab.world.athena.__init__()


def told(account: Account, *, day: Any = CLOSED, n: int = 1) -> list[Record]:
    return [event(eventTime=f"{day}T12:00:{s:02}Z", recipientAccountId=account.aws_id) for s in range(n)]


def answer(lab: Any, *answers: Any) -> None:
    lab.world.athena.answers[:] = answers


def counted(account: Account) -> int:
    return sum(UsageDaily.objects.filter(account=account).values_list("n", flat=True))


def coverage(account: Account) -> Coverage:
    return Coverage.objects.get(account=account, api=TRAIL)


def queries(lab: Any) -> list[str]:
    return [one.sql for one in lab.world.athena.queries.values()]


def each_day(lab: Any, *accounts: Account) -> None:
    days = [CLOSED - timedelta(days=n) for n in reversed(range(3))]
    answer(lab, *(rows(*(r for one in accounts for r in told(one, day=day, n=2))) for day in days))


def test_it_is_off_until_a_workgroup_is_named_and_then_the_bucket_is_not_read(reader: Account, settings: Any) -> None:
    assert [n for n in ("athena", "trail_bucket") if n in schedule._asked_in(reader)] == ["athena"]
    settings.ATHENA_WORKGROUP = ""
    assert [n for n in ("athena", "trail_bucket") if n in schedule._asked_in(reader)] == ["trail_bucket"]
    assert sources()[NAME].queue == "activity"


def test_each_day_is_asked_for_once_for_all_accounts(reader: Account, lab: Any) -> None:
    accounts = list(Account.objects.all())
    each_day(lab, *accounts)
    run(reader, NAME)
    assert len(queries(lab)) == 3
    assert all(one.aws_id in queries(lab)[0] for one in accounts)
    assert [counted(one) for one in accounts] == [6] * len(accounts)
    assert {coverage(one).state for one in accounts} == {"complete"}
    watch = TrailWatch.objects.get(account=accounts[0])
    assert watch.since is not None
    assert watch.until is not None
    assert (watch.since.date(), watch.until.date()) == (CLOSED - timedelta(days=2), CLOSED + timedelta(days=1))
    run(reader, NAME)
    assert len(queries(lab)) == 3
    assert [counted(one) for one in accounts] == [6] * len(accounts)


def test_few_accounts_a_statement(reader: Account, lab: Any, settings: Any) -> None:
    settings.ATHENA_ACCOUNTS = 1
    run(reader, NAME)
    assert len(queries(lab)) == 3 * Account.objects.count()


def test_the_answer_s_pages_are_put_together(reader: Account, lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(athena, "PAGE", 2)
    some = [event(f"Describe{n}", eventTime=f"{CLOSED}T12:00:00Z", recipientAccountId=reader.aws_id) for n in range(5)]
    answer(lab, [list(sql.NAMES)], [list(sql.NAMES)], rows(*some))
    run(reader, NAME)
    assert counted(reader) == 5


def test_a_day_without_events_is_no_silence(reader: Account, lab: Any) -> None:
    answer(lab, rows(*told(reader, day=CLOSED - timedelta(days=2))), [list(sql.NAMES)], rows(*told(reader)))
    run(reader, NAME)
    watch = TrailWatch.objects.get(account=reader)
    assert watch.since is not None
    assert watch.since.date() == CLOSED


@pytest.mark.parametrize(
    ("fate", "says"),
    [
        ("FAILED: HIVE_BAD_DATA: x.", "Athena's query failed: HIVE_BAD_DATA: x."),
        ("CANCELLED", "Athena's query was cancelled: AWS does not say why."),
        ("CANCELLED: Bytes scanned limit was exceeded", f"limit was exceeded. {athena.ADVICE}"),
    ],
)
def test_a_query_that_fails_is_told_and_asked_again(reader: Account, lab: Any, fate: str, says: str) -> None:
    answer(lab, rows(*told(reader, day=CLOSED - timedelta(days=2))), fate)
    run(reader, NAME)
    assert (coverage(reader).state, counted(reader)) == ("error", 1)
    assert says in coverage(reader).detail
    assert len(queries(lab)) == 2  # nothing goes on over a gap
    answer(lab, rows(*told(reader, day=CLOSED - timedelta(days=1))), rows(*told(reader)))
    run(reader, NAME)
    assert (coverage(reader).state, counted(reader), len(queries(lab))) == ("complete", 3, 4)


def test_a_query_that_takes_too_long_is_stopped(reader: Account, lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.world.athena.polls = 10**6
    ticks = iter(range(10**6))
    monkeypatch.setattr(LiveAws, "clock", lambda aws: next(ticks) * 60.0)
    run(reader, NAME)
    assert len(lab.world.athena.stopped) == 1
    assert "was not done after 240 s, and was stopped" in coverage(reader).detail


@pytest.mark.parametrize("operation", ["StartQueryExecution", "GetQueryExecution", "GetQueryResults"])
def test_a_denial_is_named(reader: Account, lab: Any, aws: Any, operation: str) -> None:
    each_day(lab, reader)
    aws.fault("deny", service="athena", operation=operation)
    run(reader, NAME)
    assert (coverage(reader).state, coverage(reader).permission) == ("denied", f"athena:{operation}")
    assert not TrailObject.objects.exists()


def test_a_name_that_is_none_goes_into_no_statement(reader: Account, lab: Any, settings: Any) -> None:
    settings.ATHENA_TABLE = "t; drop table x"
    run(reader, NAME)
    assert (coverage(reader).state, queries(lab)) == ("error", [])


def test_what_was_looked_up_is_left_out(reader: Account, lab: Any) -> None:
    late = datetime.combine(CLOSED, datetime.min.time(), UTC) + timedelta(hours=5)
    LookedUpEvent.objects.create(account=reader, event_id="0f-1", at=late)
    LookedUpEvent.objects.create(account=reader, event_id="'; drop", at=late)
    run(reader, NAME)
    assert [("and eventid not in ('0f-1')" in one) for one in queries(lab)] == [False, False, True]


def test_too_much_that_was_looked_up_leaves_the_day_out(
    reader: Account, lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(road, "MOST_IDS", 0)
    late = datetime.combine(CLOSED, datetime.min.time(), UTC) - timedelta(days=2, hours=-5)
    LookedUpEvent.objects.create(account=reader, event_id="0f-1", at=late)
    each_day(lab, reader)
    run(reader, NAME)
    assert (coverage(reader).state, counted(reader)) == ("partial", 2)
    assert "was read by another road" in coverage(reader).detail


def test_days_of_which_files_were_read_are_left_out_and_the_other_way_round(reader: Account, lab: Any) -> None:
    first = CLOSED - timedelta(days=2)
    TrailObject.objects.create(account=reader, key="x.json.gz", day=first, size=1, events=1)
    each_day(lab, reader)
    run(reader, NAME)
    assert counted(reader) == 4
    assert coverage(reader).state == "partial"
    watch = TrailWatch.objects.get(account=reader)
    assert watch.since is not None
    assert watch.since.date() == first + timedelta(days=1)


@pytest.fixture
def bucket(lab: Any) -> Iterator[Any]:
    """The trail's, with 100,000 bytes a file."""
    account = lab.world.security.id
    with lab.world.entered():
        s3 = s3_backends[account]["aws"]
        s3.create_bucket("org-trail", "us-east-1")
        for one in lab.world.accounts:
            key = f"AWSLogs/{one.id}/CloudTrail/eu-west-1/{CLOSED:%Y/%m/%d}/x.json.gz"
            s3.put_object("org-trail", key, b"x" * 100_000)
    yield s3
    with lab.world.entered():
        s3.get_bucket("org-trail").keys.clear()
        s3.delete_bucket("org-trail")


def test_the_price_is_told_before_anything_runs(reader: Account, lab: Any, settings: Any, bucket: Any) -> None:
    settings.ATHENA_PRICE = 1e6
    out = StringIO()
    call_command("athena", "--explain", stdout=out)
    text = out.getvalue()
    assert "3 statements: 3 days of 3 accounts, at most 20 in each." in text
    assert f"Files of {CLOSED}: 0.1 MB an account, as 3 accounts have them." in text
    assert "for 30.00 USD at 1e+06 USD a terabyte; then 10.00 USD a day." in text  # 10 MB of each statement at least
    assert "\nselect\n" in text
    assert queries(lab) == []
    out = StringIO()
    call_command("athena", "--table", stdout=out)
    assert out.getvalue().startswith("create external table")
    out = StringIO()
    call_command("athena", "--policy", stdout=out)
    assert json.loads(out.getvalue())["Statement"][0]["Resource"].endswith(":workgroup/iamdash")
    settings.ATHENA_WORKGROUP = ""
    with pytest.raises(CommandError, match="IAMDASH_ATHENA_WORKGROUP"):
        call_command("athena", "--explain", stdout=out)


def test_ten_megabytes_a_query_are_paid_at_least() -> None:
    assert athena.cost(0, 100, 5) == pytest.approx(0.005)
    assert athena.cost(2 * 10**12, 100, 5) == 10
