from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from findings.policy.document import Condition, Document, Effect, Principals, Unreadable, read

ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def one(**changes: Any) -> Any:
    """The single statement of a document made of ALLOW and changes; None takes an element away."""
    statement = {k: v for k, v in {**ALLOW, **changes}.items() if v is not None}
    document = read({"Version": "2012-10-17", "Statement": statement})
    assert isinstance(document, Document), document
    return document.statements[0]


def test_single_values_are_lists() -> None:
    assert one() == one(Action=["s3:GetObject"], Resource=["*"])
    assert read({"Statement": ALLOW}) == read({"Statement": [ALLOW]})
    assert one(Principal={"AWS": "123456789012"}).principals == Principals(aws=("123456789012",))


def test_case_of_actions_stays_and_case_of_elements_is_exact() -> None:
    assert one(Action=["S3:getobject"]).actions == ("S3:getobject",)
    assert isinstance(read({"Statement": {"effect": "Allow", "Action": "*"}}), Unreadable)
    assert isinstance(read({"statement": ALLOW}), Unreadable)
    assert one(action="iam:*").actions == ("s3:GetObject",)


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", Principals(anyone=True)),
        ({"AWS": "*"}, Principals(anyone=True)),
        ({"AWS": ["*", "123456789012"]}, Principals(anyone=True, aws=("123456789012",))),
        ({"AWS": "AROAEXAMPLE"}, Principals(aws=("AROAEXAMPLE",))),
        (
            {"Service": ["ec2.amazonaws.com"], "Federated": "x"},
            Principals(service=("ec2.amazonaws.com",), federated=("x",)),
        ),
        ({"CanonicalUser": "79a5"}, Principals(canonical_user=("79a5",))),
        ({}, Principals()),
    ],
)
def test_principals(principal: Any, expected: Principals) -> None:
    assert one(Principal=principal, Resource=None).principals == expected


def test_negations() -> None:
    statement = one(Action=None, Resource=None, NotAction="iam:*", NotResource=["a", "b"], NotPrincipal="*")
    assert (statement.actions, statement.not_actions) == (None, ("iam:*",))
    assert (statement.resources, statement.not_resources) == (None, ("a", "b"))
    assert (statement.principals, statement.not_principals) == (None, Principals(anyone=True))


@pytest.mark.parametrize(
    ("value", "values"),
    [
        (True, ("true",)),
        (False, ("false",)),
        (3600, ("3600",)),
        (1.5, ("1.5",)),
        ("x", ("x",)),
        (["a", 1], ("a", "1")),
        ([], ()),
    ],
)
def test_condition_values_become_text(value: Any, values: tuple[str, ...]) -> None:
    assert one(Condition={"Bool": {"aws:X": value}}).conditions == (Condition("Bool", "aws:X", values),)


def test_version_decides_on_variables() -> None:
    assert [
        read({**v, "Statement": []}).has_variables for v in ({}, {"Version": "2008-10-17"}, {"Version": "2012-10-17"})
    ] == [  # type: ignore[union-attr]
        False,
        False,
        True,
    ]


def test_text_is_parsed() -> None:
    assert read(json.dumps({"Statement": ALLOW})) == read({"Statement": ALLOW})
    assert read(json.dumps({"Statement": ALLOW}).encode()) == read({"Statement": ALLOW})


def test_big_document_is_read() -> None:
    document = read(
        {"Statement": [{**ALLOW, "Sid": f"S{n}", "Resource": [f"arn:aws:s3:::b{n}/*"] * 20} for n in range(2000)]}
    )
    assert isinstance(document, Document)
    assert document.statements[-1].sid == "S1999"
    assert document.statements[0].effect is Effect.ALLOW


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("not json", "the text is not JSON"),
        ("", "the text is not JSON"),
        (b"\xff", "the text is not JSON"),
        ("[" * 100_000, "too deeply"),
        (None, "this is null"),
        ([], "this is a list"),
        ("3", "this is a number"),
        ({}, "no Statement"),
        ({"Statement": "Allow"}, "Statement is text"),
        ({"Statement": [ALLOW, None]}, "statement 2 is null"),
        ({"Statement": {**ALLOW, "Effect": "allow"}}, "statement 1: Effect must be Allow or Deny"),
        ({"Statement": {**ALLOW, "Effect": ["Allow"]}}, "Effect must be"),
        ({"Statement": {**ALLOW, "NotAction": "*"}}, "Action and NotAction exclude each other"),
        ({"Statement": {**ALLOW, "Action": [1]}}, "statement 1: Action is a number"),
        ({"Statement": {**ALLOW, "Resource": {"a": 1}}}, "statement 1: Resource is an object"),
        ({"Statement": {**ALLOW, "Principal": "arn:aws:iam::1:root"}}, "Principal is text"),
        ({"Statement": {**ALLOW, "Principal": {"Aws": "*"}}}, "unknown kind Aws"),
        ({"Statement": {**ALLOW, "Principal": {"AWS": None}}}, "Principal.AWS is null"),
        ({"Statement": {**ALLOW, "Condition": []}}, "Condition is a list"),
        ({"Statement": {**ALLOW, "Condition": {"Bool": True}}}, "Condition Bool is true"),
        ({"Statement": {**ALLOW, "Condition": {"Bool": {"k": {}}}}}, "Condition Bool k is an object"),
        ({"Statement": {**ALLOW, "Condition": {"NumericEquals": {"k": 10**5000}}}}, "number too long"),
        ({"Statement": {**ALLOW, "Sid": 3}}, "Sid is a number"),
        ({"Version": 2012, "Statement": ALLOW}, "Version is a number"),
        ({"Version": "2027-01-01", "Statement": ALLOW}, "Version 2027-01-01 is not known"),
        ({"Statement": ALLOW, "Scope": "all"}, "Scope is no element that is known"),
        ({"Statement": [ALLOW, {**ALLOW, "Unless": {}}]}, "statement 2: Unless is no element that is known"),
    ],
)
def test_unreadable_says_where_and_why(raw: Any, reason: str) -> None:
    found = read(raw)
    assert isinstance(found, Unreadable)
    assert reason in found.reason


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
elements = st.sampled_from(
    ["Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition", "Sid"]
)
plausible = st.sampled_from(["Allow", "Deny", "*", {"AWS": "*"}, {"Bool": {"a": True}}, ["s3:*"], [[]], {}])
statements = st.dictionaries(elements, plausible | json_values, max_size=6)
documents = st.fixed_dictionaries({"Statement": statements | st.lists(statements, max_size=3) | json_values})


@given(json_values | documents | documents.map(json.dumps) | st.text() | st.binary())
def test_never_raises(raw: Any) -> None:
    assert isinstance(read(raw), Document | Unreadable)
