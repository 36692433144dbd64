"""Buckets, through the lab over HTTP; what the lab cannot be made to say is said by a stub."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from collectors.aws.call import Answer
from collectors.aws.each import Each
from collectors.aws.errors import AwsError
from collectors.models import Account, AccountDetails, Bucket, Coverage, WatchedBucket
from collectors.models.bucket_plan import Plan
from collectors.records import PublicAccessBlock, State
from collectors.sources import s3_logging as source
from collectors.sources.s3_logging import ACCOUNT_BLOCK, ACL, LIST, LOGGING, PLAN, POLICY, STATUS, TAGS, VERSIONING
from tests.collectors.bundles import read, states
from tests.collectors.running import run, written
from tests.conftest import AS_OF


@pytest.mark.django_db
class TestThroughTheLab:
    def test_what_matters_is_read_whole_and_what_does_not_in_two_questions(
        self, connected: list[Account], aws: Any
    ) -> None:
        management = connected[0]
        aws.clear_calls()
        run(management, "s3_logging")
        found = Bucket.present.get(account=management).as_record
        assert (found.delivers, found.region, found.policy_public, found.mfa_delete) == (True, "eu-west-1", True, True)
        assert (found.block.restrict, found.logs_to, found.object_lock) == (True, "halden-access-logs", False)
        assert AccountDetails.objects.get(account=management, unique_id="s3_logging").as_record.public_access_block == (
            PublicAccessBlock()
        )
        assert set(Coverage.objects.filter(source="s3_logging").values_list("state", flat=True)) == {"complete"}
        assert sum(one["n"] for one in aws.calls() if one["service"] == "s3") == 10
        before = written()
        run(management, "s3_logging")
        changed = {table for table, n in written().items() if n != before[table]}
        assert changed == {"collectors_run", "collectors_job", "collectors_coverage"}

    def test_what_is_denied_is_unread_and_stays_what_it_was(self, connected: list[Account], aws: Any) -> None:
        management = connected[0]
        run(management, "s3_logging")
        aws.fault("deny", account=management.aws_id, service="s3", operation="GetBucketLogging")
        run(management, "s3_logging")
        found = Bucket.present.get(account=management).as_record
        assert (found.unread, found.logs_to, found.told("logs_to")) == (("logs_to",), "halden-access-logs", None)

    @pytest.mark.parametrize("kind", ["empty", "html", "truncate"])
    def test_a_broken_answer_is_no_bucket_without_logging(self, connected: list[Account], aws: Any, kind: str) -> None:
        """Of a bucket that has none S3's own answer is empty too."""
        aws.fault(kind, account=connected[0].aws_id, service="s3", operation="GetBucketLogging")
        run(connected[0], "s3_logging")
        assert Coverage.objects.get(account=connected[0], api=LOGGING).state == "error"
        assert Bucket.present.get(account=connected[0]).as_record.logs_to is None

    @pytest.mark.parametrize("kind", ["html", "truncate"])
    def test_half_a_policy_is_none(self, connected: list[Account], aws: Any, kind: str) -> None:
        """It is the whole body of S3's answer, and botocore takes whatever there is."""
        run(connected[0], "s3_logging")
        known = Bucket.present.get(account=connected[0]).as_record
        aws.fault(kind, account=connected[0].aws_id, service="s3", operation="GetBucketPolicy")
        run(connected[0], "s3_logging")
        assert Coverage.objects.get(account=connected[0], api=POLICY).state == "error"
        assert Bucket.present.get(account=connected[0]).as_record.policy == known.policy
        assert known.delivers


class Stub:
    """Buckets a to e; refused: those whose policy denies us."""

    account_id, from_files = "000000000001", False

    def __init__(self, *refused: str) -> None:
        self.refused, self.asked, self.seconds = refused, [], 0.0

    def clock(self) -> float:
        return self.seconds

    def ask(self, api: str, *, require: str, region: str = "", **parameters: Any) -> Answer:
        name = parameters["Bucket"]
        self.asked.append(name)
        self.seconds += 1
        if name in self.refused:
            raise AwsError(api, State.DENIED, "AccessDenied: no", code="AccessDenied", permission=api)
        return {"Policy": DELIVERING if name == "c" else "{}", "Grants": [], "TagSet": []}


DELIVERING = json.dumps(
    {"Statement": {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject"}}
)


def answers(names: str = "abcde", **more: Any) -> dict[str, Any]:
    listed = [{"Name": name, "CreationDate": AS_OF, "BucketRegion": "eu-west-1"} for name in names]
    return {LIST: listed, PLAN: Plan(AS_OF, **more)}


def fetch(api: str) -> Any:
    return next(one.fetch for one in source.SOURCE.apis if one.name == api)


def test_a_bucket_that_denies_us_does_not_hide_the_others() -> None:
    with pytest.raises(AwsError) as told:
        fetch(POLICY)(Stub("a", "b"), answers())
    assert (told.value.state, set(told.value.kept)) == (State.PARTIAL, set("cde"))
    assert told.value.message == "Not of bucket a, b: AccessDenied: no"
    with pytest.raises(AwsError) as told:
        fetch(POLICY)(Stub(*"abcde"), answers())
    assert (told.value.state, told.value.permission) == (State.DENIED, POLICY)


def test_nobody_is_asked_of_a_thousand_buckets_without_the_permission() -> None:
    many = [f"bucket-{n}" for n in range(1_000)]
    stub = Stub(*many)
    given = answers()
    given[LIST] = [{"Name": name, "CreationDate": AS_OF} for name in many]
    with pytest.raises(AwsError):
        fetch(TAGS)(stub, given)
    assert len(stub.asked) == 5


def on(**days: int) -> dict[str, Any]:
    """Bucket -> how many days ago its policy was asked for."""
    return {name: {"policy": (AS_OF - timedelta(days=n)).date()} for name, n in days.items()}


def test_new_buckets_come_first_then_those_that_have_waited_longest() -> None:
    given = answers(asked_on=on(a=1, b=9, c=3), limit=4)
    stub = Stub("d")
    with pytest.raises(AwsError) as told:
        fetch(POLICY)(stub, given)
    assert stub.asked == ["d", "e", "b", "c"]
    found = source.transform(given | {POLICY: told.value.kept})
    assert found.problems[POLICY] == ("4 of 5 buckets were read in the last 14 days, the oldest on 2026-11-23.",)
    d = next(one for one in found.buckets or () if one.name == "d")
    assert ((d.asked_on or {})["policy"], d.unread) == (AS_OF.date(), ("policy",)), "who refuses had his turn"
    assert d.lately(AS_OF).policy is None


def test_what_was_read_of_a_bucket_too_long_ago_is_known_no_more() -> None:
    days = on(a=14, b=15, c=2, d=2, e=2)
    given = answers(asked_on=days, limit=1) | {POLICY: Each({"c": DELIVERING})}
    found = source.transform(given)
    assert found.problems[POLICY] == ("4 of 5 buckets were read in the last 14 days, the oldest on 2026-11-10.",)
    known = {one.name: msgspec.structs.replace(one, policy="p", delivers=True) for one in found.buckets or ()}
    assert {name for name, one in known.items() if one.lately(AS_OF).delivers is None} == {"b"}
    whole = source.transform(answers("ac", asked_on=days, limit=1) | {POLICY: Each({"c": DELIVERING})})
    assert (whole.problems, whole.notes) == (
        {},
        {POLICY: "2 of 2 buckets were read in the last 14 days, the oldest on 2026-11-10."},
    )


def test_what_matters() -> None:
    given = answers(watched=frozenset("a"), named=frozenset(("b", "of-another")), delivered=frozenset("de"))
    assert source.mattering(given) == ["a", "b", "d", "e"]  # policies were not read: what delivered may still
    assert source.mattering(given | {POLICY: {"c": DELIVERING, "d": None, "e": "{}"}}) == ["a", "b", "c"]


def statement(action: Any, service: Any = "cloudtrail.amazonaws.com", effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Principal": {"Service": service}, "Action": action}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (json.loads(DELIVERING), True),
        ({"Statement": [statement(["s3:*"], ["CloudTrail.amazonaws.com"])]}, True),
        ({"Statement": [statement("s3:PutObject", effect="Deny")]}, False),
        ({"Statement": [statement("s3:GetBucketAcl")]}, False),
        ({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject"}, "odd"]}, False),
        ("not JSON", False),
        ({"Statement": None}, False),
    ],
)
def test_whether_a_policy_lets_cloudtrail_deliver(policy: Any, expected: bool) -> None:
    assert source.delivers(policy) is expected


@pytest.mark.django_db
def test_marked_buckets_are_known_before_anything_is_asked(account: Account) -> None:
    WatchedBucket.objects.create(account=account, name="payments")
    assert source.SOURCE.known(account.aws_id)[PLAN].watched == {"payments"}


def test_files(tmp_path: Path) -> None:
    def of(**more: Any) -> str:
        return json.dumps({"Request": {"Bucket": "logs"}, "Response": more})

    replayed = read(
        tmp_path / "b",
        {
            "s3api.list-buckets.json": {"Buckets": [{"Name": "logs", "CreationDate": "2026-01-01T00:00:00Z"}]},
            "s3control.get-public-access-block.json": {"PublicAccessBlockConfiguration": {"IgnorePublicAcls": True}},
            "s3api.get-bucket-policy.jsonl": of(Policy=DELIVERING),
            "s3api.get-bucket-tagging.jsonl": json.dumps(
                {"Request": {"Bucket": "logs"}, "Response": {"Error": {"Code": "NoSuchTagSet", "Message": ""}}}
            ),
            "s3api.get-bucket-policy-status.jsonl": of(PolicyStatus={"IsPublic": True}),
            "s3api.get-bucket-logging.jsonl": of(),
            "s3api.get-bucket-versioning.jsonl": of(Status="Suspended"),
        },
    )
    (bucket,) = replayed.snapshot().buckets
    assert (bucket.delivers, bucket.tags, bucket.policy_public, bucket.logs_to) == (True, {}, True, "")
    assert (bucket.versioning, bucket.mfa_delete) == ("Suspended", False)
    assert set(bucket.unread) == {"block", "acl_public", "object_lock"}
    found = states(replayed)
    assert {found[api] for api in (LIST, ACCOUNT_BLOCK, TAGS, POLICY, STATUS, LOGGING, VERSIONING)} == {"complete"}
    assert found[ACL] == "absent"
