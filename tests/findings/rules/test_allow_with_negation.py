"""LP204: everything but what is listed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import policy
from tests.findings.rules.judging import statuses
from tests.findings.rules.policies import allow, deny, of_policy, of_role, told

MFA_MISSING = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}


@pytest.mark.parametrize(
    "statement",
    [
        allow("s3:GetObject"),
        allow("*"),
        deny(None, NotAction="iam:*"),
        deny("*", None, NotResource="arn:aws:s3:::orders"),
        deny(None, NotAction=["iam:*", "sts:*"], Condition=MFA_MISSING),
        allow(None, NotAction="*"),
        allow("s3:GetObject", None, NotResource="*"),
    ],
)
def test_silent(statement: dict[str, Any]) -> None:
    assert of_policy("LP204", statement) == ["clear"]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow(None, NotAction=["aws-portal:*", "billing:*"]), "open critical"),
        (allow(None, NotAction="s3:DeleteBucket"), "open critical"),
        (allow("*", None, NotResource="arn:aws:s3:::secret/*"), "open critical"),
        (allow("iam:*", None, NotResource="arn:aws:iam::*:role/admin"), "open critical"),
        (allow(None, NotAction=["iam:*", "organizations:*", "account:*"]), "open"),
        (allow(None, NotAction="IAM:*"), "open"),
        (allow("s3:GetObject", None, NotResource="arn:aws:s3:::secret/*"), "open"),
        (allow(None, "arn:aws:s3:::orders/*", NotAction="s3:DeleteObject"), "open"),
    ],
)
def test_negation(statement: dict[str, Any], expected: str) -> None:
    assert of_policy("LP204", statement) == [expected]


def test_iam_that_the_policy_denies_is_not_included() -> None:
    assert of_policy("LP204", allow(None, NotAction="billing:*"), deny("iam:*")) == ["open"]


def test_one_finding_a_policy_with_its_statements() -> None:
    verdict = told("LP204", {**allow(None, NotAction="iam:*"), "Sid": "Rest"}, allow("s3:Get*", None, NotResource="a"))
    assert verdict.evidence["statements"] == ["Rest", "statement 2"]
    assert (
        verdict.title
        == "Inline policy own of role app allows with NotAction and NotResource: everything but what it lists"
    )


def test_holders_and_boundaries() -> None:
    assert of_role("LP204", allow(None, NotAction="iam:*")) == ["open inline:own"]
    assert of_policy("LP204", allow(None, NotAction="iam:*"), attachment_count=0, boundary_count=1) == []
    assert statuses("LP204", policy(document="nowhere", attachment_count=1)) == ["unknown"]
