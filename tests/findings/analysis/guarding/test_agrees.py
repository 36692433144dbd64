"""Sets against questions: what an SCP is said to block is denied with it and not without; all else is the same either way."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from findings.analysis.facts import Facts
from findings.analysis.guarding import Effect, guarding
from findings.policy.catalogue import catalogue
from tests.builders import role
from tests.findings.worlds import EVERYTHING, FULL_ACCESS, POWER_USER, World, allow, deny, document

ASKED = {
    "s3:GetObject": "arn:aws:s3:::logs/a",
    "s3:DeleteBucket": "arn:aws:s3:::logs",
    "s3:ListAllMyBuckets": "*",
    "iam:CreateUser": "arn:aws:iam::000000000001:user/x",
    "iam:ListUsers": "*",
    "ec2:RunInstances": "arn:aws:ec2:eu-west-1:000000000001:instance/i-1",
    "organizations:LeaveOrganization": "*",
    "sqs:SendMessage": "arn:aws:sqs:eu-west-1:000000000001:q",
}
OWN = (
    EVERYTHING,
    POWER_USER,
    document(allow(["s3:*", "iam:ListUsers"])),
    document(allow("s3:*", "arn:aws:s3:::logs*"), deny("s3:DeleteBucket")),
    document(allow("*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})),
)
IN_EUROPE = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
DENIES = (
    deny("s3:*"),
    deny(["iam:*", "organizations:LeaveOrganization"]),
    deny("s3:*", "arn:aws:s3:::logs"),
    {"Effect": "Deny", "NotAction": ["iam:*", "s3:*"], "Resource": "*"},
    {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::logs*"},
    deny("*", Condition=IN_EUROPE),
    deny("*", Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app"}}),
    deny("*", Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/other"}}),
)


def verdicts(facts: Facts) -> dict[str, str]:
    (holder,) = facts.snapshot.roles
    return {action: facts.permissions.decide(holder, action, on).verdict for action, on in ASKED.items()}


def world(own: Any, *denies: Any) -> Facts:
    made = World()
    scp = [FULL_ACCESS, {**FULL_ACCESS, **{f"d{n}": document(one) for n, one in enumerate(denies)}}]
    return made.facts(role("app", inline=made.inline(own=own)), scp=scp)


def d0(facts: Facts) -> Effect:
    (found,) = (one for one in guarding(facts).effects if one.name == "d0")
    return found


@pytest.mark.parametrize("own", OWN)
def test_sets_and_questions_agree(own: Any) -> None:
    for one, other in itertools.permutations(DENIES, 2):
        both, rest = world(own, one, other), world(own, other)
        effect, elsewhere = d0(both), d0(rest).depends  # of these the other one may deny just what is asked
        with_, without = verdicts(both), verdicts(rest)
        for action in ASKED:
            bit = catalogue().bit(action)
            told = action, one, other
            if effect.blocked & bit:
                assert with_[action] == "denied", told
            if effect.alone & bit & ~elsewhere:
                assert without[action] != "denied", told
            if not (effect.blocked | effect.depends) & bit:
                assert with_[action] == without[action], told
