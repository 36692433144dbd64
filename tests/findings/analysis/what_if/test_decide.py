"""What a candidate would have done to one used row: what it leaves alone, what it blocks, what nobody can tell."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.activity.evidence import CONSOLE, MFA, PLAIN, SERVICE
from findings.analysis.what_if import Candidate, Kind, UsedRow, replay
from tests.builders import ACCOUNT_ID, arn
from tests.findings.analysis.what_if.used import (
    ALICE,
    FEDERATED,
    LINKED,
    NOBODY,
    ROOT,
    SAML,
    SIBLING,
    STRANGER,
    candidate,
    rcp,
    row,
    scp,
)
from tests.findings.analysis.what_if.used import (
    SERVICE as CONFIG,
)
from tests.findings.worlds import allow, deny

S3, PUT = deny("s3:*"), "s3:PutObject"
AWAY = deny("ec2:*", Condition={"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}})
NOT_APP = deny("s3:*", Condition={"ArnNotLike": {"aws:PrincipalArn": arn("role", "app")}})
RED = deny("s3:*", Condition={"StringNotEquals": {"aws:PrincipalTag/team": "red"}})
ADDRESS = deny("s3:*", Condition={"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}})
NO_MFA = deny("s3:*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
DIRECT = deny("s3:*", Condition={"Bool": {"aws:ViaAWSService": "false"}})
OLD_CREDENTIALS = deny("*", Condition={"NumericLessThan": {"ec2:RoleDelivery": "2.0"}})
OUTSIDE = deny(
    "s3:*",
    Condition={
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    },
)
ORG: dict[str, Any] = {"organization": "o-1", "members": frozenset({ACCOUNT_ID, "000000000002"})}
ON_LOGS = deny("s3:*", "arn:aws:s3:::logs/*")


def outcome(asked: Candidate, used: UsedRow) -> tuple[str, tuple[str, ...]]:
    ((_, found),) = replay(asked, [used])
    return found.verdict.value, found.keys


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        (scp(S3), row()),
        (scp(AWAY), row()),
        (scp(NOT_APP), row(PUT)),
        (scp(RED), row(PUT, tags={"team": "red"})),
        (scp(NO_MFA), row(PUT, session_kind=MFA)),
        (scp(OLD_CREDENTIALS), row(PUT, ALICE)),
        (scp(OLD_CREDENTIALS), row(PUT, ROOT)),
        (scp(ON_LOGS), row(PUT, resources=("arn:aws:s3:::data/2026/*",))),
        (scp(ON_LOGS), row("s3:ListAllMyBuckets")),
        (scp(deny("*", arn("role", "x"))), row()),
        (scp(S3), row("sts:GetCallerIdentity")),
        (scp(deny("sts:*")), row("sts:GetCallerIdentity")),
        (scp(S3), row(PUT, LINKED)),
        (scp(S3), row(PUT, CONFIG)),
        (scp(S3), row(PUT, STRANGER)),
        (scp(deny("sts:*")), row("sts:AssumeRoleWithSAML", SAML)),
        (scp(S3, unbound=frozenset({ACCOUNT_ID})), row(PUT)),
        (scp(S3, accounts=frozenset({"000000000002"})), row(PUT)),
        (scp(S3), row(None)),
        (scp(S3), row("iam:CreateUser", NOBODY)),
        (scp(allow("ec2:*"), beside=True), row(PUT)),
        (scp(allow("*")), row(PUT)),
        (rcp(S3), row("ec2:RunInstances")),
        (rcp(deny("sqs:*")), row("sqs:SendMessage", resources=("arn:aws:sqs:eu-west-1:999999999999:theirs",))),
        (rcp(OUTSIDE, **ORG), row(PUT)),
        (rcp(OUTSIDE, **ORG), row(PUT, SIBLING)),
        (rcp(OUTSIDE, **ORG), row(PUT, CONFIG)),
        (candidate(Kind.BOUNDARY, allow("s3:*")), row(PUT)),
        (candidate(Kind.BOUNDARY, allow("ec2:*")), row(PUT, ROOT)),
        (candidate(Kind.BOUNDARY, allow("ec2:*"), principals=("*:user/*",)), row(PUT)),
    ],
)
def test_left_alone(asked: Candidate, used: UsedRow) -> None:
    assert outcome(asked, used) == ("not blocked", ())


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        (scp(S3), row(PUT)),
        (scp(S3), row(PUT, ROOT)),
        (scp(S3), row(PUT, ALICE)),
        (scp(S3), row(PUT, FEDERATED)),
        (scp(S3), row(PUT, session_kind=SERVICE)),
        (scp(AWAY), row(region="us-east-1")),
        (scp(NOT_APP), row(PUT, ALICE)),
        (scp(RED), row(PUT, tags={"team": "blue"})),
        (scp(RED), row(PUT, tags={})),
        (scp(NO_MFA), row(PUT, ALICE, long_term=True)),
        (scp(DIRECT), row(PUT, session_kind=PLAIN)),
        (scp(ON_LOGS), row(PUT, resources=("arn:aws:s3:::logs/2026/*",))),
        (scp(allow("ec2:*")), row(PUT)),
        (scp(allow("*"), deny("*", arn("role", "x")), S3), row(PUT)),
        (rcp(S3), row(PUT, STRANGER)),
        (rcp(OUTSIDE, **ORG), row(PUT, STRANGER)),
        (rcp(deny("sts:AssumeRoleWithSAML")), row("sts:AssumeRoleWithSAML", SAML)),
        (candidate(Kind.BOUNDARY, allow("ec2:*")), row(PUT)),
        (candidate(Kind.BOUNDARY, allow("*"), S3), row(PUT, ALICE)),
    ],
)
def test_blocked(asked: Candidate, used: UsedRow) -> None:
    assert outcome(asked, used) == ("blocked", ())


@pytest.mark.parametrize(
    ("asked", "used", "key"),
    [
        (scp(ADDRESS), row(PUT), "aws:SourceIp"),
        (scp(RED), row(PUT), "aws:PrincipalTag/team"),
        (scp(NO_MFA), row(PUT), "aws:MultiFactorAuthPresent"),
        (scp(DIRECT), row(PUT, session_kind=SERVICE), "aws:ViaAWSService"),
        (scp(DIRECT), row(PUT, session_kind=CONSOLE), "aws:ViaAWSService"),
        (scp(OLD_CREDENTIALS), row(PUT), "ec2:RoleDelivery"),
        (scp(AWAY), row(region=""), "aws:RequestedRegion"),
        (scp(ON_LOGS), row(PUT), "resource"),
        (scp(ON_LOGS), row(PUT, resources=("arn:aws:s3:::logs/a/*", "arn:aws:s3:::data/a/*")), "resource"),
        (scp(deny("s3:*", "arn:aws:s3:::logs/2026/a*")), row(PUT, resources=("arn:aws:s3:::logs/2026/*",)), "resource"),
        (scp(deny("ec2:*")), row(None), "action"),
        (scp(deny("ec2:BrandNew")), row(None), "action"),
        (scp(allow("ec2:Run*")), row(None), "action"),
        (scp(S3), row(PUT, NOBODY), "principal"),
        (rcp(OUTSIDE, organization="o-1"), row(PUT, STRANGER), "aws:PrincipalOrgID"),
    ],
)
def test_undecidable(asked: Candidate, used: UsedRow, key: str) -> None:
    assert outcome(asked, used) == ("undecidable", (key,))


def test_the_statement_is_named() -> None:
    ((_, found),) = replay(scp(allow("*"), {**S3, "Sid": "Here"}, place="prod"), [row(PUT)])
    assert [(by.statement, by.sid, by.level) for by in found.by] == [(2, "Here", "prod")]
