"""Whom trust policies let in."""

from __future__ import annotations

from typing import Any

import pytest

from findings.analysis.trust.who import Admission, admitted
from findings.policy.document import read
from tests import builders as b

OTHER, STRANGER = "000000000002", "999999999999"
ANY = {"AWS": "*"}
HOLDS = {"StringEquals": {"aws:PrincipalOrgID": b.ORGANIZATION}}


def facts(*, organization: bool = True) -> Any:
    tree = (b.in_organization(), b.unit("r-1", ""), b.org_account(), b.org_account(OTHER))
    return b.facts(*tree, coverage=b.tree_coverage()) if organization else b.facts()


def allow(principal: Any, condition: Any = None, action: Any = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, **more}
    return statement | ({"Condition": condition} if condition else {})


def deny(principal: Any, condition: Any = None, **more: Any) -> dict[str, Any]:
    return allow(principal, condition, **more) | {"Effect": "Deny"}


def who(*statements: dict[str, Any], organization: bool = True) -> list[Admission]:
    document = read({"Version": "2012-10-17", "Statement": list(statements)})
    return list(admitted(document, facts(organization=organization)))


@pytest.mark.parametrize(
    "statement",
    [
        allow(ANY, action=["sts:TagSession", "sts:SetSourceIdentity"]),
        {"Effect": "Allow", "Principal": ANY, "NotAction": "sts:*"},
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"},
        allow({"Federated": f"arn:aws:iam::{b.ACCOUNT_ID}:saml-provider/okta"}),
        allow({"Service": "ec2.amazonaws.com"}, action="sts:AssumeRoleWithWebIdentity"),
        allow(ANY, action="s3:*"),
    ],
)
def test_who_is_not_let_in(statement: dict[str, Any]) -> None:
    assert who(statement) == []


@pytest.mark.parametrize("action", ["sts:AssumeRole", "STS:assumerole", "sts:*", "*", "sts:Assume*", "sts:AssumeRol?"])
def test_patterns_and_case_of_actions(action: str) -> None:
    (one,) = who(allow({"AWS": OTHER}, action=action))
    assert one.actions == ("sts:AssumeRole",)


ARN = f"arn:aws:iam::{STRANGER}:"
SAML, OIDC = f"{ARN}saml-provider/okta", f"{ARN}oidc-provider/gitlab.com"
WEB = "sts:AssumeRoleWithWebIdentity"


@pytest.mark.parametrize(
    ("principal", "action", "expected"),
    [
        ({"AWS": STRANGER}, "*", ("account", STRANGER, False)),
        ({"AWS": f"{ARN}root"}, "*", ("account", STRANGER, False)),
        ({"AWS": f"arn:aws-cn:iam::{OTHER}:role/path/app"}, "*", ("role", OTHER, True)),
        ({"AWS": f"{ARN}user/alice"}, "*", ("user", STRANGER, False)),
        ({"AWS": f"arn:aws:sts::{STRANGER}:assumed-role/app/session"}, "*", ("session", STRANGER, False)),
        ({"AWS": "AROAEXAMPLEEXAMPLE123"}, "*", ("deleted", "", None)),
        ({"AWS": "*"}, "*", ("anyone", "", False)),
        ("*", "*", ("anyone", "", False)),
        ({"Service": "ec2.amazonaws.com"}, "*", ("service", "", None)),
        ({"Federated": SAML}, "sts:AssumeRoleWithSAML", ("saml", STRANGER, None)),
        ({"Federated": OIDC}, WEB, ("oidc", STRANGER, None)),
        ({"Federated": "cognito-identity.amazonaws.com"}, WEB, ("oidc", "", None)),
        (
            {"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},
            "*",
            ("canonical", "", None),
        ),
    ],
)
def test_kinds_of_principals(principal: Any, action: str, expected: tuple[Any, ...]) -> None:
    (one,) = who(allow(principal, action=action))
    assert (one.kind, one.account, one.inside) == expected


def test_each_principal_of_each_statement() -> None:
    found = who(
        allow({"AWS": [OTHER, STRANGER], "Service": "ec2.amazonaws.com"}),
        deny({"AWS": OTHER}),
        allow({"AWS": STRANGER}),
    )
    assert [(a.statement, a.principal) for a in found] == [
        (1, STRANGER),
        (1, "ec2.amazonaws.com"),
        (3, STRANGER),
    ]


def arn_like(value: Any) -> dict[str, Any]:
    return {"ArnLike": {"aws:PrincipalArn": value}}


def equals(key: str, value: Any, operator: str = "StringEquals") -> dict[str, Any]:
    return {operator: {key: value}}


ROLE = f"arn:aws:iam::{OTHER}:role/x"
NARROWS = [
    (HOLDS, True, ()),
    (equals("AWS:principalorgid", b.ORGANIZATION, "StringLike"), True, ()),
    (equals("aws:PrincipalOrgID", "o-9"), False, ()),
    (equals("aws:PrincipalOrgPaths", f"{b.ORGANIZATION}/r-1/*", "ForAnyValue:StringLike"), True, ()),
    (equals("aws:PrincipalAccount", OTHER), True, (OTHER,)),
    (equals("aws:PrincipalAccount", [OTHER, STRANGER]), False, (OTHER, STRANGER)),
    (arn_like(f"arn:aws:iam::{STRANGER}:role/app-*"), False, (STRANGER,)),
    (equals("aws:PrincipalArn", ROLE), True, (OTHER,)),
    (equals("aws:PrincipalArn", "*"), True, ()),  # plain text, which no ARN is
    (arn_like("arn:aws:iam::*:role/x") | HOLDS, True, ()),
    (equals("aws:SourceVpce", "vpce-1"), None, ()),
    (equals("aws:SourceVpc", ["vpc-1", "vpc-2"]), None, ()),
    (equals("aws:userid", "AROAEXAMPLEEXAMPLE123:*", "StringLike"), None, ()),
    (equals("aws:PrincipalOrgPaths", f"{b.ORGANIZATION}/*", "ForAnyValue:StringLikeIfExists"), True, ()),
    (equals("aws:SourceAccount", OTHER), None, ()),
    (
        {"StringEqualsIfExists": {"aws:PrincipalOrgID": b.ORGANIZATION}, "Null": {"aws:PrincipalOrgID": "false"}},
        True,
        (),
    ),
]


@pytest.mark.parametrize(("condition", "inside", "accounts"), NARROWS)
def test_conditions_that_leave_some_of_everybody(condition: Any, inside: bool | None, accounts: Any) -> None:
    (one,) = who(allow(ANY, condition))
    assert (one.public, one.inside, one.accounts) == (False, inside, accounts)


WIDE = [
    None,
    equals("sts:ExternalId", "demo"),
    equals("aws:PrincipalOrgID", b.ORGANIZATION, "StringEqualsIfExists"),
    equals("aws:PrincipalOrgID", b.ORGANIZATION, "StringNotEquals"),
    equals("aws:PrincipalOrgID", "*", "StringLike"),
    equals("aws:PrincipalOrgID", "o-*", "StringLike"),
    equals("aws:PrincipalOrgPaths", f"{b.ORGANIZATION}/*", "ForAllValues:StringLike"),
    equals("aws:PrincipalOrgPaths", f"{b.ORGANIZATION}/*", "ForAllValues:StringLikeIfExists"),
    equals("aws:PrincipalAccount", STRANGER, "StringNotEquals"),
    equals("aws:PrincipalAccount", "*", "StringLike"),
    arn_like("*"),
    arn_like("arn:aws:iam::*:role/x"),
    arn_like([ROLE, "arn:aws:iam::*:role/x"]),
    equals("aws:PrincipalTag/team", "web"),
    equals("aws:SourceVpce", "*", "StringLike"),
    equals("aws:userid", "*:alice", "StringLike"),
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"Null": {"aws:PrincipalOrgID": "false"}},
]


@pytest.mark.parametrize("condition", WIDE)
def test_conditions_that_leave_everybody(condition: Any) -> None:
    (one,) = who(allow(ANY, condition))
    assert one.public


def test_an_unknown_organization_may_be_ours() -> None:
    (anyone,) = who(allow(ANY, HOLDS), organization=False)
    (account,) = who(allow({"AWS": STRANGER}, HOLDS), organization=False)
    (plain,) = who(allow({"AWS": STRANGER}), organization=False)
    assert (anyone.public, anyone.inside, account.inside, plain.inside) == (False, None, None, False)


def test_a_principal_of_ours_by_organization() -> None:
    (one,) = who(allow({"AWS": STRANGER}, HOLDS))
    assert one.inside is True


@pytest.mark.parametrize(
    "statement",
    [
        deny(ANY),
        deny("*"),
        deny({"AWS": STRANGER}),
        deny({"AWS": f"{ARN}root"}),
        deny({"AWS": f"{ARN}role/app"}, action="sts:*"),
        {"Effect": "Deny", "NotPrincipal": {"AWS": OTHER}, "Action": "sts:AssumeRole"},
    ],
)
def test_a_deny_takes_away(statement: dict[str, Any]) -> None:
    assert who(allow({"AWS": f"{ARN}role/app"}), statement) == []


@pytest.mark.parametrize(
    "statement",
    [
        deny({"AWS": f"{ARN}role/other"}),
        deny({"AWS": OTHER}),
        deny(ANY, action="sts:TagSession"),
        deny(ANY, {"Bool": {"aws:SecureTransport": "false"}}),
        {"Effect": "Deny", "NotPrincipal": {"AWS": STRANGER}, "Action": "sts:AssumeRole"},
    ],
)
def test_a_deny_of_others_does_not(statement: dict[str, Any]) -> None:
    (one,) = who(allow({"AWS": f"{ARN}role/app"}), statement)
    assert one.inside is False


def test_a_deny_of_all_but_some_narrows() -> None:
    spared = {"StringNotEquals": {"aws:PrincipalOrgID": b.ORGANIZATION}}
    services = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
    either = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": b.ORGANIZATION, "aws:PrincipalAccount": STRANGER}}
    for condition, inside in ((spared, True), (spared | services, True), (either, False)):
        (one,) = who(allow(ANY), deny(ANY, condition))
        assert (one.public, one.inside) == (False, inside)
    (one,) = who(allow(ANY), {"Effect": "Deny", "NotPrincipal": {"AWS": OTHER}, "Action": "sts:AssumeRole"})
    assert (one.public, one.accounts) == (False, (OTHER,))


@pytest.mark.parametrize(
    "condition",
    [
        {"StringNotEquals": {"aws:PrincipalOrgID": b.ORGANIZATION}, "Bool": {"aws:SecureTransport": "true"}},
        {"StringEquals": {"aws:PrincipalOrgID": "o-9"}},
        {"ForAnyValue:StringNotEquals": {"aws:PrincipalOrgPaths": "o-1/*"}},
        {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}},
    ],
)
def test_a_deny_that_leaves_strangers_does_not_narrow(condition: Any) -> None:
    (one,) = who(allow(ANY), deny(ANY, condition))
    assert one.public


def test_allow_with_not_principal_lets_the_rest_in() -> None:
    (one,) = who({"Effect": "Allow", "NotPrincipal": {"AWS": OTHER}, "Action": "sts:AssumeRole"})
    assert one.public


def test_an_unreadable_policy_admits_nobody_that_we_know() -> None:
    assert admitted(read("garbage"), facts()) == ()
