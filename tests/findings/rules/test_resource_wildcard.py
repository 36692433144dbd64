"""LP203: changes on all resources, where they could be allowed on named ones."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from tests.builders import aws_policy, policy, role
from tests.findings.rules.judging import denied, statuses
from tests.findings.rules.policies import (
    ADMINISTRATOR,
    SESSION,
    TAGGED,
    allow,
    deny,
    document,
    of_policy,
    of_role,
    told,
)

PASSED = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}


@pytest.mark.parametrize(
    "statement",
    [
        allow(["s3:GetObject", "s3:ListBucket"]),
        allow(["ec2:Describe*", "iam:List*", "iam:Get*"]),
        allow(["s3:PutObject"], "arn:aws:s3:::orders/*"),
        allow("sqs:SendMessage", "arn:aws:sqs:*:*:orders-*"),
        allow(["aws-marketplace:Subscribe", "iam:CreateAccountAlias", "ec2:ModifySerialConsoleAccess"]),
        allow("sqs:SendMessage", Condition=TAGGED),
        allow("iam:PassRole", Condition=PASSED),
        allow("s3:*"),
        allow(None, NotAction="iam:*"),
        allow("s3:PutObject", None, NotResource="arn:aws:s3:::secret/*"),
        allow("*"),
        deny("sqs:SendMessage"),
        allow("iam:CreateAccessKey", "arn:aws:iam::*:user/${aws:username}"),
        allow("*:List*"),
    ],
)
def test_silent(statement: dict[str, Any]) -> None:
    assert of_policy("LP203", statement) == ["clear"]


@pytest.mark.parametrize(
    "statement",
    [
        allow("sqs:SendMessage"),
        allow(["s3:GetObject", "s3:PutObject"]),
        allow("s3:PutObject", "arn:aws:s3:::*"),
        allow("dynamodb:TagResource"),
        allow("lambda:AddPermission"),
        allow("SQS:sendmessage"),
        allow("sqs:SendMessage", Condition=SESSION),
        allow("ec2:Terminate*"),
        allow("bedrock-agentcore:GetWorkloadAccessToken"),
    ],
)
def test_changes_on_everything(statement: dict[str, Any]) -> None:
    assert of_policy("LP203", statement) == ["open"]


def test_what_lp202_tells_is_not_told_again() -> None:
    both = allow(["s3:*", "sqs:SendMessage"])
    assert told("LP203", both).evidence["services"] == ["sqs"]


def test_a_deny_of_it_clears_it() -> None:
    assert of_policy("LP203", allow("sqs:SendMessage"), deny("sqs:*")) == ["clear"]
    elsewhere = deny("sqs:*", None, NotResource="arn:aws:sqs:*:*:orders")
    assert of_policy("LP203", allow("sqs:SendMessage"), elsewhere) == ["clear"]
    assert of_policy("LP203", allow("sqs:SendMessage"), deny("sqs:*", "arn:aws:sqs:*:*:orders")) == ["open"]


def test_evidence() -> None:
    verdict = told("LP203", allow(["sqs:SendMessage", "sqs:TagQueue", "sns:Publish", "sns:Subscribe"]))
    assert verdict.title == "Inline policy own of role app allows 4 actions of sns and sqs on all resources"
    assert verdict.evidence["examples"] == ["sns:Publish", "sns:Subscribe", "sqs:SendMessage", "sqs:TagQueue"]
    assert verdict.evidence["by_level"] == ["Write: 3", "Tagging: 1"]
    one = told("LP203", allow("sqs:SendMessage"))
    assert one.title == "Inline policy own of role app allows sqs:SendMessage of sqs on all resources"


def test_an_administrator_is_told_by_lp201() -> None:
    body = document(allow("sqs:SendMessage"))
    admin = records.digest(ADMINISTRATOR)
    given = role(inline={"all": admin, "own": records.digest(body)})
    assert statuses("LP203", given, trusts=[body, ADMINISTRATOR]) == ["clear"]


def test_boundary_only_and_service_linked() -> None:
    assert of_policy("LP203", allow("sqs:SendMessage"), attachment_count=0, boundary_count=1) == []
    assert of_role("LP203", allow("sqs:SendMessage"), path="/aws-service-role/x.amazonaws.com/") == []
    assert of_role("LP203", allow("sqs:SendMessage"), path="/service-role/") == ["open inline:own"]


def test_unknown() -> None:
    assert statuses("LP203", policy(document="nowhere", attachment_count=1)) == ["unknown"]
    assert statuses("LP203", role(attached=(aws_policy("Unknown"),))) == ["unknown"]
    body = document(allow("sqs:SendMessage"))
    mixed = role(attached=(aws_policy("Unknown"),), inline={"own": records.digest(body)})
    assert statuses("LP203", mixed, trusts=[body]) == ["open inline:own", "unknown"]
    assert statuses("LP203", role(), coverage=denied("GetAccountAuthorizationDetails")) == ["unknown", "unknown"]
