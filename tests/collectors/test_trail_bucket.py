"""The trail's bucket, through the lab's S3 over HTTP into PostgreSQL, with the worker's rights and the reader's own policy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings as settings_of
from django.core.management import call_command
from moto.s3.models import s3_backends

from collectors import queue, runner, schedule, trail
from collectors.access_policy import read_only_policy
from collectors.models import Account, Coverage, Job, Run, TrailObject, TrailWatch, UsageDaily, UsageSession
from collectors.models.activity_view import read_activity
from collectors.models.job import JUDGE
from collectors.records import TRAIL
from collectors.sources import sources, trail_bucket
from collectors.sources.trail_bucket import Place
from tests.collectors.activity.events import event, log, packed, role
from tests.conftest import db_role

pytestmark = pytest.mark.django_db
BUCKET, NAME = "org-trail", "trail_bucket"
TODAY = datetime.now(UTC).date()
Put = Callable[..., str]


def at(days_ago: int) -> date:
    return TODAY - timedelta(days=days_ago)


@pytest.fixture
def reader(lab: Any, aws: Any, settings: Any) -> Iterator[Account]:
    """The security account reads; its role has the policy that we print for it."""
    settings.TRAIL_BUCKET, settings.TRAIL_PREFIX, settings.TRAIL_ACCOUNT = BUCKET, "logs", lab.world.security.id
    settings.TRAIL_ORGANIZATION, settings.TRAIL_DAYS = "o-1", 5
    call_command("lab_connect", lab_url=aws.url, stdout=StringIO())
    with lab.world.entered():
        s3 = s3_backends[lab.world.security.id]["aws"]
        s3.create_bucket(BUCKET, "us-east-1")
    yield Account.objects.get(aws_id=lab.world.security.id)
    with lab.world.entered():
        s3.get_bucket(BUCKET).keys.clear()
        s3.delete_bucket(BUCKET)


@pytest.fixture
def member(reader: Account) -> Account:
    return Account.objects.exclude(pk=reader.pk).order_by("pk")[0]


@pytest.fixture
def put(lab: Any) -> Put:
    def make(
        account: Account, day: date, blob: bytes | None = None, name: str = "x.json.gz", region: str = "us-east-1"
    ) -> str:
        key = f"logs/AWSLogs/o-1/{account.aws_id}/CloudTrail/{region}/{day:%Y/%m/%d}/{name}"
        at_noon = f"{day}T12:00:00Z"
        blob = packed(event(eventTime=at_noon, recipientAccountId=account.aws_id)) if blob is None else blob
        with lab.world.entered():
            s3_backends[lab.world.security.id]["aws"].put_object(BUCKET, key, blob)
        return key

    return make


def read(reader: Account) -> Job:
    with db_role("iamdash_worker"):
        made = schedule.start(reader, Run.Reason.REQUEST, "test", names=[NAME])
        assert made is not None
        job = made.job_set.get(source=NAME)
        runner.collect(job.pk)
        for judgement in Job.objects.filter(source=JUDGE, state="queued"):
            claim = queue.claim(judgement.pk)
            assert claim is not None
            queue.done(claim, calls=0, counts={})
    job.refresh_from_db()
    return job


def coverage(account: Account) -> Coverage:
    return Coverage.objects.get(account=account, api=TRAIL)


def events(account: Account) -> int:
    return sum(UsageDaily.objects.filter(account=account).values_list("n", flat=True))


def each_day(put: Put, *accounts: Account, days: int = 6) -> None:
    for account in accounts:
        for ago in range(days):
            put(account, at(ago), name=f"{ago}.json.gz")


def test_nobody_reads_a_trail_until_it_is_named(connected: list[Account]) -> None:
    assert not any(NAME in schedule._asked_in(account) for account in connected)
    assert "s3:GetObject" not in json.dumps(read_only_policy(connected[0].aws_id))


def test_one_account_reads_for_all(reader: Account, member: Account, put: Put) -> None:
    each_day(put, reader, member)
    assert [NAME in schedule._asked_in(one) for one in (reader, member)] == [True, False]
    job = read(reader)
    assert (job.state, job.counts) == ("done", {"objects": 12, "events": 12})
    assert (events(reader), events(member)) == (6, 6)
    assert (coverage(reader).state, coverage(member).state) == ("complete", "complete")
    found = read_activity(member, datetime.now(UTC))
    assert found["activity_since"] == datetime.combine(at(5), datetime.min.time(), UTC)
    assert len(found["sessions"]) == 6


def test_what_was_read_is_not_read_again_and_what_comes_late_is(reader: Account, put: Put, aws: Any) -> None:
    each_day(put, reader)
    read(reader)
    aws.clear_calls()
    put(reader, at(1), name="late.json.gz")
    assert read(reader).counts == {"objects": 1, "events": 1}
    calls = {c["operation"]: c["n"] for c in aws.calls()}
    assert calls["GetObject"] == 1
    assert calls["ListObjectsV2"] <= 3 + 3  # the regions of three accounts, and the days since 36 hours ago in one
    assert read(reader).counts == {"objects": 0, "events": 0}
    assert events(reader) == 7


def test_once_a_week_it_looks_back_two_weeks(reader: Account, put: Put) -> None:
    each_day(put, reader)
    read(reader)
    put(reader, at(10), name="very-late.json.gz")
    assert read(reader).counts["objects"] == 0
    TrailWatch.objects.update(looked_back_at=datetime.now(UTC) - timedelta(days=7, hours=1))
    assert read(reader).counts["objects"] == 1


def test_after_an_outage_it_goes_on_where_it_stopped(reader: Account) -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    recently = now - timedelta(days=1)
    assert trail_bucket.days(now, now - timedelta(days=20), recently)[0] == date(2026, 11, 3)
    assert trail_bucket.days(now, now - timedelta(hours=6), recently)[0] == date(2026, 11, 22)
    assert trail_bucket.days(now, now + timedelta(days=2), recently)[0] == date(2026, 11, 23)  # a clock that was ahead
    assert trail_bucket.days(now, None, None)[0] == date(2026, 11, 19)


@pytest.mark.parametrize(
    ("name", "blob", "objects"),
    [
        ("a.json.gz", packed(event(userIdentity=role("x"))), 1),
        ("a.json", log(event()), 1),
        ("a.txt", b"no log", 0),
        ("", b"", 0),
    ],
)
def test_only_logs_are_read(reader: Account, put: Put, name: str, blob: bytes, objects: int) -> None:
    put(reader, at(1), blob, name)
    assert read(reader).counts["objects"] == objects


def test_a_broken_file_is_named_hides_no_other_and_ends_the_silence_that_counts(reader: Account, put: Put) -> None:
    each_day(put, reader)
    key = put(reader, at(3), packed(event())[:-20], "broken.json.gz")
    put(reader, at(3), b"", "empty.json.gz")
    assert read(reader).counts["objects"] == 8
    assert coverage(reader).state == "partial"
    assert f"{key} was not read to its end: it is truncated." in coverage(reader).detail
    assert TrailWatch.objects.get(account=reader).since == datetime.combine(at(2), datetime.min.time(), UTC)
    assert TrailObject.objects.exclude(problem="").count() == 2
    read(reader)
    assert coverage(reader).state == "complete"
    assert TrailWatch.objects.get(account=reader).since == datetime.combine(at(2), datetime.min.time(), UTC)


def test_days_without_a_file_are_no_silence(reader: Account, put: Put) -> None:
    for ago in (0, 1, 2, 4, 5):
        put(reader, at(ago))
    read(reader)
    assert TrailWatch.objects.get(account=reader).since == datetime.combine(at(2), datetime.min.time(), UTC)


def test_an_account_without_files_is_not_watched(reader: Account, member: Account, put: Put) -> None:
    each_day(put, reader)
    read(reader)
    assert (coverage(member).state, TrailWatch.objects.get(account=member).since) == ("partial", None)
    assert "There is no file of this account" in coverage(member).detail
    assert read_activity(member, datetime.now(UTC))["activity_since"] is None


@pytest.mark.parametrize(
    ("operation", "permission"), [("ListObjectsV2", "s3:ListBucket"), ("GetObject", "s3:GetObject")]
)
def test_a_denial_is_named_in_the_account_that_reads(
    reader: Account, member: Account, put: Put, aws: Any, operation: str, permission: str
) -> None:
    each_day(put, reader, member)
    aws.fault("deny", service="s3", operation=operation)
    read(reader)
    assert (coverage(reader).state, coverage(reader).permission) == ("denied", permission)
    assert (coverage(member).state, coverage(member).permission) == ("error", "")
    assert reader.aws_id in coverage(member).detail
    assert not TrailObject.objects.exists()
    assert read_activity(member, datetime.now(UTC))["activity_since"] is None
    aws.clear_faults()
    read(reader)
    assert (coverage(reader).state, coverage(member).state, events(member)) == ("complete", "complete", 6)


def test_a_denial_later_on_keeps_what_was_known(reader: Account, put: Put, aws: Any) -> None:
    each_day(put, reader)
    read(reader)
    before = TrailWatch.objects.get(account=reader)
    aws.fault("deny", service="s3", operation="ListObjectsV2")
    read(reader)
    after = TrailWatch.objects.get(account=reader)
    assert (after.since, after.until) == (before.since, before.until)
    assert coverage(reader).complete_at is not None


@pytest.mark.parametrize("kind", ["empty", "html"])
def test_a_list_that_is_none_is_no_empty_bucket(reader: Account, put: Put, aws: Any, kind: str) -> None:
    each_day(put, reader)
    aws.fault(kind, service="s3", operation="ListObjectsV2")
    read(reader)
    assert coverage(reader).state == "error"
    assert not TrailWatch.objects.filter(account=reader).exclude(until=None).exists()


def test_a_run_that_is_too_short_goes_on_at_once(
    reader: Account, member: Account, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    each_day(put, reader, member)
    with monkeypatch.context() as patched:
        patched.setattr(trail, "SECONDS", -1)
        read(reader)
    assert (coverage(reader).state, coverage(reader).suspect) == ("partial", True)
    assert schedule._suspect() == {(reader.pk, NAME)}
    read(reader)
    assert (coverage(reader).state, coverage(reader).suspect, events(reader), events(member)) == (
        "complete",
        False,
        6,
        6,
    )


def test_a_run_that_breaks_between_batches_counts_nothing_twice(
    reader: Account, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    each_day(put, reader)
    monkeypatch.setattr(trail, "OBJECTS", 2)
    batches = 0

    def breaks(*args: Any, **more: Any) -> Any:
        nonlocal batches
        batches += 1
        if batches == 3:
            raise RuntimeError("the database went away")
        return store(*args, **more)

    store = trail.usage_store.store
    monkeypatch.setattr(trail.usage_store, "store", breaks)
    with pytest.raises(RuntimeError):
        read(reader)
    assert events(reader) == 4
    job = Job.objects.get(source=NAME)
    assert (job.state, job.attempt) == ("queued", 1)
    monkeypatch.setattr(trail.usage_store, "store", store)
    Job.objects.update(due_at=job.started_at)
    with db_role("iamdash_worker"):
        runner.collect(job.pk)
    assert events(reader) == 6


def test_what_another_worker_read_meanwhile_is_left_to_it(
    reader: Account, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    each_day(put, reader)
    read(reader)
    assert events(reader) == 6
    with monkeypatch.context() as patched:
        patched.setattr(trail.Reading, "_list", forgetful(trail.Reading._list))
        read(reader)
    assert (events(reader), coverage(reader).state) == (6, "partial")


def forgetful(real: Any) -> Any:
    """_list() as it was before the other worker wrote into the ledger."""

    def listed(self: Any, progress: Any, pool: Any) -> Any:
        known, trail.usage_store.known = trail.usage_store.known, lambda account, keys: set()
        try:
            return real(self, progress, pool)
        finally:
            trail.usage_store.known = known

    return listed


def test_the_job_is_given_up_with_coverage(reader: Account) -> None:
    with db_role("iamdash_worker"):
        made = schedule.start(reader, Run.Reason.REQUEST, "test", names=[NAME])
        assert made is not None
        claim = queue.claim(made.job_set.get().pk)
        assert claim is not None
        runner.give_up(claim)
    assert coverage(reader).state == "error"


def test_sessions_are_stored_once_read_in_two_runs(reader: Account, put: Put) -> None:
    for n in range(2):
        one = event(eventTime=f"{at(1)}T1{n}:00:00Z", recipientAccountId=reader.aws_id, sourceIPAddress=f"10.0.0.{n}")
        put(reader, at(1), packed(one), f"{n}.json.gz")
        read(reader)
    (session,) = UsageSession.objects.all()
    assert (session.n, session.data["networks"]) == (2, ["10.0.0.0", "10.0.0.1"])


def test_the_policy_names_the_folder_for_the_account_that_reads_and_no_other(reader: Account, member: Account) -> None:
    assert read_only_policy(member.aws_id) == read_only_policy()
    listing, reading, decrypting = read_only_policy(reader.aws_id)["Statement"][1:]
    assert (listing["Resource"], listing["Condition"]) == (
        f"arn:aws:s3:::{BUCKET}",
        {"StringLike": {"s3:prefix": "logs/AWSLogs/*"}},
    )
    assert reading["Resource"] == f"arn:aws:s3:::{BUCKET}/logs/AWSLogs/*"
    assert decrypting["Action"] == "kms:Decrypt"


@pytest.mark.parametrize(
    ("place", "folder"),
    [
        (Place("b", "", "", "1"), "AWSLogs/7/CloudTrail/"),
        (Place("b", "", "o-1", "1"), "AWSLogs/o-1/7/CloudTrail/"),
        (Place("b", "/a/b/", "o-1", "1"), "a/b/AWSLogs/o-1/7/CloudTrail/"),
    ],
)
def test_where_files_lie(place: Place, folder: str) -> None:
    assert place.folder("7") == folder


@pytest.mark.parametrize(
    ("prefix", "organization", "folder"),
    [
        ("o-1", "o-1", "o-1/AWSLogs/o-1/{}/"),  # Control Tower
        ("o-1", "", "o-1/AWSLogs/{}/"),  # Control Tower before its landing zone 3.0
        ("", "o-1", "AWSLogs/o-1/{}/"),  # an organization trail
        ("", "", "AWSLogs/{}/"),  # a trail of one account, or of each
        ("all/trails", "o-1", "all/trails/AWSLogs/o-1/{}/"),
    ],
)
def test_real_set_ups(
    reader: Account, member: Account, lab: Any, settings: Any, aws: Any, prefix: str, organization: str, folder: str
) -> None:
    settings.TRAIL_PREFIX, settings.TRAIL_ORGANIZATION = prefix, organization
    call_command("lab_connect", lab_url=aws.url, stdout=StringIO())  # the role has the policy of this set-up
    with lab.world.entered():
        for account in (reader, member):
            for region in ("us-east-1", "eu-west-1"):
                blob = packed(
                    event(eventTime=f"{at(1)}T12:00:00Z", recipientAccountId=account.aws_id, awsRegion=region)
                )
                for kind in ("CloudTrail", "CloudTrail-Digest", "CloudTrail-Insight", "Config"):
                    key = f"{folder.format(account.aws_id)}{kind}/{region}/{at(1):%Y/%m/%d}/x.json.gz"
                    s3_backends[reader.aws_id]["aws"].put_object(BUCKET, key, blob)
    aws.clear_calls()
    assert read(reader).counts == {"objects": 4, "events": 4}
    regions = UsageDaily.objects.filter(account=member).values_list("region", "n")
    assert set(regions) == {("us-east-1", 1), ("eu-west-1", 1)}
    assert {call["account"] for call in aws.calls() if call["service"] == "s3"} == {reader.aws_id}


def test_the_manual_says_what_we_print() -> None:
    text = (settings_of.BASE_DIR / "docs/operate/activity.md").read_text()
    section = text.split("### The reader's policy")[1].split("###")[0]
    printed = "".join(line for line in section.splitlines() if line.startswith("    "))
    assert json.loads(f"[{printed}]") == trail_bucket.permissions(Place("BUCKET", "", "", "READER"), "aws")


def test_it_has_the_queue_of_what_takes_minutes() -> None:
    assert (sources()[NAME].queue, sources()[NAME].covers) == ("activity", (TRAIL,))
