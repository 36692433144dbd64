"""SCPs in all of the policy language, which they take since September 2025 (AWS.md 16), of a role that may do everything."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import ACCOUNT_ID, role
from tests.findings.worlds import EVERYTHING, World, allow, deny, document

MINE, OURS = "arn:aws:s3:::mine/x", "arn:aws:s3:::ours/x"
FULL = {"FullAWSAccess": EVERYTHING}
EUROPE, AMERICA = {"aws:requestedregion": ("eu-west-1",)}, {"aws:requestedregion": ("us-east-1",)}
IN_EUROPE = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
NOT_IAM = {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}
NOT_OURS = {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::ours/*"}
ONLY_MINE = {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::mine/*"}


@pytest.mark.parametrize(
    ("statement", "allowed", "denied"),
    [
        (NOT_IAM, [("s3:GetObject", MINE, {})], [("iam:CreateUser", "*", {})]),
        (allow("s3:*", "arn:aws:s3:::mine/*"), [("s3:GetObject", MINE, {})], [("s3:GetObject", OURS, {})]),
        (NOT_OURS, [("s3:GetObject", MINE, {})], [("s3:GetObject", OURS, {})]),
        (allow("*", Condition=IN_EUROPE), [("ec2:RunInstances", "*", EUROPE)], [("ec2:RunInstances", "*", AMERICA)]),
        (allow("*:Get*"), [("s3:GetObject", MINE, {})], [("s3:PutObject", MINE, {})]),
        (allow("s?:*Object"), [("s3:GetObject", MINE, {})], [("s3:GetObjectAcl", MINE, {})]),
    ],
)
def test_what_an_scp_allows(statement: Any, allowed: Any, denied: Any) -> None:
    assert [asked({"some": document(statement)}, *one) for one in allowed] == ["allowed"] * len(allowed)
    assert [asked({"some": document(statement)}, *one) for one in denied] == ["denied"] * len(denied)


@pytest.mark.parametrize(
    ("statement", "denied", "allowed"),
    [
        (deny("*:Delete*"), ("s3:DeleteObject", MINE, {}), ("s3:GetObject", MINE, {})),
        (ONLY_MINE, ("s3:GetObject", OURS, {}), ("s3:GetObject", MINE, {})),
        (deny("S3:get*", MINE), ("s3:GetObject", MINE, {}), ("s3:GetObject", OURS, {})),
        (
            deny("*", Condition={"StringNotEquals": IN_EUROPE["StringEquals"]}),
            ("a:B", "*", AMERICA),
            ("a:B", "*", EUROPE),
        ),
    ],
)
def test_what_an_scp_denies(statement: Any, denied: Any, allowed: Any) -> None:
    scp = {**FULL, "some": document(statement)}
    assert (asked(scp, *denied), asked(scp, *allowed)) == ("denied", "allowed")


@pytest.mark.parametrize(
    "statement",
    [
        allow("*", Condition=IN_EUROPE),
        allow("*", Condition={"StringSomewhatLike": {"aws:RequestedRegion": "eu-*"}}),
        allow("*", Condition={"StringEquals": {"aws:NextYearsKey": "x"}}),
    ],
)
def test_what_hangs_on_the_request_or_on_what_we_do_not_know_is_conditional(statement: Any) -> None:
    assert asked({"some": document(statement)}, "ec2:RunInstances", "*", {}) == "conditional"


def asked(scp: dict[str, Any], action: str, resource: str, context: Any) -> str:
    world = World()
    holder = role("app", inline=world.inline(all=EVERYTHING))
    facts = world.facts(holder, scp=[FULL, scp, FULL])
    return facts.permissions.decide(
        holder, action, resource, {"aws:principalaccount": (ACCOUNT_ID,), **context}
    ).verdict
