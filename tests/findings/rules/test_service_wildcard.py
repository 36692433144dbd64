"""LP202: whole services by wildcard."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from tests.builders import aws_policy, group, policy, role
from tests.findings.rules.judging import denied, statuses, verdicts
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

S3 = "arn:aws:s3:::"


@pytest.mark.parametrize(
    "statement",
    [
        allow("s3:GetObject"),
        allow(["s3:Get*", "s3:List*"]),
        allow(["s3:Put*"]),
        allow("s3:*", [f"{S3}orders", f"{S3}orders/*"]),
        allow("sqs:*", "arn:aws:sqs:eu-west-1:000000000001:orders"),
        allow("dynamodb:*", Condition=TAGGED),
        allow("kms:*", "arn:aws:kms:eu-west-1:000000000001:key/*"),
        allow("*"),
        allow("*:*"),
        allow(None, NotAction="iam:*"),
        deny("s3:*"),
        allow("nosuchservice:*"),
        allow(["ec2:Describe*", "*:Get*", "*:List*"]),
    ],
)
def test_silent(statement: dict[str, Any]) -> None:
    assert of_policy("LP202", statement) == ["clear"]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("sqs:*", "open"),
        ("SQS:*", "open"),
        ("ec2:**", "open"),
        (["sqs:*", "sns:Publish"], "open"),
        ("dynamodb:?*", "open"),
        ("s3:*", "open high"),
        ("kms:*", "open high"),
        (
            [
                "kms:A*",
                "kms:C*",
                "kms:D*",
                "kms:E*",
                "kms:G*",
                "kms:I*",
                "kms:P*",
                "kms:R*",
                "kms:S*",
                "kms:T*",
                "kms:U*",
                "kms:V*",
            ],
            "open high",
        ),
        ("cloudtrail:*", "open high"),
        ("iam:*", "open high"),
        ("sts:*", "open high"),
        ("organizations:*", "open high"),
    ],
)
def test_whole_services(action: Any, expected: str) -> None:
    assert of_policy("LP202", allow(action)) == [expected]


@pytest.mark.parametrize("resource", [f"{S3}*", [f"{S3}*", f"{S3}*/*"], "arn:aws:s3:*:*:*"])
def test_an_arn_that_means_everything(resource: Any) -> None:
    assert of_policy("LP202", allow("s3:*", resource)) == ["open high"]


def test_all_regions_and_the_own_account_are_everything() -> None:
    assert of_policy("LP202", allow("sqs:*", "arn:aws:sqs:*:000000000001:*")) == ["open"]


def test_a_condition_on_the_session_narrows_nothing() -> None:
    assert of_policy("LP202", allow("sqs:*", Condition=SESSION)) == ["open"]


def test_a_deny_of_the_rest_takes_the_wildcard_back() -> None:
    keep = ["sqs:SendMessage", "sqs:ReceiveMessage"]
    assert of_policy("LP202", allow("sqs:*"), deny(None, NotAction=keep)) == ["clear"]
    assert of_policy("LP202", allow("sqs:*"), deny("sqs:DeleteQueue")) == ["open"]


def test_one_finding_a_policy() -> None:
    assert of_policy("LP202", allow("sqs:*"), allow("sns:*")) == ["open"]


def test_inline_and_aws_policies_are_told_on_their_holder() -> None:
    body = document(allow("sqs:*"))
    arn = aws_policy("AmazonSQSFullAccess")
    aws = policy("AmazonSQSFullAccess", document=records.digest(body), attachment_count=1)
    aws = records.Policy(**{f: getattr(aws, f) for f in aws.__struct_fields__} | {"arn": arn})
    given = (aws, role(attached=(arn,), inline={"own": records.digest(body)}), group(attached=(arn,)))
    assert statuses("LP202", *given, trusts=[body]) == [
        "open AmazonSQSFullAccess",
        "open inline:own",
        "open AmazonSQSFullAccess",
    ]


def test_an_attached_policy_of_the_account_is_told_on_itself_only() -> None:
    body = document(allow("sqs:*"))
    own = policy(document=records.digest(body), attachment_count=1)
    assert statuses("LP202", own, role(attached=(own.arn,)), trusts=[body]) == ["open", "clear"]


def test_what_only_limits_grants_nothing() -> None:
    assert of_policy("LP202", allow("s3:*"), attachment_count=0, boundary_count=3) == []
    assert of_policy("LP202", allow("s3:*"), attachment_count=0) == ["open high"]
    assert of_policy("LP202", allow("s3:*"), boundary_count=3) == ["open high"]


def test_a_boundary_that_blocks_all_of_it_lowers_the_severity() -> None:
    edge = document(allow("dynamodb:*"))
    boundary = policy("edge", document=records.digest(edge), boundary_count=1)
    body = document(allow("s3:*"))
    holder = role(inline={"own": records.digest(body)}, boundary=boundary.arn)
    (verdict,) = verdicts("LP202", boundary, holder, trusts=[body, edge])
    assert verdict.severity.slug == "medium"
    assert verdict.evidence["blocked_by"] == ["the permissions boundary edge"]


def test_service_linked_roles_are_never_reported() -> None:
    assert of_role("LP202", allow("s3:*"), path="/aws-service-role/x.amazonaws.com/") == []


def test_identity_center_is_where_its_roles_change() -> None:
    verdict = told("LP202", allow("s3:*"), path="/aws-reserved/sso.amazonaws.com/")
    assert verdict.evidence["change_in"] == "IAM Identity Center: change its permission set"


def test_unreadable_or_missing_is_unknown() -> None:
    assert statuses("LP202", policy(document="nowhere", attachment_count=1)) == ["unknown"]
    assert statuses("LP202", role(attached=(aws_policy("Unknown"),))) == ["unknown"]
    assert statuses("LP202", role(inline={"own": "nowhere"})) == ["unknown"]
    assert of_role("LP202", allow("s3:GetObject")) == ["clear"]
    assert statuses("LP202", role(), coverage=denied("GetAccountAuthorizationDetails")) == ["unknown", "unknown"]


def test_words() -> None:
    assert (
        told("LP202", allow(["s3:*", "sqs:*"])).title
        == "Inline policy own of role app allows all actions of s3 and sqs"
    )
    assert statuses("LP202", role(inline={"own": records.digest(ADMINISTRATOR)}), trusts=[ADMINISTRATOR]) == ["clear"]
