from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from findings.analysis.trust.external import Standing
from findings.models import ExternalAccess
from findings.policy.document import Condition, Document
from iamdash.pages.trust import Grant, Naming, Who, condition_words, grants
from tests.builders import facts, role, trust

OWN = "000000000001"
SEEN = {OWN: "payments-prod", "000000000002": "sandbox"}


def read(*statements: dict[str, Any], found: tuple[ExternalAccess, ...] = (), judged: bool = True) -> list[Grant]:
    body = trust(*statements)
    made = role(trust=records.digest(body))
    known = facts(made, trusts=[body])
    document = known.document(made.trust)
    assert isinstance(document, Document)
    return grants(document, known.admitted(made), Naming(OWN, SEEN, found, judged=judged))


def allowing(principal: Any, action: str = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Principal": principal, **more}


def outsider(principal: str, standing: Standing, **more: Any) -> ExternalAccess:
    return ExternalAccess(statement=1, principal=principal, standing=standing.value, **more)


@pytest.mark.parametrize(
    ("principal", "text", "badge"),
    [
        ("*", "anyone, in any AWS account", "public"),
        ({"AWS": "*"}, "anyone, in any AWS account", "public"),
        ({"AWS": "arn:aws:iam::*:role/ci"}, "role ci, in any AWS account", "public"),
        ({"AWS": f"arn:aws:iam::{OWN}:root"}, "whoever this account's own policies let", "own account"),
        ({"AWS": OWN}, "whoever this account's own policies let", "own account"),
        ({"AWS": f"arn:aws:iam::{OWN}:role/a/b"}, "role a/b", "own account"),
        ({"AWS": "arn:aws:iam::000000000002:user/x"}, "user x in sandbox", "sandbox"),
        ({"AWS": "arn:aws:iam::000000000003:user/x"}, "user x in account 000000000003", "in the zone of trust"),
        ({"AWS": "AROA123456789012"}, "a deleted principal (AROA123456789012)", "deleted"),
        ({"AWS": "nonsense"}, "the principal nonsense", "unknown to IAM"),
        ({"Service": "lambda.amazonaws.com"}, "the AWS service lambda.amazonaws.com", ""),
    ],
)
def test_who(principal: Any, text: str, badge: str) -> None:
    ((found,),) = [grant.who for grant in read(allowing(principal))]
    assert (found.text, found.badge) == (text, badge)
    assert found.strong == (badge in {"public", "deleted"})


@pytest.mark.parametrize(
    ("provider", "action", "text", "badge"),
    [
        ("saml-provider/Okta", "sts:AssumeRoleWithSAML", "people through the SAML provider Okta", "SAML"),
        (
            "oidc-provider/gitlab.com",
            "sts:AssumeRoleWithWebIdentity",
            "identities of the OIDC provider gitlab.com",
            "OIDC",
        ),
    ],
)
def test_providers(provider: str, action: str, text: str, badge: str) -> None:
    (found,) = read(allowing({"Federated": f"arn:aws:iam::{OWN}:{provider}"}, action))
    assert found.who == (Who(text, badge),)


@pytest.mark.parametrize(
    ("standing", "more", "badge"),
    [
        (Standing.STRANGER, {}, Who("whoever account 000000000003 lets", "external", strong=True)),
        (Standing.VENDOR, {"vendor": "Datadog"}, Who("whoever account 000000000003 lets", "Datadog")),
        (Standing.UNSURE, {}, Who("whoever account 000000000003 lets", "may be ours", strong=True)),
    ],
)
def test_outsiders_are_those_of_the_last_judgement(standing: Standing, more: Any, badge: Who) -> None:
    (found,) = read(allowing({"AWS": "000000000003"}), found=(outsider("000000000003", standing, **more),))
    assert found.who == (badge,)


def test_before_a_judgement_no_other_account_is_called_ours() -> None:
    (found,) = read(allowing({"AWS": "000000000003"}), judged=False)
    assert found.who == (Who("whoever account 000000000003 lets", "not judged yet", strong=True),)


def test_anyone_under_a_condition_is_not_public() -> None:
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    (found,) = read(allowing("*", Condition=condition), found=(outsider("*", Standing.UNSURE),))
    assert found.who == (Who("anyone who meets the conditions", "may be ours", strong=True),)
    assert found.conditions == ("the caller's organization is o-1",)


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
            "any value of the token's sub matches project:*",
        ),
        (  # of no value, none is any
            Condition("ForAnyValue:StringLikeIfExists", "gitlab.com:sub", ("project:*",)),
            "any value of the token's sub matches project:*",
        ),
        (Condition("StringEquals", "aws:PrincipalTag/x", ()), "aws:PrincipalTag/x is (no value)"),
        (Condition("NewOperator", "k", ("v",)), "k NewOperator v"),
    ],
)
def test_conditions(condition: Condition, words: str) -> None:
    assert condition_words(condition) == words


def test_a_deny_and_what_else_it_lets() -> None:
    deny, allow = read(
        {"Effect": "Deny", "NotPrincipal": {"AWS": OWN}, "Action": ["sts:AssumeRole", "sts:TagSession"]},
        {"Effect": "Allow", "Principal": "*", "NotAction": "sts:GetFederationToken"},
    )
    assert (deny.allows, deny.who, deny.actions) == (False, (), ("sts:TagSession",))
    assert deny.but[0].badge == "own account"
    assert allow.actions == ("all but sts:GetFederationToken",)


def test_a_statement_that_lets_nobody_in_says_so() -> None:
    tags, taken, deny = read(
        allowing({"AWS": OWN}, "sts:TagSession"),
        allowing({"AWS": "000000000002"}),
        {"Effect": "Deny", "Principal": {"AWS": "000000000002"}, "Action": "sts:AssumeRole"},
    )
    assert (tags.nobody, tags.actions, tags.who[0].badge) == (True, ("sts:TagSession",), "own account")
    assert (taken.nobody, taken.allows) == (True, True)
    assert (deny.nobody, deny.allows, deny.who[0].text) == (False, False, "whoever account 000000000002 lets")


def test_a_deny_that_asks_for_more_is_among_the_conditions() -> None:
    allow, _ = read(
        allowing({"AWS": "000000000002"}),
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sts:AssumeRole",
            "Condition": {"StringNotEquals": {"sts:ExternalId": "a"}},
        },
    )
    assert allow.conditions == ("the external id is a",)
