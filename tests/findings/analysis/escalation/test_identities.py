"""The paths through IAM and STS: a principal changes itself, or takes another one over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import arn, credential, group, key, trust
from tests.findings.analysis.escalation.accounts import NOTHING, ROOT, Account, state
from tests.findings.analysis.escalation.catalogue import IDENTITIES
from tests.findings.worlds import EVERYTHING, FULL_ACCESS, MFA, Document, allow, deny, document

OPEN = trust(AWS=ROOT)
CLOSED = trust(Service="batch.amazonaws.com")
SELF = arn("user", "${aws:username}")
Statements = tuple[Document, ...]
Build = Callable[..., Account]


def alone(*statements: Document, kind: str = "user", **more: Any) -> Account:
    made = Account()
    (made.user if kind == "user" else made.role)("caller", *statements, **more)
    return made


def role_alone(*statements: Document, **more: Any) -> Account:
    return alone(*statements, kind="role", **more)


def own_policy(*statements: Document, versions: int = 1, **more: Any) -> Account:
    """The policy that it has is customer-managed."""
    made = Account()
    held = made.managed("own", NOTHING)
    made.user("caller", *statements, attached=(held,), **more)
    return made


def member(*statements: Document, **more: Any) -> Account:
    made = alone(*statements, groups=("staff",), **more)
    made.add(group("staff"))
    return made


def beside_group(*statements: Document, body: Document = EVERYTHING, **more: Any) -> Account:
    made = alone(*statements, **more)
    made.add(group("staff", inline=made.inline(own=body)))
    return made


def beside_user(*statements: Document, body: Document = EVERYTHING, also: tuple[Any, ...] = (), **more: Any) -> Account:
    """also: what belongs to user chief."""
    made = alone(*statements, **more)
    made.user("chief", inline=made.inline(own=body))
    made.add(*also)
    return made


def with_keys(*statements: Document, **more: Any) -> Account:
    return beside_user(*statements, also=(key("chief"), key("chief", active=False)), **more)


def with_password(*statements: Document, **more: Any) -> Account:
    return beside_user(*statements, also=(credential("chief", password_enabled=True),), **more)


def without_password(*statements: Document, **more: Any) -> Account:
    return beside_user(*statements, also=(credential("chief"),), **more)


def beside_role(*statements: Document, body: Document = EVERYTHING, trusts: Document = CLOSED, **more: Any) -> Account:
    made = alone(*statements, **more)
    made.role("chief", inline=made.inline(own=body), trusts=trusts)
    return made


def open_role(*statements: Document, **more: Any) -> Account:
    return beside_role(*statements, **{"trusts": OPEN, **more})


def weak_role(*statements: Document, **more: Any) -> Account:
    return open_role(*statements, body=NOTHING, **more)


def weak_closed_role(*statements: Document, **more: Any) -> Account:
    return beside_role(*statements, body=NOTHING, **more)


def role_with_policy(*statements: Document, trusts: Document = CLOSED, **more: Any) -> Account:
    made = alone(*statements, **more)
    made.role("chief", attached=(made.managed("theirs", NOTHING),), trusts=trusts)
    return made


def open_role_with_policy(*statements: Document, **more: Any) -> Account:
    return role_with_policy(*statements, trusts=OPEN, **more)


def weak_user(*statements: Document, **more: Any) -> Account:
    return beside_user(*statements, body=NOTHING, **more)


# id -> the account in which it is live
LIVE: dict[str, Build] = {
    "iam-001": own_policy,
    "iam-002": beside_user,
    "iam-003": with_keys,
    "iam-004": without_password,
    "iam-005": role_alone,
    "iam-006": with_password,
    "iam-007": alone,
    "iam-008": alone,
    "iam-009": role_alone,
    "iam-010": member,
    "iam-011": member,
    "iam-012": beside_role,
    "iam-013": beside_group,
    "iam-014": weak_role,
    "iam-015": weak_user,
    "iam-016": open_role_with_policy,
    "iam-017": weak_role,
    "iam-018": weak_user,
    "iam-019": weak_closed_role,
    "iam-020": role_with_policy,
    "iam-021": weak_closed_role,
    "sts-001": open_role,
}
# id -> accounts that look like it, and lack what it needs
LACKS: dict[str, tuple[Build, ...]] = {
    "iam-001": (alone, role_with_policy),
    "iam-002": (alone, with_keys, weak_user),
    "iam-003": (alone, beside_user),
    "iam-004": (alone, with_password, weak_user),
    "iam-005": (alone,),
    "iam-006": (alone, without_password, weak_user),
    "iam-007": (role_alone,),
    "iam-008": (role_alone,),
    "iam-009": (alone,),
    "iam-010": (alone, beside_group),
    "iam-011": (alone, beside_group),
    "iam-012": (alone, weak_role),
    "iam-013": (alone, lambda *s, **m: beside_group(*s, body=NOTHING, **m)),
    "iam-014": (alone, weak_closed_role),
    "iam-015": (alone, weak_role),
    "iam-016": (alone, weak_role, role_with_policy),
    "iam-017": (alone, weak_closed_role),
    "iam-018": (alone, weak_role),
    "iam-019": (alone, weak_user),
    "iam-020": (alone, weak_role),
    "iam-021": (alone, weak_user),
    "sts-001": (alone, beside_role, weak_role),
}
# id -> a resource of another one, or one's own
HARMLESS: dict[str, str] = {
    "iam-001": arn("policy", "app-*"),
    "iam-005": arn("role", "app-*"),
    "iam-007": arn("user", "app-*"),
    "iam-008": arn("user", "app-*"),
    "iam-009": arn("role", "app-*"),
    "iam-010": arn("group", "app-*"),
    "iam-011": arn("group", "app-*"),
    "iam-013": arn("group", "app-*"),
    "iam-016": arn("policy", "app-*"),
    **dict.fromkeys(
        ("iam-012", "iam-014", "iam-017", "iam-019", "iam-020", "iam-021", "sts-001"), arn("role", "app-*")
    ),
    **dict.fromkeys(("iam-002", "iam-003", "iam-004", "iam-006", "iam-015", "iam-018"), SELF),
}


def test_the_tables_are_whole() -> None:
    assert IDENTITIES.keys() == LIVE.keys() == LACKS.keys() == HARMLESS.keys()


def actions(path: str) -> list[str]:
    return IDENTITIES[path].split()


@pytest.mark.parametrize("path", IDENTITIES)
def test_live(path: str) -> None:
    assert state(LIVE[path](allow(actions(path))).found(path)) == "live"


@pytest.mark.parametrize("path", IDENTITIES)
def test_nothing_without_what_it_needs(path: str) -> None:
    assert [state(lacks(allow(actions(path))).found(path)) for lacks in LACKS[path]] == [""] * len(LACKS[path])


@pytest.mark.parametrize("path", IDENTITIES)
def test_nothing_on_harmless_resources(path: str) -> None:
    assert state(LIVE[path](allow(actions(path), HARMLESS[path])).found(path)) == ""


@pytest.mark.parametrize("path", IDENTITIES)
def test_nothing_without_each_of_its_actions(path: str) -> None:
    for missing in actions(path):
        rest = [action for action in actions(path) if action != missing]
        assert state(LIVE[path](allow(rest or "s3:*")).found(path)) == ""


@pytest.mark.parametrize("path", IDENTITIES)
def test_an_administrator_gains_nothing(path: str) -> None:
    assert state(LIVE[path](allow("*")).found(path)) == ""


@pytest.mark.parametrize("path", IDENTITIES)
def test_blocked_by_an_scp(path: str) -> None:
    stop = {"stop": document(deny(actions(path)[0], Sid="Stop"))}
    found = LIVE[path](allow(actions(path))).found(path, scp=[FULL_ACCESS | stop])
    assert state(found) == "blocked scp:stop@Root#Stop"


@pytest.mark.parametrize("path", IDENTITIES)
def test_blocked_by_a_boundary(path: str) -> None:
    """It leaves the steps nothing, or what they would give."""
    for body in (
        document({"Effect": "Allow", "NotAction": actions(path)[0], "Resource": "*"}),
        document(allow("s3:*")),
    ):
        made = LIVE[path](allow(actions(path)), boundary=arn("policy", "edge"))
        made.managed("edge", body)
        assert state(made.found(path)) == "blocked boundary:edge@#0"


@pytest.mark.parametrize("path", IDENTITIES)
def test_refused_by_its_own_policies(path: str) -> None:
    found = LIVE[path](allow(actions(path)), deny(actions(path)[0], Sid="Never")).found(path)
    assert state(found) == "blocked identity:inline:own@#Never"


@pytest.mark.parametrize("path", IDENTITIES)
def test_conditional(path: str) -> None:
    assert (
        state(LIVE[path](allow(actions(path), Condition=MFA)).found(path)) == "conditional aws:MultiFactorAuthPresent"
    )
    hours = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    found = LIVE[path](allow("*", "arn:aws:s3:::x"), allow(actions(path), Condition=hours)).found(path)
    assert state(found) == "conditional aws:SourceIp"


# -- single cases


@pytest.mark.parametrize("name", ["AttachUserPolicy", "AttachRolePolicy", "AttachGroupPolicy"])
def test_which_policies_may_be_attached(name: str) -> None:
    path = {"AttachUserPolicy": "iam-008", "AttachRolePolicy": "iam-009", "AttachGroupPolicy": "iam-010"}[name]

    def attached(*statements: Document, **condition: Any) -> str:
        made = LIVE[path](allow(f"iam:{name}", Condition=condition), *statements)
        made.managed("team-all", EVERYTHING, attachment_count=0)
        return state(made.found(path))

    write = allow("iam:CreatePolicy", arn("policy", "own-*"))
    some = "iam:PolicyARN"
    assert attached(ArnEquals={some: "arn:aws:iam::aws:policy/ReadOnlyAccess"}) == ""
    assert attached(ArnLike={some: arn("policy", "own-*")}) == ""
    assert attached(ArnLike={some: arn("policy", "own-*")}) == ""
    assert attached(write, ArnLike={some: arn("policy", "own-*")}) == "live"
    assert attached(ArnLike={some: arn("policy", "team-*")}) == "live"
    assert attached(ArnNotEquals={some: "arn:aws:iam::aws:policy/AdministratorAccess"}) == "live"


def test_the_target_must_have_a_boundary() -> None:
    forced = {"StringEquals": {"iam:PermissionsBoundary": arn("policy", "edge")}}
    made = role_alone(allow(["iam:AttachRolePolicy", "iam:PutRolePolicy"], Condition=forced))
    assert (state(made.found("iam-005")), state(made.found("iam-009"))) == ("", "")


def test_a_boundary_that_leaves_enough_is_no_way_out() -> None:
    made = role_alone(allow("iam:PutRolePolicy"), boundary=arn("policy", "edge"))
    made.managed("edge", document({"Effect": "Allow", "NotAction": "organizations:*", "Resource": "*"}))
    assert state(made.found("iam-005")) == "live"


def test_one_who_has_all_that_guardrails_leave_gains_nothing() -> None:
    some = ["iam:*", "s3:*"]
    made = role_alone(allow(some))
    assert state(made.found("iam-005", scp=[{"most": document(allow(some))}])) == ""


def test_one_guardrail_holds_for_some_only() -> None:
    """The SCP lets one role out, and that is not the caller."""
    others = {"ArnNotLike": {"aws:PrincipalArn": arn("role", "zeta")}}
    stop = {"stop": document(deny("iam:*", Sid="Stop", Condition=others))}
    made = role_alone(allow("iam:PutRolePolicy"))
    made.role("zeta", allow("iam:PutRolePolicy"))
    facts = made.told(scp=[FULL_ACCESS | stop])
    states = [[state(one) for one in facts.escalation.escalations(role)] for role in facts.snapshot.roles]
    assert states == [["blocked scp:stop@Root#Stop"] * len(states[0]), ["live"] * len(states[1])]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, "conditional aws:MultiFactorAuthPresent"),
        ({"StringEquals": {"sts:ExternalId": "x"}}, "conditional sts:ExternalId"),
        ({"StringEquals": {"aws:PrincipalTag/team": "platform"}}, ""),
        ({"ArnEquals": {"aws:PrincipalArn": arn("user", "other")}}, ""),
        ({"ArnEquals": {"aws:PrincipalArn": arn("user", "caller")}}, "live"),
        ({"StringEquals": {"sts:RoleSessionName": "x"}}, "live"),
    ],
)
def test_conditions_of_the_trust(condition: dict[str, Any], expected: str) -> None:
    statement = {**OPEN["Statement"][0], "Condition": condition}
    assert state(open_role(allow("sts:AssumeRole"), trusts=trust(statement)).found("sts-001")) == expected


def test_a_trust_that_names_the_caller_needs_no_permission() -> None:
    assert state(beside_role(trusts=trust(AWS=arn("user", "caller"))).found("sts-001")) == "live"
    assert state(beside_role(trusts=trust(AWS=arn("user", "other"))).found("sts-001")) == ""
    outside = trust(AWS="arn:aws:iam::000000000009:root")
    assert state(beside_role(allow("sts:AssumeRole"), trusts=outside).found("sts-001")) == ""


def test_a_rewritten_trust_needs_no_permission_but_bears_no_deny() -> None:
    rewriting = allow("iam:UpdateAssumeRolePolicy")
    assert state(beside_role(rewriting).found("iam-012")) == "live"
    stop = {"stop": document(deny("sts:AssumeRole", Sid="Stop"))}
    assert state(beside_role(rewriting).found("iam-012", scp=[FULL_ACCESS | stop])) == "blocked scp:stop@Root#Stop"
    most = {"most": document(allow("iam:*"))}
    assert state(beside_role(rewriting).found("iam-012", scp=[most])) == "blocked scp:@Root#0"


@pytest.mark.parametrize("path", ["/aws-service-role/x.amazonaws.com/", "/aws-reserved/sso.amazonaws.com/"])
def test_roles_that_nobody_can_change(path: str) -> None:
    every = allow(["iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy", "iam:AttachRolePolicy", "sts:AssumeRole"])
    made = alone(every)
    made.role("AWSReservedSSO_Admin_0123456789abcdef", allow("*"), trusts=CLOSED, path=path)
    assert [one.path.id for one in made.told().escalation.escalations(made.entities[0])] == []
    assert made.told().escalation.escalations(made.entities[1]) == ()


def test_what_is_not_known_of_users_is_said() -> None:
    made = beside_user(allow(["iam:CreateLoginProfile", "iam:UpdateLoginProfile"]))
    for path in ("iam-004", "iam-006"):
        found = made.found(path)
        assert found
        assert (state(found), found.unseen) == ("live", ("whether user chief has a password is not known",))


def test_a_policy_with_five_versions_takes_no_sixth() -> None:
    from tests.findings.analysis.escalation.accounts import versions

    def found(*statements: Document) -> str:
        made = Account()
        held = made.managed("own", NOTHING, versions=versions(5))
        made.user("caller", allow("iam:CreatePolicyVersion"), *statements, attached=(held,))
        return state(made.found("iam-001"))

    assert (found(), found(allow("iam:DeletePolicyVersion"))) == ("", "live")


def test_a_group_gives_its_members_the_way() -> None:
    made = Account()
    made.user("caller", groups=("staff",))
    made.add(group("staff", inline=made.inline(own=document(allow("iam:PutGroupPolicy")))))
    assert state(made.found("iam-011")) == "live"


def test_changed_only_through_a_service() -> None:
    """CloudFormation may call for the caller; whether it can be made to is another question."""
    via = {"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}}
    assert state(role_alone(allow("iam:PutRolePolicy", Condition=via)).found("iam-005")) == "conditional aws:CalledVia"
    itself = {"Bool": {"aws:ViaAWSService": "false"}}
    assert state(role_alone(allow("iam:PutRolePolicy", Condition=itself)).found("iam-005")) == "live"
