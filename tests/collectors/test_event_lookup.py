"""LookupEvents, through the lab over HTTP into PostgreSQL, with the worker's rights; and each event once by whichever road."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from moto.s3.models import s3_backends

from collectors import lookup, schedule
from collectors.access_policy import read_only_policy
from collectors.aws.call import LiveAws
from collectors.aws.regional import REGIONS
from collectors.lab.repairs.event_history import entry
from collectors.models import Account, Coverage, LookedUpEvent, LookupWatch, TrailObject, TrailWatch, UsageDaily
from collectors.models.activity_view import read_activity
from collectors.records import LOOKUP, TRAIL
from collectors.sources import event_lookup
from tests.collectors.activity.events import assume, event, user
from tests.collectors.running import run

pytestmark = pytest.mark.django_db
NAME, HOME = "event_lookup", "us-east-1"
NOW = datetime.now(UTC).replace(microsecond=0)
Tell = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def member(aws: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Account:
    """Fewer names than there are, to be quick."""
    monkeypatch.setattr(event_lookup, "IAM_CHANGES", event_lookup.IAM_CHANGES[:6])
    monkeypatch.setattr(event_lookup, "TRAIL_CHANGES", ("StopLogging",))
    settings.LOOKUP_DAYS = 90
    call_command("lab_connect", lab_url=aws.url, stdout=StringIO())
    return Account.objects.order_by("pk")[0]


@pytest.fixture
def tell(lab: Any, member: Account) -> Iterator[Tell]:
    """tell(record, ..., region=): what the account's event history holds."""
    lab.world.event_history[member.aws_id] = history = {}

    def put(*records: dict[str, Any], region: str = HOME) -> list[dict[str, Any]]:
        some = [entry(one) for one in records]
        history[region] = sorted([*history.get(region, []), *some], key=lambda one: -one["EventTime"])
        return list(records)

    yield put
    del lab.world.event_history[member.aws_id]


def at(**ago: float) -> str:
    return f"{NOW - timedelta(**ago):%Y-%m-%dT%H:%M:%SZ}"


def record(
    account: Account, n: int, name: str = "AttachRolePolicy", source: str = "iam", **more: Any
) -> dict[str, Any]:
    made = {"eventTime": at(hours=3, minutes=n), "eventID": f"00000000-0000-4000-8000-{n:012}", "awsRegion": HOME}
    return event(name, source, recipientAccountId=account.aws_id, userIdentity=user(), **{**made, **more})


def look(account: Account) -> Coverage:
    run(account, NAME)
    return Coverage.objects.get(account=account, api=LOOKUP)


def counted(account: Account) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, n in UsageDaily.objects.filter(account=account).values_list("event__name", "n"):
        found[name] = found.get(name, 0) + n
    return found


def calls(aws: Any) -> int:
    return sum(c["n"] for c in aws.calls() if c["operation"] == "LookupEvents")


def test_it_is_off_where_nobody_wants_it_and_for_whom_a_trail_is_read(member: Account, settings: Any) -> None:
    assert NAME in schedule._asked_in(member)
    settings.TRAIL_BUCKET = "b"
    assert NAME not in schedule._asked_in(member)  # its trail was not looked for yet
    late = {"source": "trail_bucket", "observed_at": NOW}
    Coverage.objects.create(account=member, api=TRAIL, state="partial", **late)
    assert NAME not in schedule._asked_in(member)  # the first reading is under way
    Coverage.objects.update(state="denied")
    assert NAME in schedule._asked_in(member)
    watch = TrailWatch.objects.create(account=member, until=NOW)
    assert NAME in schedule._asked_in(member)  # it was read to its end, and has nothing of this account
    TrailWatch.objects.update(since=NOW - timedelta(days=9))
    assert NAME not in schedule._asked_in(member)
    TrailWatch.objects.filter(pk=watch.pk).update(until=NOW - timedelta(days=3))
    assert NAME in schedule._asked_in(member)  # nobody could read it for days
    settings.LOOKUP_DAYS = 0
    assert NAME not in schedule._asked_in(member)
    assert LOOKUP not in json.dumps(read_only_policy())


def test_the_policy_allows_it_where_it_is_on(settings: Any) -> None:
    settings.LOOKUP_DAYS = 30
    assert {LOOKUP, REGIONS} <= set(read_only_policy()["Statement"][0]["Action"])


def test_nothing_happened_and_silence_still_says_nothing(member: Account, tell: Tell) -> None:
    assert (look(member).state, counted(member)) == ("complete", {})
    assert read_activity(member, NOW)["activity_since"] is None
    assert not TrailWatch.objects.filter(account=member).exists()


def test_sign_ins_assumptions_and_changes_are_read_where_they_are_recorded(member: Account, tell: Tell) -> None:
    tell(record(member, 1), record(member, 2, "ListRoles"))
    tell(record(member, 3, "ConsoleLogin", "signin", awsRegion="eu-west-1"), region="eu-west-1")
    tell(
        assume(recipientAccountId=member.aws_id, eventTime=at(hours=2), eventID="a", awsRegion="eu-west-1"),
        region="eu-west-1",
    )
    tell(record(member, 4, awsRegion="eu-west-1"), region="eu-west-1")  # IAM records at home only, so nobody asks
    assert look(member).state == "complete"
    assert counted(member) == {"AttachRolePolicy": 1, "ConsoleLogin": 1, "AssumeRole": 1}
    found = read_activity(member, NOW)
    assert len(found["sessions"]) == 2
    assert len(found["assumptions"]) == 1


def test_the_lab_s_own_history_is_read(member: Account, aws: Any, lab: Any) -> None:
    assert look(member).state == "complete"
    assert counted(member)["ConsoleLogin"] > 3
    assert Coverage.objects.filter(account=member, api=LOOKUP, complete_at=None).count() == 0


def test_each_look_up_goes_on_where_it_ended_and_counts_what_it_sees_again_once(
    member: Account, tell: Tell, aws: Any
) -> None:
    tell(*(record(member, n) for n in range(3)))
    look(member)
    LookupWatch.objects.update(until=NOW - timedelta(hours=2))
    tell(record(member, 9, eventTime=at(minutes=30)), record(member, 8, eventTime=at(days=2)))
    aws.clear_calls()
    look(member)
    assert counted(member) == {"AttachRolePolicy": 4}  # one came two days late, which LookupEvents does not know
    assert not LookupWatch.objects.filter(until__lte=NOW - timedelta(hours=2)).exists()
    assert calls(aws) == len(event_lookup.looks(HOME, ["eu-west-1", HOME, "us-west-2"]))
    assert LookedUpEvent.objects.filter(account=member).count() == 4


def test_ninety_days_back_and_no_more(member: Account, tell: Tell, settings: Any) -> None:
    tell(record(member, 1, eventTime=at(days=89)), record(member, 2, eventTime=at(days=91)))
    look(member)
    assert counted(member) == {"AttachRolePolicy": 1}


def test_pages_are_put_together(member: Account, tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_lookup, "PAGE", 2)
    tell(*(record(member, n) for n in range(5)))
    look(member)
    assert counted(member) == {"AttachRolePolicy": 5}


def test_a_run_that_is_too_short_goes_down_from_where_it_came_to(
    member: Account, tell: Tell, aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_lookup, "PAGE", 2)
    tell(*(record(member, n) for n in range(7)))
    only = event_lookup.Look(HOME, "AttachRolePolicy")
    monkeypatch.setattr(event_lookup, "looks", lambda home, regions: [only])
    with monkeypatch.context() as patched:
        patched.setattr(LiveAws, "clock", clock(seconds=90))
        row = look(member)
    assert (row.state, row.suspect) == ("partial", True)
    assert row.detail == "1 of 1 look-ups have not come to their end; the next run goes on."
    assert 0 < counted(member)["AttachRolePolicy"] < 7
    assert schedule._suspect() == {(member.pk, NAME)}
    tell(record(member, 99, eventTime=at(minutes=1)))
    assert look(member).state == "complete"
    assert counted(member) == {"AttachRolePolicy": 8}


def clock(seconds: float) -> Any:
    ticks = iter(range(10**6))
    return lambda aws: next(ticks) * seconds


def test_throttled_calls_are_tried_again(
    member: Account, tell: Tell, aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    tell(record(member, 1))
    aws.fault("throttle", service="cloudtrail", times=3)
    assert (look(member).state, counted(member)) == ("complete", {"AttachRolePolicy": 1})


def test_throttled_for_good_keeps_what_was_read(
    member: Account, tell: Tell, aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    tell(record(member, 1))
    look(member)
    aws.fault("throttle", service="cloudtrail")
    row = look(member)
    assert (row.state, counted(member)) == ("throttled", {"AttachRolePolicy": 1})
    assert row.complete_at is not None


def test_a_denial_is_named_with_what_to_do(member: Account, tell: Tell, aws: Any) -> None:
    tell(record(member, 1))
    aws.fault("deny", service="cloudtrail", operation="LookupEvents")
    row = look(member)
    assert (row.state, row.permission) == ("denied", LOOKUP)
    assert row.detail.endswith(lookup.GRANT)
    aws.clear_faults()
    aws.fault("deny", service="account", operation="ListRegions")
    row = look(member)
    assert (row.state, row.permission, counted(member)) == ("partial", REGIONS, {"AttachRolePolicy": 1})
    assert row.detail.startswith("every other region: ")


def test_a_region_that_an_scp_closes_hides_no_other(
    member: Account, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from collectors.lab.faults import Fault, Faults

    closed = lambda faults, call: Fault("deny_scp") if call.region == "us-west-2" else None  # noqa: E731
    monkeypatch.setattr(Faults, "take", closed)
    tell(record(member, 1))
    tell(record(member, 2, "ConsoleLogin", "signin", awsRegion="eu-west-1"), region="eu-west-1")
    row = look(member)
    assert (row.state, counted(member)) == ("partial", {"AttachRolePolicy": 1, "ConsoleLogin": 1})
    assert row.detail.startswith("us-west-2: ")


def test_an_answer_that_is_none_is_no_silence(member: Account, tell: Tell, aws: Any) -> None:
    aws.fault("empty", service="cloudtrail")
    assert look(member).state == "error"
    assert not LookupWatch.objects.filter(account=member).exclude(until=None).exists()


def test_a_record_that_is_no_record_hides_no_other(member: Account, tell: Tell, lab: Any) -> None:
    tell(record(member, 1), record(member, 2), record(member, 3))
    lab.world.event_history[member.aws_id][HOME][1]["CloudTrailEvent"] = '{"eventVersion": "1.0", "eventTime": '
    look(member)
    assert counted(member) == {"AttachRolePolicy": 2}


# -- by whichever road


@pytest.fixture
def bucket(lab: Any, member: Account, settings: Any) -> Iterator[Callable[..., None]]:
    """bucket(record, ...): a file of the account in a trail's bucket, which the member itself reads from now on."""
    with lab.world.entered():
        s3 = s3_backends[member.aws_id]["aws"]
        s3.create_bucket("own-trail", HOME)

    def put(*records: dict[str, Any], name: str = "a") -> None:
        settings.TRAIL_BUCKET, settings.TRAIL_ACCOUNT, settings.TRAIL_DAYS = "own-trail", member.aws_id, 30
        call_command("lab_connect", lab_url=f"{lab.url}", stdout=StringIO())
        key = f"AWSLogs/{member.aws_id}/CloudTrail/{HOME}/{NOW:%Y/%m/%d}/{name}.json.gz"
        with lab.world.entered():
            s3.put_object("own-trail", key, gzip.compress(json.dumps({"Records": records}).encode()))

    yield put
    with lab.world.entered():
        s3.get_bucket("own-trail").keys.clear()
        s3.delete_bucket("own-trail")


def test_a_trail_that_begins_later_counts_what_was_looked_up_once(
    member: Account, tell: Tell, bucket: Callable[..., None]
) -> None:
    tell(*(record(member, n) for n in range(3)))
    look(member)
    bucket(*(record(member, n) for n in range(5)), record(member, 7, "ListRoles"))
    run(member, "trail_bucket")
    assert counted(member) == {"AttachRolePolicy": 5, "ListRoles": 1}
    assert TrailObject.objects.get(account=member).events == 3
    run(member, "trail_bucket")
    assert counted(member) == {"AttachRolePolicy": 5, "ListRoles": 1}
    assert Coverage.objects.filter(account=member, api=LOOKUP).count() == (
        Coverage.objects.get(account=member, api=TRAIL).state != "complete"
    )


def test_what_a_file_may_have_told_is_not_looked_up(member: Account, tell: Tell, bucket: Callable[..., None]) -> None:
    tell(record(member, 1), record(member, 2))
    bucket(record(member, 1))
    run(member, "trail_bucket")
    look(member)
    assert counted(member) == {"AttachRolePolicy": 1}


def test_a_file_that_is_read_while_events_are_looked_up_is_not_counted_on_top(
    member: Account, tell: Tell, bucket: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(record(member, 1))
    bucket(record(member, 1))
    pages, meanwhile = event_lookup.events, []

    def slowly(*args: Any) -> Any:
        if not meanwhile:
            meanwhile.append(True)
            other = TrailObject(account=member, key="x", day=NOW.date(), size=1, events=1)
            other.save()
        return pages(*args)

    monkeypatch.setattr(event_lookup, "events", slowly)
    row = look(member)
    assert (row.state, row.suspect, counted(member)) == ("partial", True, {})
    assert not LookedUpEvent.objects.exists()


def test_events_that_are_looked_up_while_a_file_is_read_are_not_counted_on_top(
    member: Account, bucket: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from collectors import trail, usage_store

    bucket(record(member, 1))

    real = usage_store.looked_up

    def then_another(pk: int, since: Any) -> Any:
        found = real(pk, since)
        LookedUpEvent.objects.create(account=member, event_id=record(member, 1)["eventID"], at=NOW)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(trail.usage_store, "looked_up", then_another)
        run(member, "trail_bucket")
    assert counted(member) == {}
    run(member, "trail_bucket")
    assert (counted(member), TrailObject.objects.get(account=member).events) == ({}, 0)
