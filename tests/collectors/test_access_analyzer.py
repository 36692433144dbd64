"""Access Analyzer, through the lab over HTTP; what the lab cannot be made to say is said by a stub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError
from collectors.aws.regional import REGIONS
from collectors.gather import Gathered, coverage, gather, understand
from collectors.models import Account, AccountDetails, Analyzer, AnalyzerFinding, Coverage, Job, Version
from collectors.models.analyzer_view import found_in
from collectors.models.job import JUDGE
from collectors.models.snapshot import read_snapshot
from collectors.records import State
from collectors.sources import access_analyzer as source
from collectors.sources.access_analyzer import ANALYZERS, DETAILS, FINDINGS
from tests.collectors.bundles import read, states
from tests.collectors.running import run, written
from tests.conftest import AS_OF

ARN = "arn:aws:access-analyzer:eu-west-1:000000000001:analyzer/all"
KEY = "arn:aws:kms:eu-west-1:000000000001:key/1"


@pytest.fixture
def security(connected: list[Account]) -> Account:
    return connected[1]


@pytest.mark.django_db
class TestThroughTheLab:
    def test_analyzers_of_each_region_and_what_they_found(self, security: Account, aws: Any) -> None:
        aws.clear_calls()
        run(security, "access_analyzer")
        found = Analyzer.present.filter(account=security).values_list("type", "region")
        assert sorted(found) == [
            ("ACCOUNT", "eu-west-1"),
            ("ACCOUNT", "us-east-1"),
            ("ACCOUNT", "us-west-2"),
            ("ORGANIZATION_UNUSED_ACCESS", "eu-west-1"),
        ]
        rows = Coverage.objects.filter(account=security, source="access_analyzer", state="complete")
        assert set(rows.filter(api=FINDINGS).values_list("region", flat=True)) == {
            "eu-west-1",
            "us-east-1",
            "us-west-2",
        }
        shared = AnalyzerFinding.present.get(account=security, data__resource_type="AWS::KMS::Key").as_record
        assert (shared.principal, shared.public, shared.type) == ({"AWS": "987654321098"}, False, "ExternalAccess")
        assert not AnalyzerFinding.objects.filter(
            data__resource_type="AWS::SecretsManager::Secret"
        ).exists()  # archived
        role = AnalyzerFinding.present.filter(
            account=security, data__resource_type="AWS::IAM::Role", data__type="ExternalAccess"
        )
        assert role.count() == 3  # IAM is in every region
        calls = {one["operation"]: one["n"] for one in aws.calls() if one["account"] == security.aws_id}
        assert (calls["ListAnalyzers"], calls["ListFindings"]) == (3, 3)

    def test_an_organizations_findings_reach_the_accounts_they_are_about(
        self, connected: list[Account], security: Account
    ) -> None:
        archive, other = connected[2], connected[0]
        for account in (archive, other, security):
            run(account, "organizations", "access_analyzer")
        told = read_snapshot(archive, AS_OF)
        theirs = [one for one in told.analyzer_findings if one.type == "UnusedIAMRole"]
        assert theirs
        assert {one.owner for one in told.analyzer_findings} == {archive.aws_id}
        assert {(one.owner, one.type) for one in told.analyzers} >= {(security.aws_id, "ORGANIZATION_UNUSED_ACCESS")}
        assert not [one for one in told.analyzers if one.owner == security.aws_id and not one.organization]
        assert {row.state for row in told.analyzer_coverage[security.aws_id]} == {State.COMPLETE}
        assert {one.owner for one in read_snapshot(security, AS_OF).analyzer_findings} == {security.aws_id}
        at = AnalyzerFinding.objects.filter(account=security).latest("seen_from").seen_from
        assert found_in(security, at) == {archive.pk, other.pk}  # a new analyzer looks at all of them
        for model in (Analyzer, AccountDetails):
            model.objects.update(seen_from=AS_OF)
        assert found_in(security, at) == {archive.pk}
        run_of = Job.objects.filter(source=JUDGE, account=archive)
        assert run_of.exists()

    def test_the_others_are_judged_again_too_when_an_account_learns_last_which_organization_its_analyzer_looks_at(
        self, connected: list[Account], security: Account
    ) -> None:
        other = connected[0]
        run(other, "organizations")
        run(security, "access_analyzer")
        waits = Job.objects.filter(source=JUDGE, account=other, state=Job.State.QUEUED)
        waits.delete()
        run(security, "organizations")
        assert waits.exists()

    def test_the_same_again_writes_coverage_only(self, security: Account) -> None:
        run(security, "access_analyzer")
        before = written()
        run(security, "access_analyzer")
        changed = {table for table, n in written().items() if n != before[table]}
        assert changed == {"collectors_run", "collectors_job", "collectors_coverage"}
        assert not Version.objects.filter(kind="analyzer_finding").exists()

    def test_who_may_not_list_findings_keeps_what_was_told(self, security: Account, aws: Any) -> None:
        run(security, "access_analyzer")
        aws.fault("deny", account=security.aws_id, service="access-analyzer", operation="ListFindings")
        run(security, "access_analyzer")
        rows = Coverage.objects.filter(account=security, api=FINDINGS)
        assert set(rows.values_list("state", "permission")) == {("denied", "access-analyzer:ListFindings")}
        assert AnalyzerFinding.present.get(account=security, data__resource_type="AWS::KMS::Key").as_record.principal


class Stub(Aws):
    """Two regions, one analyzer; failing: (API, region) -> how."""

    account_id = "000000000001"

    def __init__(self, failing: dict[tuple[str, str], AwsError]) -> None:
        self.failing = failing

    def ask(self, api: str, *, require: str, region: str = "", **parameters: Any) -> Answer:
        raise NotImplementedError

    def pages(
        self, api: str, *, require: str, token: str = "", region: str = "", **parameters: Any
    ) -> Iterator[Answer]:
        if error := self.failing.get((api, region)):
            raise error
        if api == REGIONS:
            yield {"Regions": [{"RegionName": name} for name in ("eu-west-1", "me-new-1")]}
        elif api == ANALYZERS:
            yield {"analyzers": [analyzer()] if region == "eu-west-1" else []}
        else:
            yield {"findings": [finding()]}

    def pause(self, seconds: float) -> None:
        raise NotImplementedError


def analyzer(**more: Any) -> dict[str, Any]:
    return {
        "arn": ARN,
        "name": "all",
        "type": "ACCOUNT",
        "status": "ACTIVE",
        "createdAt": "2026-01-01T00:00:00Z",
        **more,
    }


def finding(**more: Any) -> dict[str, Any]:
    at = dict.fromkeys(("createdAt", "updatedAt", "analyzedAt"), "2026-11-01T00:00:00Z")
    about = {"resource": KEY, "resourceType": "AWS::KMS::Key", "resourceOwnerAccount": "000000000001"}
    return {"id": "f-1", "status": "ACTIVE", "condition": {}, "findingType": "ExternalAccess", **at, **about, **more}


def gathered(failing: dict[tuple[str, str], AwsError]) -> dict[tuple[str, str], str]:
    got = Gathered()
    gather(source.SOURCE, Stub(failing), got)
    rows = coverage(source.SOURCE, got, understand(source.SOURCE, got), AS_OF)
    return {key: row.state.value for key, row in rows.items() if key[0] != REGIONS}


def test_a_region_without_the_service_is_not_applicable_and_hides_nothing() -> None:
    gone = AwsError(ANALYZERS, State.ERROR, "EndpointConnectionError: Could not connect")
    found = gathered({(ANALYZERS, "me-new-1"): gone})
    assert found[ANALYZERS, "me-new-1"] == "not_applicable"
    assert {state for (_, region), state in found.items() if region == "eu-west-1"} == {"complete"}
    assert gathered({(ANALYZERS, "eu-west-1"): gone})[ANALYZERS, "eu-west-1"] == "error"  # it has been there for long


def test_a_region_that_is_closed_says_nothing_of_the_others() -> None:
    closed = AwsError(FINDINGS, State.BLOCKED_BY_SCP, "AccessDenied: ... in a service control policy")
    found = gathered({(ANALYZERS, "me-new-1"): closed})
    assert (found[ANALYZERS, "me-new-1"], found[ANALYZERS, "eu-west-1"]) == ("blocked_by_scp", "complete")
    assert (FINDINGS, "me-new-1") not in found
    found = gathered({(FINDINGS, "eu-west-1"): closed})
    assert (found[FINDINGS, "eu-west-1"], found[FINDINGS, "me-new-1"]) == ("blocked_by_scp", "complete")


def test_files(tmp_path: Path) -> None:
    """An answer is of its request; what is archived, or of no analyzer, is none."""
    unused = ARN.replace("all", "unused")
    lines = [
        {"Request": {"analyzerArn": ARN}, "Response": {"findings": [finding(), finding(id="f-2", status="ARCHIVED")]}},
        {
            "Request": {"analyzerArn": unused},
            "Response": {"findings": [finding(id="f-3", findingType="UnusedIAMRole")]},
        },
    ]
    told = {"findings": [finding(principal={"AWS": "*"}, isPublic=True, condition={"aws:PrincipalOrgID": "o-1"})]}
    replayed = read(
        tmp_path / "b",
        {
            "accessanalyzer.list-analyzers.eu-west-1.json": {
                "analyzers": [analyzer(), analyzer(arn=unused, name="unused", type="ACCOUNT_UNUSED_ACCESS")]
            },
            "accessanalyzer.list-findings-v2.eu-west-1.jsonl": "\n".join(map(json.dumps, lines)),
            "accessanalyzer.list-findings.eu-west-1.jsonl": json.dumps(
                {"Request": {"analyzerArn": ARN}, "Response": told}
            ),
        },
    )
    snapshot = replayed.snapshot()
    first, second = snapshot.analyzer_findings
    assert (first.unique_id, first.public, first.organization, first.conditions) == (
        "f-1",
        True,
        "o-1",
        ("aws:PrincipalOrgID",),
    )
    assert (second.type, second.principal) == ("UnusedIAMRole", None)
    assert {states(replayed)[api] for api in (ANALYZERS, FINDINGS, DETAILS)} == {"complete"}


def test_files_that_are_missing_are_named(tmp_path: Path) -> None:
    replayed = read(tmp_path / "b", {"accessanalyzer.list-analyzers.json": {"analyzers": [analyzer()]}})
    rows = {row.api: row for row in replayed.coverage}
    assert rows[ANALYZERS].state is State.COMPLETE
    assert (rows[FINDINGS].state, rows[FINDINGS].region) == (State.ABSENT, "us-east-1")
    assert "accessanalyzer.list-findings-v2.jsonl" in rows[FINDINGS].detail
    assert replayed.snapshot().analyzers[0].name == "all"
