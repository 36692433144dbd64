"""Lines of a bundle whose Request says what was asked in other words than the collector's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from collectors.records import AccessKey
from tests.collectors.bundles import GAAD, details, read, role, states
from tests.collectors.test_credential_report import HEADER, user

ARN = "arn:aws:iam::000000000001:role/app"
READ, GENERATE = "iam.get-service-last-accessed-details.jsonl", "iam.generate-service-last-accessed-details.jsonl"
TRAIL = "arn:aws:cloudtrail:us-east-1:000000000001:trail/main"


def lines(*pairs: tuple[dict[str, Any], Any]) -> str:
    return "\n".join(json.dumps({"Request": request, "Response": response}) for request, response in pairs)


def report(service: str = "s3") -> dict[str, Any]:
    return {
        "JobStatus": "COMPLETED",
        "JobCreationDate": "2026-10-31T00:00:00Z",
        "JobCompletionDate": "2026-10-31T00:00:10Z",
        "IsTruncated": False,
        "ServicesLastAccessed": [
            {"ServiceName": service, "ServiceNamespace": service, "TotalAuthenticatedEntities": 0},
        ],
    }


def advised(tmp_path: Path, files: dict[str, Any]) -> tuple[list[str], str]:
    """Services that were read of the role, and the state of the reading."""
    replayed = read(
        tmp_path / "b", {GAAD: details(role()), "account.json": {"CollectedAt": "2026-11-01T00:00:00Z"}} | files
    )
    found = [one.namespace for reading in replayed.snapshot().last_accessed for one in reading.services]
    return found, states(replayed)["iam:GetServiceLastAccessedDetails"]


BY_SERVICE, BY_ACTION = ({"Arn": ARN, "Granularity": f"{level}_LEVEL"} for level in ("SERVICE", "ACTION"))


@pytest.mark.parametrize(
    "files",
    [
        {READ: lines(({"Arn": ARN}, report()))},
        {READ: lines((BY_SERVICE, report()))},
        {READ: lines(({"Arn": ARN, "JobId": "1"}, report()))},
        {GENERATE: lines((BY_SERVICE, {"JobId": "1"})), READ: lines(({"JobId": "1"}, report()))},
        {READ: lines((BY_ACTION, report()), (BY_SERVICE, report("sqs")))},
    ],
)
def test_access_advisor_by_role_or_by_job_as_detailed_as_it_was_asked(tmp_path: Path, files: dict[str, Any]) -> None:
    assert advised(tmp_path, files) == (["s3"], "complete")


def test_a_report_on_another_role_is_not_taken_for_it(tmp_path: Path) -> None:
    other = {"Arn": f"{ARN}2", "Granularity": "SERVICE_LEVEL"}
    assert advised(tmp_path, {READ: lines((other, report()))}) == ([], "partial")


def trail_states(tmp_path: Path, name: str, account: str = "000000000001", **more: Any) -> str:
    arn = TRAIL.replace("000000000001", account)
    trail = {
        "Name": "main",
        "TrailARN": arn,
        "HomeRegion": "us-east-1",
        "S3BucketName": "b",
        "IsMultiRegionTrail": True,
        **more,
    }
    replayed = read(
        tmp_path / "b",
        {
            "account.json": {"AccountId": "000000000001"},
            "cloudtrail.describe-trails.json": {"trailList": [trail]},
            "cloudtrail.get-trail-status.jsonl": lines(({"Name": name}, {"IsLogging": True})),
        },
    )
    return states(replayed)["cloudtrail:GetTrailStatus"]


def test_a_trail_of_the_account_may_be_asked_for_by_its_name(tmp_path: Path) -> None:
    assert trail_states(tmp_path, "main") == "complete"


def test_another_accounts_trail_of_that_name_may_not(tmp_path: Path) -> None:
    assert trail_states(tmp_path, "main", account="999999999999", IsOrganizationTrail=True) != "complete"


KEYS, USED = "iam.list-access-keys.jsonl", "iam.get-access-key-last-used.jsonl"
ALICE = {
    "Path": "/team/",
    "UserName": "alice",
    "UserId": "AIDA00000000000000001",
    "Arn": "arn:aws:iam::000000000001:user/team/alice",
    "CreateDate": "2020-01-01T00:00:00Z",
}
MADE = "2026-01-01T00:00:00Z"
FIRST, SECOND = ({"AccessKeyId": f"AKIA000000000000000{n}", "Status": "Active", "CreateDate": MADE} for n in (1, 2))
NEVER = {"ServiceName": "N/A", "Region": "N/A"}
IN_MAY = {"LastUsedDate": "2026-05-01T00:00:00Z", "ServiceName": "s3", "Region": "eu-west-1"}


def listed(*keys: dict[str, Any]) -> str:
    return lines(({"UserName": "alice"}, {"AccessKeyMetadata": keys}))


def used(**told: dict[str, Any]) -> str:
    asked = {"first": FIRST, "second": SECOND}
    return lines(*(({"AccessKeyId": asked[n]["AccessKeyId"]}, {"AccessKeyLastUsed": use}) for n, use in told.items()))


def keys_of(tmp_path: Path, files: dict[str, Any]) -> tuple[tuple[AccessKey, ...], str]:
    replayed = read(tmp_path / "b", {"account.json": {"AccountId": "000000000001"}} | files)
    return replayed.snapshot().keys, states(replayed)["iam:ListAccessKeys"]


def test_keys_are_known_without_the_report_and_their_use_is_not(tmp_path: Path) -> None:
    (key,), state = keys_of(tmp_path, {GAAD: details(UserDetailList=[ALICE]), KEYS: listed(FIRST)})
    assert (key.user_name, key.user_arn, key.active, key.use_known) == ("alice", ALICE["Arn"], True, False)
    assert state == "complete"


def test_users_whose_keys_a_bundle_does_not_list_make_it_partial(tmp_path: Path) -> None:
    bob = ALICE | {"UserName": "bob", "UserId": "AIDA00000000000000002", "Arn": "arn:aws:iam::000000000001:user/bob"}
    keys, state = keys_of(tmp_path, {GAAD: details(UserDetailList=[ALICE, bob]), KEYS: listed(FIRST)})
    assert ([key.user_name for key in keys], state) == (["alice"], "partial")


def test_a_key_may_be_known_of_a_user_of_whom_nothing_else_is(tmp_path: Path) -> None:
    (key,), _ = keys_of(tmp_path, {KEYS: listed(FIRST)})
    assert (key.user_name, key.user_arn) == ("alice", "")


def test_the_last_use_of_a_key_may_be_told_by_itself(tmp_path: Path) -> None:
    (first, second), _ = keys_of(tmp_path, {KEYS: listed(FIRST, SECOND), USED: used(first=NEVER, second=IN_MAY)})
    assert (first.use_known, first.last_used_at, first.last_used_service) == (True, None, "")
    assert second.last_used_at is not None
    assert (f"{second.last_used_at:%Y-%m}", second.last_used_region) == ("2026-05", "eu-west-1")


def test_it_tells_of_keys_that_the_reports_slots_do_not_tell_apart(tmp_path: Path) -> None:
    slots = {"one": f"true,{MADE},N/A,N/A,N/A", "two": f"true,{MADE},2026-05-01T00:00:00Z,eu-west-1,s3"}
    files = {"credential-report.csv": "\n".join((HEADER, user("alice", **slots))), KEYS: listed(FIRST, SECOND)}
    assert [key.use_known for key in keys_of(tmp_path, files)[0]] == [False, False]
    first, second = keys_of(tmp_path, files | {USED: used(first=NEVER, second=IN_MAY)})[0]
    assert (first.use_known, first.last_used_at, second.last_used_service) == (True, None, "s3")


@pytest.mark.parametrize(
    ("slot", "told"), [("2026-07-01T00:00:00Z", IN_MAY), ("N/A", IN_MAY | {"LastUsedDate": "2026-07-01T00:00:00Z"})]
)
def test_of_report_and_key_the_later_use_counts(tmp_path: Path, slot: str, told: dict[str, Any]) -> None:
    report = "\n".join((HEADER, user("alice", one=f"true,{MADE},{slot},N/A,N/A")))
    (key,), _ = keys_of(tmp_path, {"credential-report.csv": report, KEYS: listed(FIRST), USED: used(first=told)})
    assert key.last_used_at is not None
    assert f"{key.last_used_at:%Y-%m}" == "2026-07"
