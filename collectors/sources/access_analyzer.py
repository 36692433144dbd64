"""IAM Access Analyzer: the analyzers of each enabled region, and what they found.

It takes one question a region (18 calls with that for the regions, where 17 are enabled), two for each hundred findings of an
analyzer for external access, and one for each hundred of one for unused access. Who has access inside is not read: it is no
fault. ListFindingsV2 tells of findings of all kinds what they are about; only ListFindings tells many at once from where there
is access. An organization's analyzer finds for all its accounts: whose a finding is, it says (collectors.models.analyzer_view).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError
from collectors.aws.partitions import HOME
from collectors.aws.regional import REGIONS, SECONDS, each, enabled, together
from collectors.records import Analyzer, AnalyzerFinding, Part, State
from collectors.records.analyzer import EXTERNAL
from collectors.sources import Answers, Api, Source

ANALYZERS, FINDINGS = "accessanalyzer:ListAnalyzers", "accessanalyzer:ListFindingsV2"
DETAILS = "accessanalyzer:ListFindings"
ACTIVE = "ACTIVE"
ONLY_ACTIVE = {"status": {"eq": [ACTIVE]}}
PAGE = 100  # AWS's maximum
ORGANIZATION = "aws:principalorgid"
UNREACHED = "EndpointConnectionError"
NOT_HERE = "Access Analyzer is not to be had in {region}."


def analyzers(aws: Aws, answers: Answers) -> dict[str, list[Answer]]:
    def ask(region: str) -> list[Answer]:
        try:
            return list(_all(aws, ANALYZERS, "analyzers", region))
        except AwsError as error:
            if not error.message.startswith(UNREACHED) or region in _served():
                raise
            raise AwsError(ANALYZERS, State.NOT_APPLICABLE, NOT_HERE.format(region=region)) from error

    return each(aws, ANALYZERS, answers, ask)


@functools.cache
def _served() -> frozenset[str]:
    """Regions that have Access Analyzer, as far as botocore knows; newer ones may have it too."""
    import boto3  # a bundle is read without it

    session = boto3.Session()
    return frozenset(one for name in HOME for one in session.get_available_regions("accessanalyzer", name)) | {""}


def _all(aws: Aws, api: str, member: str, region: str, **parameters: Any) -> Iterator[Any]:
    for page in aws.pages(api, require=member, token="nextToken", region=region, **parameters):  # noqa: S106 - a page token
        yield from page[member]


def _of_each(api: str, wanted: Callable[[str], bool]) -> Callable[[Aws, Answers], dict[str, dict[str, list[Answer]]]]:
    """A fetch: region -> ARN of an analyzer that is active -> its findings; wanted: of which types of analyzer."""

    def ask(aws: Aws, region: str, listed: list[Answer]) -> dict[str, list[Answer]]:
        arns = [one["arn"] for one in listed if one["status"] == ACTIVE and wanted(one["type"])]
        asked = {"filter": ONLY_ACTIVE, "maxResults": PAGE}
        return {arn: list(_all(aws, api, "findings", region, analyzerArn=arn, **asked)) for arn in arns}

    def fetch(aws: Aws, answers: Answers) -> dict[str, dict[str, list[Answer]]]:
        found: dict[str, dict[str, list[Answer]]] = {}
        failed: dict[str, AwsError] = {}
        began = aws.clock()
        for region, listed in answers[ANALYZERS].items():
            try:
                if aws.clock() - began > SECONDS:
                    raise AwsError(api, State.ERROR, "Not asked: the regions before it took too long.")
                found[region] = ask(aws, region, listed)
            except AwsError as error:
                failed[region] = error
        if failed:
            raise together(api, found, failed)
        return found

    return fetch


findings = _of_each(FINDINGS, lambda kind: not kind.endswith("_INTERNAL_ACCESS"))
details = _of_each(DETAILS, lambda kind: kind in ("ACCOUNT", "ORGANIZATION"))


def transform(answers: Answers) -> Part:
    if ANALYZERS not in answers:
        return Part()
    listed = [(region, raw) for region, some in answers[ANALYZERS].items() for raw in some]
    told = {one["id"]: one for arns in answers.get(DETAILS, {}).values() for some in arns.values() for one in some}
    found = [
        _finding(region, arn, one, told.get(one["id"]))
        for region, arns in answers.get(FINDINGS, {}).items()
        for arn, some in arns.items()
        for one in some
        if one["status"] == ACTIVE
    ]
    return Part(
        analyzers=tuple(_analyzer(region, raw) for region, raw in listed),
        analyzer_findings=tuple(found) if FINDINGS in answers else None,
    )


def _analyzer(region: str, raw: Answer) -> Analyzer:
    arn = str(raw["arn"])
    return Analyzer(
        unique_id=arn,
        name=raw["name"],
        region=region,
        type=raw["type"],
        status=raw["status"],
        reason=raw.get("statusReason", {}).get("code", ""),
        created_at=raw.get("createdAt"),
        unused_days=raw.get("configuration", {}).get("unusedAccess", {}).get("unusedAccessAge"),
    )


def _finding(region: str, arn: str, raw: Answer, told: Answer | None) -> AnalyzerFinding:
    """told: what ListFindings says of it, which knows external access only."""
    more: dict[str, Any] = {}
    if told:
        more = {
            "principal": {str(kind): str(who) for kind, who in sorted(told.get("principal", {}).items())},
            "actions": tuple(sorted(told.get("action", ()))),
            "conditions": tuple(sorted(told["condition"])),
            "organization": next((text for key, text in told["condition"].items() if key.lower() == ORGANIZATION), ""),
            "public": told.get("isPublic", False),
            "rcp": told.get("resourceControlPolicyRestriction", ""),
        }
    return AnalyzerFinding(
        unique_id=raw["id"],
        analyzer=arn,
        region=region,
        type=raw.get("findingType") or (EXTERNAL if told else ""),
        resource=raw.get("resource", ""),
        resource_type=raw["resourceType"],
        owner=raw["resourceOwnerAccount"],
        created_at=raw["createdAt"],
        updated_at=raw["updatedAt"],
        error=raw.get("error", ""),
        **more,
    )


SOURCE = Source(
    name="access_analyzer",
    title="Access Analyzer",
    apis=(
        Api(REGIONS, enabled),
        Api(ANALYZERS, analyzers, after=(REGIONS,), actions=("access-analyzer:ListAnalyzers",), regional=True),
        Api(FINDINGS, findings, after=(ANALYZERS,), actions=("access-analyzer:ListFindings",), regional=True),
        Api(DETAILS, details, after=(ANALYZERS,), actions=("access-analyzer:ListFindings",), regional=True),
    ),
    transform=transform,
    sweeps={"analyzers": (ANALYZERS,), "analyzer_findings": (ANALYZERS, FINDINGS)},
    calls=lambda size: 1 + size.regions + 2 * size.analyzers,
)
