"""Our own paths: identities made for the purpose, older versions of policies, boundaries taken off, two services more."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from tests.builders import AS_OF, arn
from tests.findings.analysis.escalation.accounts import NOTHING, Account, state
from tests.findings.worlds import EVERYTHING, FULL_ACCESS, Document, allow, deny, document

EDGE = arn("policy", "edge")
FORCED = {"StringEquals": {"iam:PermissionsBoundary": EDGE}}
MADE = {
    "iamdash-002": ["iam:CreateRole", "iam:AttachRolePolicy"],
    "iamdash-003": ["iam:CreateRole", "iam:PutRolePolicy"],
    "iamdash-004": ["iam:CreateUser", "iam:AttachUserPolicy", "iam:CreateAccessKey"],
    "iamdash-005": ["iam:CreateUser", "iam:PutUserPolicy", "iam:CreateAccessKey"],
}
UNBOUND = {
    "iamdash-006": ("role", "iam:DeleteRolePermissionsBoundary"),
    "iamdash-007": ("role", "iam:PutRolePermissionsBoundary"),
    "iamdash-008": ("user", "iam:DeleteUserPermissionsBoundary"),
    "iamdash-009": ("user", "iam:PutUserPermissionsBoundary"),
    "iamdash-010": ("user", "iam:CreatePolicyVersion"),
}


def caller(*statements: Document, kind: str = "user", **more: Any) -> Account:
    made = Account()
    (made.user if kind == "user" else made.role)("caller", *statements, **more)
    return made


@pytest.mark.parametrize("path", MADE)
def test_made_for_the_purpose(path: str) -> None:
    actions = MADE[path]
    assert state(caller(allow(actions)).found(path)) == "live"
    team = [arn("role", "x", "/team/")[:-1] + "*", arn("user", "x", "/team/")[:-1] + "*"]
    assert state(caller(allow(actions, team)).found(path)) == "live"
    assert state(caller(allow(actions, Condition=FORCED)).found(path)) == ""
    unforced = {"StringNotEquals": {"iam:PermissionsBoundary": EDGE}}
    assert state(caller(allow(actions), deny(actions[:2], Sid="Edge", Condition=unforced)).found(path)).endswith(
        "#Edge"
    )
    assert state(caller(allow(actions[0]), allow(actions[1:], arn("group", "x"))).found(path)) == ""
    stop = {"stop": document(deny(actions[0], Condition=unforced, Sid="Stop"))}
    assert state(caller(allow(actions)).found(path, scp=[FULL_ACCESS | stop])) == "blocked scp:stop@Root#Stop"


def test_nobody_has_what_the_scps_leave_to_nobody() -> None:
    most = {"most": document(allow([*MADE["iamdash-002"], "s3:*"]))}
    found = caller(allow(MADE["iamdash-002"])).found("iamdash-002", scp=[most])
    assert state(found) == ""


@pytest.mark.parametrize("path", UNBOUND)
def test_only_the_boundary_keeps_it(path: str) -> None:
    kind, action = UNBOUND[path]

    def found(boundary: Document, *statements: Document) -> str:
        made = caller(*statements, kind=kind, boundary=EDGE)
        made.managed("edge", boundary)
        return state(made.found(path))

    small = document(allow(["s3:*", action]))
    assert found(small, allow("*")) == "live"
    assert found(small, allow([action, "s3:*"])) == ""
    assert found(document(allow("s3:*")), allow("*")) == "blocked boundary:edge@#0"
    assert (
        found(document(allow(["s3:*", action]), deny(action, Sid="Keep")), allow("*")) == "blocked boundary:edge@#Keep"
    )


def test_a_boundary_may_be_replaced_by_itself_only() -> None:
    made = caller(allow("*"), kind="role", boundary=EDGE)
    made.managed("edge", document(allow("iam:PutRolePermissionsBoundary", Condition=FORCED)))
    assert state(made.found("iamdash-007")) == "blocked boundary:edge@#0"


def test_nothing_without_a_boundary() -> None:
    every = [action for _, action in UNBOUND.values()]
    assert [state(caller(allow(every), kind="role").found(path)) for path in UNBOUND] == [""] * len(UNBOUND)


@pytest.mark.parametrize(
    ("older", "expected"),
    [(EVERYTHING, "live"), (NOTHING, ""), (document(allow("*"), deny("*")), ""), ("not json", "")],
)
def test_an_older_version_that_allowed_more(older: Any, expected: str) -> None:
    made = Account()
    given = document(allow("iam:SetDefaultPolicyVersion"))
    some = (("v1", older), ("v2", given))
    versions = tuple(
        records.PolicyVersion(version_id=name, created_at=AS_OF, document=made.kept(body)) for name, body in some
    )
    held = made.managed("own", given, versions=versions)
    made.policies[0] = records.from_json(records.Policy, {**records.to_json(made.policies[0]), "default_version": "v2"})
    made.user("caller", attached=(held,))
    assert state(made.found("iamdash-001")) == expected


@pytest.mark.parametrize(
    ("path", "service", "actions"),
    [
        ("iamdash-011", "states", ["states:CreateStateMachine", "states:StartExecution"]),
        ("iamdash-012", "scheduler", ["scheduler:CreateSchedule"]),
    ],
)
def test_two_services_more(path: str, service: str, actions: list[str]) -> None:
    for trusted, expected in ((service, "live"), ("xray", "")):
        made = caller(allow(["iam:PassRole", *actions]))
        made.boss(f"{trusted}.amazonaws.com")
        assert state(made.found(path)) == expected
