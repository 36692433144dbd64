"""The lab's own evaluator: what must not be allowed first."""

import json

import pytest

from collectors.lab.policy_language import decide, trusts
from collectors.lab.population.trusts import allow, document

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/hub"
CONTEXT = {
    "aws:principalaccount": ACCOUNT,
    "aws:principalarn": ROLE,
    "aws:principalorgid": "o-1",
    "aws:multifactorauthpresent": "false",
    "lab:callerarn": f"arn:aws:sts::{ACCOUNT}:assumed-role/hub/s",
}


def equals(key: str, value: str) -> dict[str, dict[str, str]]:
    return {"StringEquals": {key: value}}


@pytest.mark.parametrize(
    ("trust", "expected"),
    [
        (document(allow({"AWS": "arn:aws:iam::999999999999:root"})), False),
        (document(allow({"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"})), False),
        (document(allow({"Service": "ec2.amazonaws.com"})), False),
        (document(allow({"AWS": ROLE}, "sts:AssumeRoleWithSAML")), False),
        (document(allow({"AWS": ROLE}, condition=equals("sts:ExternalId", "secret"))), False),
        (document(allow({"AWS": ROLE}, condition=equals("sts:externalid", "Given"))), False),
        (document(allow("*", condition=equals("aws:PrincipalOrgID", "o-2"))), False),
        (document(allow({"AWS": ROLE}, condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})), False),
        (document(allow("*", condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app-*"}})), False),
        (document(allow({"AWS": ROLE}, condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "1"}})), False),
        (document(allow("*"), allow({"AWS": ROLE}) | {"Effect": "Deny"}), False),
        (document(allow({"AWS": ROLE}, condition=equals("sts:ExternalId", "given"))), True),
        (document(allow({"AWS": ROLE}, condition={"StringLike": {"sts:ExternalId": ["x*", "gi?en"]}})), True),
        (document(allow({"AWS": ROLE}, condition={"StringNotEquals": {"aws:SourceVpc": "vpc-1"}})), True),
        (document(allow({"AWS": ROLE}, condition={"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}})), True),
        (document(allow({"AWS": ROLE}, condition={"Null": {"sts:ExternalId": "false"}})), True),
        (document(allow({"AWS": ACCOUNT}, ["sts:TagSession", "sts:assumerole"])), True),
        (document(allow({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})), True),
        (document(allow("*", condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/h*"}})), True),
    ],
)
def test_trust(trust: str, expected: bool) -> None:
    assert trusts(trust, CONTEXT | {"sts:externalid": "given"}) is expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Effect": "Allow", "Action": "iam:List*", "Resource": "*"}, "none"),
        ({"Effect": "Allow", "Action": "iam:GetUser", "Resource": "arn:aws:iam::*:user/bob"}, "none"),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, "none"),
        ({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:iam::*:user/*"}, "none"),
        ({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": equals("aws:RequestedRegion", "x")}, "none"),
        ({"Effect": "Deny", "Action": "IAM:get*", "Resource": "*"}, "deny"),
        ({"Effect": "Allow", "Action": ["sts:*", "iam:get?ser"], "Resource": "*"}, "allow"),
        ({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}, "allow"),
    ],
)
def test_identity_policy(statement: dict[str, object], expected: str) -> None:
    """A lone statement may stand without a list."""
    text = json.dumps({"Version": "2012-10-17", "Statement": statement})
    assert decide([text], "iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/ann", CONTEXT) == expected


def test_deny_wins_whatever_the_order() -> None:
    texts = [
        json.dumps({"Statement": [{"Effect": effect, "Action": "iam:*", "Resource": "*"}]})
        for effect in ("Deny", "Allow")
    ]
    assert decide(texts, "iam:GetUser", "*", CONTEXT) == "deny"
    assert decide(reversed(texts), "iam:GetUser", "*", CONTEXT) == "deny"
