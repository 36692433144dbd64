"""Lines of a bundle whose Request says what was asked in other words than the collector's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.collectors.bundles import GAAD, details, read, role, states

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
