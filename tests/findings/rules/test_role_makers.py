"""GR101 and GR103: boundaries that are missing, and boundaries that bound nothing."""

from __future__ import annotations

from typing import Any

import pytest

from findings.analysis.facts import Facts
from findings.rules import registry
from findings.vocabulary import Verdict
from tests.builders import arn, aws_policy
from tests.findings.analysis.escalation.accounts import Account, versions
from tests.findings.worlds import EVERYTHING, FULL_ACCESS, MFA, Document, allow, deny, document

EDGE = arn("policy", "edge")
FORCED = {"StringEquals": {"iam:PermissionsBoundary": EDGE}}
UNFORCED = {"StringNotEquals": {"iam:PermissionsBoundary": EDGE}}
MAKING = ["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"]


def told(code: str, facts: Facts, name: str) -> Verdict:
    every = registry.judge(facts, [registry.catalogue()[code]])
    (verdict,) = [verdict for verdict in every if verdict.subject.name == name]
    return verdict


def maker(*statements: Document, **more: Any) -> Account:
    made = Account()
    made.role("caller", *statements, **more)
    return made


def judged(*statements: Document, scp: Any = (), **more: Any) -> Verdict:
    return told("GR101", maker(*statements, **more).told(scp=scp), "caller")


# -- GR101


@pytest.mark.parametrize(
    "statements",
    [
        (allow(["iam:Get*", "iam:List*", "s3:*"]),),
        (allow(["iam:TagRole", "iam:CreateServiceLinkedRole", "iam:CreateAccessKey"]),),
        (allow(MAKING, Condition=FORCED),),
        (allow(MAKING), deny(MAKING, Condition=UNFORCED)),
        (allow(MAKING, Condition=FORCED), allow(["iam:CreatePolicyVersion", "iam:UpdateAssumeRolePolicy"])),
        (allow(MAKING), deny("iam:*")),
        (allow("iam:PutRolePolicy", arn("user", "*")),),
        (allow("*"),),
    ],
)
def test_no_maker_or_a_bound_one(statements: tuple[Document, ...]) -> None:
    assert judged(*statements).status == "clear"


def test_a_maker_with_a_boundary() -> None:
    assert judged(allow(MAKING), boundary=EDGE).reason == "has the permissions boundary edge"


def test_an_scp_may_force_the_boundary() -> None:
    verdict = judged(allow(MAKING), scp=[FULL_ACCESS | {"edge": document(deny(MAKING, Condition=UNFORCED))}])
    assert (verdict.status, verdict.reason) == ("clear", "a condition forces a boundary on what it makes")


@pytest.mark.parametrize(
    ("statements", "actions"),
    [
        ((allow("iam:CreateUser"),), ["iam:CreateUser"]),
        ((allow("iam:PutRolePolicy", arn("role", "*", "/team/")),), ["iam:PutRolePolicy"]),
        ((allow("iam:CreateRole", Condition=MFA),), ["iam:CreateRole"]),
        ((allow("iam:UpdateAssumeRolePolicy"),), ["iam:UpdateAssumeRolePolicy"]),
        ((allow("iam:AcquireRole"),), ["iam:AcquireRole"]),
        (
            (allow(["iam:AcceptDelegationRequest", "iam:SendDelegationToken"]),),
            ["iam:AcceptDelegationRequest", "iam:SendDelegationToken"],
        ),
        (
            (allow(MAKING, Condition=FORCED), allow("iam:DeleteRolePermissionsBoundary")),
            ["iam:DeleteRolePermissionsBoundary"],
        ),
        ((allow(MAKING, Condition=UNFORCED),), MAKING),
    ],
)
def test_a_maker(statements: tuple[Document, ...], actions: list[str]) -> None:
    verdict = judged(*statements)
    assert (verdict.status, set(verdict.evidence["actions"])) == ("open", set(actions))  # type: ignore[arg-type]
    assert verdict.title.startswith("Role caller can change IAM identities without a boundary: ")


def test_a_guardrail_that_blocks_it_takes_one_step_off() -> None:
    verdict = judged(allow("iam:CreateRole"), scp=[FULL_ACCESS | {"stop": document(deny("iam:*", Sid="Stop"))}])
    assert (verdict.status, verdict.severity.slug, verdict.evidence["blocked_by"]) == (
        "open",
        "medium",
        ["SCP stop at Root (statement Stop)"],
    )


def test_scps_that_nobody_could_read_are_marked() -> None:
    verdict = judged(allow("iam:CreateRole"), scp=None)
    assert (verdict.severity.slug, verdict.evidence["guardrails"]) == ("high", "SCPs not visible")


def test_what_cannot_be_read_is_unknown() -> None:
    made = Account()
    made.role("caller", attached=(made.managed("broken", "not json"),))
    verdict = told("GR101", made.told(), "caller")
    assert verdict.status == "unknown"
    assert "broken could not be read: the text is not JSON" in verdict.reason


# -- GR103


def bounded(body: Any, *statements: Document, kind: str = "role", many: int = 1, **policy: Any) -> Verdict:
    """On the boundary of a role or user with the statements."""
    made = Account()
    make = made.role if kind == "role" else made.user
    make("caller", *statements, boundary=EDGE)
    policy = {"attachment_count": 0, "boundary_count": 1, **policy}
    made.managed("edge", body, versions=versions(many), **policy)
    return told("GR103", made.told(), "edge")


SMALL = document(allow(["s3:*", "iam:*"]))
KEPT = document(allow(["s3:*", "iam:*"]), deny(["iam:*Boundary", "iam:*PolicyVersion"], Sid="Keep"))


@pytest.mark.parametrize(
    ("body", "statements"),
    [
        (SMALL, (allow("s3:*"),)),
        (KEPT, (allow("*"),)),
        (document(allow("s3:*")), (allow("*"),)),
        (SMALL, (allow("iam:DeleteRolePermissionsBoundary", arn("role", "other")),)),
        (SMALL, (allow("iam:DeleteUserPermissionsBoundary"),)),
        (SMALL, (allow("iam:PutRolePermissionsBoundary", Condition=FORCED),)),
        (SMALL, (allow("iam:CreatePolicyVersion", arn("policy", "app-*")),)),
        (SMALL, (allow("iam:SetDefaultPolicyVersion"),)),
        (document({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), (allow("*"),)),
    ],
)
def test_a_boundary_that_holds(body: Document, statements: tuple[Document, ...]) -> None:
    assert bounded(body, *statements).status == "clear"


def test_no_boundary_no_verdict() -> None:
    made = Account()
    made.managed("plain", EVERYTHING)
    assert list(registry.judge(made.told(), [registry.catalogue()["GR103"]])) == []


def test_one_that_allows_everything() -> None:
    verdict = bounded(EVERYTHING, allow("s3:*"))
    assert verdict.title == "Boundary edge bounds nothing: it allows everything"
    assert verdict.evidence["binds"] == 1


@pytest.mark.parametrize(
    ("kind", "action", "many"),
    [
        ("role", "iam:DeleteRolePermissionsBoundary", 1),
        ("role", "iam:PutRolePermissionsBoundary", 1),
        ("user", "iam:DeleteUserPermissionsBoundary", 1),
        ("user", "iam:PutUserPermissionsBoundary", 1),
        ("role", "iam:CreatePolicyVersion", 1),
        ("role", "iam:SetDefaultPolicyVersion", 2),
    ],
)
def test_one_that_the_bound_can_undo(kind: str, action: str, many: int) -> None:
    verdict = bounded(SMALL, allow(action), kind=kind, many=many)
    assert verdict.title == f"Boundary edge bounds nothing: caller can undo it, by {action}"
    assert verdict.evidence["undone_by"] == [f"{arn(kind, 'caller')}: {action}"]


def test_undone_under_a_condition() -> None:
    verdict = bounded(SMALL, allow("iam:DeleteRolePermissionsBoundary", Condition=MFA))
    assert (verdict.status, verdict.evidence["keys"]) == ("open", ["aws:MultiFactorAuthPresent"])


def test_awss_own_policy_as_a_boundary() -> None:
    made = Account()
    made.role("caller", allow("s3:*"), boundary=aws_policy("AdministratorAccess"))
    made.aws("AdministratorAccess", EVERYTHING)
    assert told("GR103", made.told(), "AdministratorAccess").status == "open"


@pytest.mark.parametrize("body", ["not json", SMALL])
def test_what_cannot_be_read(body: Any) -> None:
    made = Account()
    made.managed("edge", body, attachment_count=0, boundary_count=1)
    made.role("caller", attached=(made.managed("broken", "not json"),), boundary=EDGE)
    verdict = told("GR103", made.told(), "edge")
    assert verdict.status == "unknown"
    assert "could not be read: the text is not JSON" in verdict.reason
