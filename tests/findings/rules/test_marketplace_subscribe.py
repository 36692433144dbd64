"""LP210: buying anything in AWS Marketplace."""

from __future__ import annotations

from typing import Any

import pytest

from tests.findings.rules.policies import SESSION, allow, deny, of_policy, of_role

PRODUCT = {"ForAnyValue:StringEquals": {"aws-marketplace:ProductId": ["prod-1"]}}


@pytest.mark.parametrize(
    "statement",
    [
        allow("aws-marketplace:ViewSubscriptions"),
        allow("aws-marketplace:Unsubscribe"),
        allow("aws-marketplace:Subscribe", Condition=PRODUCT),
        allow("*"),
        allow(None, NotAction="iam:*"),
        deny("aws-marketplace:Subscribe"),
    ],
)
def test_silent(statement: dict[str, Any]) -> None:
    assert of_policy("LP210", statement) == ["clear"]


@pytest.mark.parametrize(
    "statement",
    [
        allow("aws-marketplace:Subscribe"),
        allow("AWS-Marketplace:subscribe"),
        allow(["aws-marketplace:Sub*"]),
        allow("aws-marketplace:*"),
        allow("aws-marketplace:Subscribe", Condition=SESSION),
    ],
)
def test_subscribe_on_everything(statement: dict[str, Any]) -> None:
    assert of_policy("LP210", statement) == ["open"]


def test_denied_in_the_same_policy() -> None:
    assert of_policy("LP210", allow("aws-marketplace:*"), deny("aws-marketplace:Subscribe")) == ["clear"]


def test_inline() -> None:
    assert of_role("LP210", allow("aws-marketplace:Subscribe")) == ["open inline:own"]
