"""A permissions boundary for several: what must stay comes first."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from findings.analysis.facts import Facts
from findings.analysis.right_sizing import NoProposal, Proposal, propose_boundary
from findings.policy.catalogue import catalogue
from findings.policy.written import POLICY_CHARACTERS, size
from tests.builders import arn, facts, last_accessed, role, user
from tests.findings.rules.policies import allow, document

C = catalogue()
Known = tuple[dict[str, Any], dict[str, float | None]]


def told(*many: Known) -> tuple[list[records.Role], Facts]:
    roles = [
        role(f"r{n}", unique_id=f"AROA{n}", inline={"own": records.digest(body)}) for n, (body, _) in enumerate(many)
    ]
    read = [last_accessed(one, **services) for one, (_, services) in zip(roles, many, strict=True)]
    return roles, facts(*roles, *read, trusts=[body for body, _ in many])


def proposed(*many: Known) -> Proposal:
    found = propose_boundary(*told(*many))
    assert isinstance(found, Proposal)
    assert {check.name: check.detail for check in found.checks if check.ok is False} == {}
    return found


def statement(found: Proposal) -> dict[str, Any]:
    (policy,) = found.documents
    (only,) = policy.document["Statement"]
    return dict(only)


READER = document(allow(["s3:GetObject", "sqs:SendMessage"])), {"s3": 3, "sqs": None}
OPERATOR = document(allow(["ec2:StartInstances", "s3:PutObject", "newservice:Do"])), {"ec2": 1, "s3": None}


def test_what_any_of_them_uses_and_what_nobody_can_see_stays() -> None:
    found = proposed(READER, OPERATOR)
    assert statement(found)["Action"] == ["ec2:StartInstances", "s3:GetObject", "newservice:Do"]
    assert {r.service: r.why for r in found.removed} == {
        "s3": "last used on 2026-11-21 (Access Advisor), but by others than those that may do these",
        "sqs": "not used since 2025-10-19 (Access Advisor)",
    }
    assert found.gone == {"AROA0": ("sqs",), "AROA1": ()}  # s3 stays in the boundary, so an attempt says nothing


def test_it_is_set_on_each_and_taken_off_again() -> None:
    found = proposed(READER, OPERATOR)
    assert found.cli().count("put-role-permissions-boundary") == 2
    assert found.rollback().count("delete-role-permissions-boundary") == 2
    assert "detach" not in found.cli()


def test_the_star_is_told_once_for_all() -> None:
    (star,) = proposed(READER, OPERATOR).stars
    assert star.why.startswith("a boundary says what may be done")


def test_what_is_too_long_spelled_out_is_put_in_patterns_and_said() -> None:
    services = ("ec2", "s3", "iam", "rds", "sagemaker", "glue")
    body = document(allow([f"{service}:*" for service in services]))
    found = proposed((body, dict.fromkeys(services, 1.0)))
    assert size(found.documents[0].document) <= POLICY_CHARACTERS
    (wild,) = [check for check in found.checks if check.ok is None]
    assert "a boundary grants nothing by itself" in wild.detail


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ([], "No role or user was chosen"),
        ([role("a"), user("b")], "Roles and users get a boundary each by another command"),
        ([role("a", boundary=arn("policy", "limits"))], "a: It has the boundary"),
        ([role("AWSReservedSSO_Dev_0123456789abcdef", path="/aws-reserved/sso.amazonaws.com/")], "permission set Dev"),
        ([role(f"r{n}") for n in range(5)], "r0: It has no policies, so there is nothing to take away. r1: "),
    ],
)
def test_none_can_be_made(made: list[Any], reason: str) -> None:
    found = propose_boundary(made, facts(*made))
    assert isinstance(found, NoProposal)
    assert reason in found.reason
    assert found.next_step
