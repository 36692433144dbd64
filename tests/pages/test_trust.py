from __future__ import annotations

from typing import Any

import pytest

from findings.policy import document
from findings.policy.document import Condition
from iamdash.pages.trust import Who, condition_words, grants

OWN = "000000000001"
SEEN = {OWN: "payments-prod", "000000000002": "sandbox"}


def who(principal: Any) -> list[Who]:
    raw = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}}
    read = document.read(raw)
    assert isinstance(read, document.Document)
    return list(grants(read, OWN, SEEN)[0].who)


@pytest.mark.parametrize(
    ("principal", "text", "badge"),
    [
        ("*", "anyone, in any AWS account", "public"),
        ({"AWS": "*"}, "anyone, in any AWS account", "public"),
        ({"AWS": f"arn:aws:iam::{OWN}:root"}, "whoever this account's own policies let", "own account"),
        ({"AWS": OWN}, "whoever this account's own policies let", "own account"),
        ({"AWS": f"arn:aws:iam::{OWN}:role/a/b"}, "role a/b", "own account"),
        ({"AWS": "arn:aws:iam::000000000002:user/x"}, "user x in sandbox", "sandbox"),
        ({"AWS": "arn:aws:iam::000000000003:user/x"}, "user x in account 000000000003", "external"),
        ({"AWS": "000000000003"}, "whoever account 000000000003 lets", "external"),
        ({"AWS": "AROA1234567890"}, "a deleted principal (AROA1234567890)", "deleted"),
        ({"Service": "lambda.amazonaws.com"}, "the AWS service lambda.amazonaws.com", ""),
        ({"Federated": f"arn:aws:iam::{OWN}:saml-provider/Okta"}, "people through the SAML provider Okta", "SAML"),
        (
            {"Federated": f"arn:aws:iam::{OWN}:oidc-provider/gitlab.com"},
            "identities of the OIDC provider gitlab.com",
            "OIDC",
        ),
    ],
)
def test_who(principal: Any, text: str, badge: str) -> None:
    (found,) = who(principal)
    assert (found.text, found.badge) == (text, badge)
    assert found.strong == (badge in {"public", "external", "deleted"})


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Condition("StringEquals", "sts:ExternalId", ("a", "b")), "the external id is a or b"),
        (Condition("Bool", "aws:MultiFactorAuthPresent", ("true",)), "signed in with MFA"),
        (Condition("Bool", "aws:MultiFactorAuthPresent", ("false",)), "not signed in with MFA"),
        (
            Condition("BoolIfExists", "aws:MultiFactorAuthPresent", ("true",)),
            "signed in with MFA, if it is there at all",
        ),
        (
            Condition("ForAnyValue:StringLike", "gitlab.com:sub", ("project:*",)),
            "any value of gitlab.com:sub matches project:*",
        ),
        (Condition("StringEquals", "aws:PrincipalTag/x", ()), "aws:PrincipalTag/x is (no value)"),
        (Condition("NewOperator", "k", ("v",)), "k NewOperator v"),
    ],
)
def test_conditions(condition: Condition, words: str) -> None:
    assert condition_words(condition) == words


def test_a_deny_and_what_else_it_lets() -> None:
    raw = {
        "Statement": [
            {"Effect": "Deny", "NotPrincipal": {"AWS": OWN}, "Action": ["sts:AssumeRole", "sts:TagSession"]},
            {"Effect": "Allow", "Principal": "*", "NotAction": "sts:GetFederationToken"},
        ]
    }
    read = document.read(raw)
    assert isinstance(read, document.Document)
    deny, allow = grants(read, OWN, SEEN)
    assert (deny.allows, deny.who, deny.actions) == (False, (), ("sts:TagSession",))
    assert deny.but[0].badge == "own account"
    assert allow.actions == ("all but sts:GetFederationToken",)
