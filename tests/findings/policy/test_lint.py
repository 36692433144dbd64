"""Words of a policy that cannot have an effect."""

from __future__ import annotations

from typing import Any

import pytest

from findings.policy import lint
from findings.policy.catalogue import catalogue
from findings.policy.compiled import compile_document
from findings.policy.document import Document, read
from tests.findings.rules.policies import allow, deny, document

ORDERS, OBJECTS = "arn:aws:s3:::orders", "arn:aws:s3:::orders/*"


def faults(*statements: dict[str, Any], version: str = "2012-10-17") -> list[tuple[str, str]]:
    read_document = read(document(*statements, version=version))
    assert isinstance(read_document, Document)
    compiled = compile_document(read_document, catalogue())
    return [(one.fault, one.what) for one in lint.lint(read_document, compiled, catalogue())]


def condition(operator: str, key: str, *values: str) -> dict[str, Any]:
    return {"Condition": {operator: {key: list(values)}}}


@pytest.mark.parametrize(
    "statements",
    [
        [allow("S3:getobject", OBJECTS)],
        [allow(["s3:ListBucket", "s3:GetObject"], [ORDERS, OBJECTS])],
        [allow(["s3:ListBucket", "s3:GetObject"], OBJECTS)],
        [allow("*")],
        [allow("s3:*", ORDERS)],
        [allow(["s3:Get*"], OBJECTS)],
        [allow("iam:ChangePassword", "arn:aws:iam::*:user/${aws:username}")],
        [allow("s3:GetObject", "*", **condition("StringLike", "s3:prefix", "home/*"))],
        [allow("s3:*"), deny("s3:DeleteBucket")],
        [allow("s3:DeleteBucket"), deny("s3:DeleteBucket", "*", **condition("Bool", "aws:SecureTransport", "false"))],
        [allow("s3:DeleteBucket"), deny("s3:DeleteBucket", ORDERS)],
        [allow("*", Sid="A"), allow("s3:*", Sid="B")],
        [allow("*", Sid=""), allow("s3:*", Sid="")],
        [deny(None, NotAction=["iam:*", "sts:*"])],
        [allow("logs:PutLogEvents", "arn:aws:logs:*:*:log-group:/aws/lambda/app:*")],
        [allow("*", **condition("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::*:role/app"))],
        [allow("*", **condition("StringEquals", "aws:RequestTag/note", "${*}"))],
        [allow("sts:AssumeRole", "arn:aws:iam::*:role/app-*")],
        [allow("ssm:GetParameter", "arn:aws:ssm:*::parameter/aws/service/*")],
        [deny("s3:*", None, NotResource=[ORDERS, OBJECTS])],
    ],
)
def test_silent(statements: list[dict[str, Any]]) -> None:
    assert faults(*statements) == []


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow("s3:GetObjects"), (lint.UNKNOWN_ACTION, "s3:GetObjects")),
        (allow("s3x:*"), (lint.UNKNOWN_ACTION, "s3x:*")),
        (allow(["s3:GetObject", "s3:Frob*"]), (lint.UNKNOWN_ACTION, "s3:Frob*")),
        (deny(None, NotAction=["iam:*", "stss:*"]), (lint.UNKNOWN_ACTION, "stss:*")),
        (allow("s3:ListBucket", OBJECTS), (lint.NO_EFFECT, f"s3:ListBucket on {OBJECTS}")),
        (allow(None, NotAction="*"), (lint.NO_EFFECT, "NotAction on *")),
        (deny(["s3:DeleteBucket", "s3:DeleteObject"], OBJECTS), (lint.NEVER_DENIES, f"s3:DeleteBucket on {OBJECTS}")),
        (allow("s3:GetObject", ORDERS), (lint.NO_EFFECT, f"s3:GetObject on {ORDERS}")),
        (
            allow("ec2:DescribeInstances", "arn:aws:ec2:*:*:instance/i-1"),
            (lint.NO_EFFECT, "ec2:DescribeInstances on arn:aws:ec2:*:*:instance/i-1"),
        ),
        (deny("s3:DeleteBucket", OBJECTS), (lint.NEVER_DENIES, f"s3:DeleteBucket on {OBJECTS}")),
        (deny(None, NotAction="*"), (lint.NEVER_DENIES, "NotAction on *")),
        (
            allow("s3:GetObject", "*", **condition("StringEquals", "s3:prefix", "home/*")),
            (lint.EXACT, "StringEquals s3:prefix home/*"),
        ),
        (
            deny("s3:GetObject", "*", **condition("ForAnyValue:StringNotEqualsIfExists", "aws:TagKeys", "a*")),
            (lint.EXACT, "ForAnyValue:StringNotEqualsIfExists aws:TagKeys a*"),
        ),
    ],
)
def test_words_without_effect(statement: dict[str, Any], expected: tuple[str, str]) -> None:
    assert faults(statement) == [expected]


def test_unreachable() -> None:
    found = faults(allow(["s3:PutObject"], OBJECTS), deny("s3:Put*"))
    assert found == [(lint.UNREACHABLE, "denied on everything by the same policy")]


@pytest.mark.parametrize("version", ["", "2008-10-17"])
def test_variables_need_the_version(version: str) -> None:
    own = "arn:aws:iam::*:user/${aws:username}"
    assert faults(allow("iam:ChangePassword", own), version=version) == [(lint.VARIABLES, own)]
    assert faults(allow("s3:GetObject", OBJECTS), version=version) == []


def test_duplicate_sids() -> None:
    assert faults(allow("s3:*", Sid="A"), allow("sqs:*", Sid="A")) == [(lint.DUPLICATE, "A, 2 times")]
