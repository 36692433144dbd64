"""Every condition operator with every modifier (IAM user guide, "Condition operators" and "Set operators for multivalued context
keys"). Each row is asked of an Allow, of a Deny, and of the key being unknown or absent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.findings.policy.vectors import ALL, ROLE, USER, asked, said
from tests.findings.worlds import allow, deny

K = "x:Key"
V4, V6 = "203.0.113.0/24", "2001:DB8:1234:5678::/64"
ROLES = "arn:aws:iam::*:role/*"
APP = "arn:aws:iam::111111111111:role/app"
NOON = "2026-01-01T12:00:00Z"
NOON_SECONDS = "1767268800"


def holds(operator: str, wanted: Any, value: Any, **more: Any) -> bool:
    """Whether the condition holds for a request with the value; an Allow and a Deny must agree."""
    condition = {operator: {K: wanted}}
    context = {K: value, **more.pop("context", {})}
    given = said(asked(allow("*", Condition=condition), context=context, **more))
    taken = said(asked(ALL, deny("*", Condition=condition), context=context, **more))
    assert (given, taken) in (("allowed", "explicit"), ("implicit", "allowed"))
    return given == "allowed"


@pytest.mark.parametrize(
    ("operator", "wanted", "yes", "no"),
    [
        ("StringEquals", "a", ["a"], ["A", "ab", "", "b"]),
        ("stringequals", "a", ["a"], ["b"]),
        ("StringEquals", ["a", "b"], ["a", "b"], ["c"]),
        ("StringEquals", "a*", ["a*"], ["ab"]),
        ("StringEquals", 5, ["5"], ["6"]),
        ("StringEquals", True, ["true"], ["True", "false"]),
        ("StringEquals", [], [], ["a"]),
        ("StringEqualsIgnoreCase", "Ab", ["ab", "AB"], ["b"]),
        ("StringLike", "a*", ["a", "abc"], ["ba", "A"]),
        ("StringLike", "?", ["a"], ["", "ab"]),
        ("StringLike", ["home/", "home/b/*"], ["home/", "home/b/c"], ["home/c"]),
        ("StringLike", "[a]", ["[a]"], ["a"]),
        ("StringLike", "*", ["a", ""], []),
        ("ArnLike", ROLES, [APP, "arn:aws:iam::1:role/a/b"], ["arn:aws:iam::1:user/a", "x", "arn:aws:iam:eu:1:role/a"]),
        ("ArnEquals", ROLES, [APP], ["arn:aws:iam::1:user/a"]),
        ("ArnEquals", APP, [APP], [APP.upper(), f"{APP}2"]),
        ("ArnLike", "arn:*:iam::*:role/app", [APP, "arn:aws-cn:iam::1:role/app"], ["arn:aws:iam::1:role/ap"]),
        ("ArnLike", "arn:aws:iam::?1111111111?:role/app", [APP], []),
        # a star stays in its field
        ("ArnLike", "arn:aws:iam:*:role/app", [], [APP]),
        ("ArnLike", "arn:aws:*", [], [APP]),
        ("ArnLike", "arn:aws:sns:*:*:*", ["arn:aws:sns:eu-west-1:1:t", "arn:aws:sns:eu-west-1:1:t:sub"], [APP]),
        ("StringLike", "arn:aws:iam:*:role/app", [APP], []),
        ("NumericEquals", "10", ["10", "10.0", "+10", "1e1"], ["11", "ten", "", "1_0", "0x0a"]),
        ("NumericEquals", 10, ["10"], ["11"]),
        ("NumericEquals", ["1", "2"], ["2"], ["3"]),
        ("NumericEquals", "0.1", ["0.10", "1e-1"], ["0.1000000000000000001"]),
        ("NumericLessThan", "10", ["9", "-1", "9.99"], ["10", "11", "x"]),
        ("NumericLessThanEquals", "10", ["10", "9"], ["10.01"]),
        ("NumericGreaterThan", "10", ["11", "99999999999999999999"], ["10", "9"]),
        ("NumericGreaterThanEquals", "10", ["10"], ["9.99"]),
        ("NumericLessThan", "ten", [], ["1"]),
        ("NumericLessThan", ["5", "20"], ["15"], ["25"]),
        ("DateEquals", NOON, [NOON, NOON_SECONDS, "2026-01-01T13:00:00+01:00", "2026-01-01T12:00Z"], ["2026-01-01"]),
        ("DateEquals", "2026-01-01", ["2026-01-01T00:00:00Z", "2026-01", "2026"], [NOON]),
        ("DateLessThan", NOON, ["2025-12-31T23:59:59Z", "1767268799"], [NOON, "2027-01-01", "soon"]),
        ("DateLessThanEquals", NOON_SECONDS, [NOON], ["2026-01-01T12:00:00.1Z"]),
        ("DateGreaterThan", NOON, ["2026-01-01T12:00:01Z"], [NOON]),
        ("DateGreaterThanEquals", NOON, [NOON], ["2025-01-01"]),
        ("Bool", "true", ["true", "True", "TRUE"], ["false", "1", "yes", ""]),
        ("Bool", True, ["true"], ["false"]),
        ("Bool", ["true", "false"], ["true", "false"], ["maybe"]),
        ("Bool", "yes", [], ["yes", "true"]),
        ("BinaryEquals", "QQ==", ["QQ=="], ["QUI=", "A", "!"]),
        ("IpAddress", V4, ["203.0.113.1", "203.0.113.255"], ["203.0.114.1", "2001:db8:1234:5678::1", "x", "203.0.113"]),
        ("IpAddress", "203.0.113.9", ["203.0.113.9"], ["203.0.113.8"]),
        ("IpAddress", "203.0.113.9/24", ["203.0.113.1"], ["203.0.112.1"]),
        ("IpAddress", V6, ["2001:db8:1234:5678::1", "2001:0DB8:1234:5678:0:0:0:1"], ["2001:db8:1234:5679::1"]),
        ("IpAddress", [V4, V6], ["203.0.113.1", "2001:db8:1234:5678::1"], ["10.0.0.1"]),
        ("IpAddress", "0.0.0.0/0", ["10.0.0.1"], ["::1"]),
        ("IpAddress", "300.0.0.0/8", [], ["10.0.0.1"]),
    ],
)
def test_positive_operators(operator: str, wanted: Any, yes: list[str], no: list[str]) -> None:
    for value in (*yes, *no):
        assert holds(operator, wanted, value) is (value in yes), value
        assert holds(f"{operator}IfExists", wanted, value) is (value in yes), value
    assert not holds(operator, wanted, None)
    assert holds(f"{operator}IfExists", wanted, None)


@pytest.mark.parametrize(
    ("operator", "wanted", "yes", "no"),
    [
        ("StringNotEquals", ["a", "b"], ["c", "A", ""], ["a", "b"]),
        ("StringNotEqualsIgnoreCase", "A", ["b"], ["a", "A"]),
        ("StringNotLike", "a*", ["b"], ["a", "ab"]),
        ("ArnNotLike", ROLES, ["arn:aws:iam::1:user/a", "x"], [APP]),
        ("ArnNotEquals", ROLES, ["arn:aws:iam::1:user/a"], [APP]),
        ("NumericNotEquals", "10", ["9", "x"], ["10", "10.0"]),
        ("DateNotEquals", NOON, ["2026-01-01"], [NOON, NOON_SECONDS]),
        ("NotIpAddress", [V4, V6], ["10.0.0.1", "::1"], ["203.0.113.1", "2001:db8:1234:5678::1"]),
    ],
)
def test_negated_operators(operator: str, wanted: Any, yes: list[str], no: list[str]) -> None:
    for value in (*yes, *no):
        assert holds(operator, wanted, value) is (value in yes), value
    assert holds(operator, wanted, None)
    assert holds(f"{operator}IfExists", wanted, None)
    assert not holds(f"{operator}IfExists", wanted, no[0])


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "expected"),
    [
        ("Null", "true", None, True),
        ("Null", "true", "a", False),
        ("Null", "false", None, False),
        ("Null", "false", "a", True),
        ("Null", "False", "a", True),
        ("Null", True, None, True),
        ("Null", ["true", "false"], None, True),
        ("Null", "maybe", None, False),
        ("Null", "true", [], True),
        # ForAllValues: every value of the request matches one of the policy; none at all, or an empty text, holds
        ("ForAllValues:StringEquals", ["a", "b"], ["a"], True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
        ("ForAllValues:StringEquals", ["a"], None, True),
        ("ForAllValues:StringEquals", ["a"], [], True),
        ("ForAllValues:StringEquals", ["a"], "", True),
        ("ForAllValues:StringEquals", ["a"], "A", False),
        ("forallvalues:stringlike", ["a*"], ["ab", "ac"], True),
        ("ForAllValues:StringEqualsIfExists", ["a"], None, True),
        ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], True),
        ("ForAllValues:StringNotEquals", ["a", "b"], ["a", "c"], False),
        ("ForAllValues:StringNotEquals", ["a"], None, True),
        ("ForAllValues:Bool", ["true"], ["true", "true"], True),
        ("ForAllValues:Bool", ["true"], ["true", "false"], False),
        ("ForAllValues:ArnLike", [ROLES], [APP, "x"], False),
        ("ForAllValues:IpAddress", [V4], ["203.0.113.1", "203.0.113.2"], True),
        ("ForAllValues:NumericLessThan", ["5"], ["1", "9"], False),
        # ForAnyValue: one value of the request does; none at all does not
        ("ForAnyValue:StringEquals", ["a", "b"], ["a", "c"], True),
        ("ForAnyValue:StringEquals", ["a", "b"], ["c"], False),
        ("ForAnyValue:StringEquals", ["a"], None, False),
        ("ForAnyValue:StringEquals", ["a"], [], False),
        ("ForAnyValue:StringEqualsIfExists", ["a"], None, False),
        ("ForAnyValue:StringEqualsIfExists", ["a"], [], False),
        ("ForAnyValue:StringEqualsIfExists", ["a"], ["b", "a"], True),
        ("ForAnyValue:StringNotEqualsIfExists", ["a"], None, False),
        ("ForAnyValue:BoolIfExists", ["true"], None, False),
        ("ForAnyValue:StringLike", ["a*"], ["x", "ab"], True),
        ("ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True),
        ("ForAnyValue:StringNotEquals", ["a"], ["a"], False),
        ("ForAnyValue:StringNotEquals", ["a"], None, False),
        ("ForAnyValue:Bool", ["true"], ["false", "true"], True),
        ("ForAnyValue:NumericGreaterThan", ["5"], ["1", "9"], True),
        # several values without a set operator
        ("StringEquals", "a", ["a", "b"], True),
        ("StringNotEquals", "a", ["a", "b"], False),
    ],
)
def test_null_and_sets(operator: str, wanted: Any, value: Any, expected: bool) -> None:
    assert holds(operator, wanted, value) is expected


@pytest.mark.parametrize(
    ("conditions", "context", "expected"),
    [
        # all operators and all keys of a block must hold, one value of each is enough
        ({"StringEquals": {"x:a": "1", "x:b": ["2", "3"]}}, {"x:a": "1", "x:b": "3"}, "allowed"),
        ({"StringEquals": {"x:a": "1", "x:b": "2"}}, {"x:a": "1", "x:b": "9"}, "implicit"),
        ({"StringEquals": {"x:a": "1"}, "Bool": {"x:b": "true"}}, {"x:a": "1", "x:b": "true"}, "allowed"),
        ({"StringEquals": {"x:a": "1"}, "Bool": {"x:b": "true"}}, {"x:a": "1", "x:b": "false"}, "implicit"),
        # keys are named in the policy's spelling, whatever case the request has
        ({"StringEquals": {"x:A": "1"}}, {"X:a": "1"}, "allowed"),
        ({"StringEquals": {"X:Bee": "1"}}, {}, "X:Bee"),
        ({"StringEquals": {"x:a": "1", "x:b": "2"}}, {"x:a": "1"}, "x:b"),
        ({"StringEquals": {"x:a": "1", "x:b": "2"}}, {}, "x:a x:b"),
        ({"StringEquals": {"x:a": "1", "x:b": "2"}}, {"x:a": "9"}, "implicit"),
        # what holds whatever the key is does not hang on it
        ({"StringLikeIfExists": {"x:a": "*"}}, {}, "allowed"),
        ({"StringLike": {"x:a": "*"}}, {}, "x:a"),
        ({"Null": {"x:a": "true"}}, {}, "x:a"),
        ({"Null": {"x:a": ["true", "false"]}}, {}, "allowed"),
        ({"Bool": {"x:a": "odd"}}, {}, "implicit"),
        ({"IpAddress": {"aws:SourceIp": "nowhere"}}, {}, "implicit"),
        ({"StringEqualsIfExists": {"x:a": "1"}}, {}, "x:a"),
        ({"ForAllValues:StringEquals": {"x:a": "1"}}, {}, "x:a"),
        ({"ForAnyValue:StringEquals": {"x:a": "1"}}, {}, "x:a"),
        ({"StringNotEquals": {"x:a": "1"}}, {}, "x:a"),
        # what IAM would refuse, or is newer than we are, may mean anything
        ({"StringMatches": {"x:a": "1"}}, {"x:a": "1"}, "x:a"),
        ({"NullIfExists": {"x:a": "true"}}, {"x:a": "1"}, "x:a"),
    ],
)
def test_several_and_missing_keys(conditions: dict[str, Any], context: dict[str, Any], expected: str) -> None:
    assert said(asked(allow("*", Condition=conditions), context=context)) == expected


def test_a_key_counts_once_however_it_is_spelled() -> None:
    both = (allow("*", Condition={"StringEquals": {key: "1"}}) for key in ("x:a", "X:A"))
    assert len(asked(*both).keys) == 1


def test_what_is_sure_does_not_hang_on_a_key_beside_it() -> None:
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    assert said(asked(ALL, allow("*", Condition=mfa))) == "allowed"
    assert said(asked(ALL, deny("*"), deny("*", Condition=mfa))) == "explicit"
    assert said(asked(allow("*", Condition=mfa), deny("s3:*"))) == "explicit"
    assert said(asked(allow("*", Condition=mfa), boundary=[allow("sqs:*")])) == "implicit"


OWN = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
NOT_OWN = {"StringNotEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
UNTAGGED = {"aws:PrincipalTag/team": None}


@pytest.mark.parametrize(
    ("condition", "context", "more", "expected"),
    [
        (OWN, {"aws:ResourceTag/team": "red"}, {}, "allowed"),
        (OWN, {"aws:ResourceTag/team": "blue"}, {}, "implicit"),
        (OWN, {}, {}, "aws:ResourceTag/team"),
        (OWN, {"aws:ResourceTag/team": "red"}, {"version": "2008-10-17"}, "implicit"),
        (OWN, {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}, {"version": ""}, "allowed"),
        # a variable without a value equals nothing, and differs from everything
        (OWN, {"aws:ResourceTag/team": "red", **UNTAGGED}, {}, "implicit"),
        (NOT_OWN, {"aws:ResourceTag/team": "red", **UNTAGGED}, {}, "allowed"),
        (NOT_OWN, {"aws:ResourceTag/team": "red"}, {}, "implicit"),
        (
            {"StringLike": {"s3:prefix": "home/${aws:username}/*"}},
            {"s3:prefix": "home/bob/x"},
            {"caller": USER},
            "allowed",
        ),
        ({"StringLike": {"s3:prefix": "home/${aws:username}/*"}}, {"s3:prefix": "home/app/x"}, {}, "implicit"),
        ({"StringLike": {"x:a": "${x:b}"}}, {"x:a": "ab", "x:b": "a*"}, {}, "implicit"),
        ({"StringLike": {"x:a": "a${*}"}}, {"x:a": "a*"}, {}, "allowed"),
        ({"StringLike": {"x:a": "a${*}"}}, {"x:a": "ab"}, {}, "implicit"),
        ({"StringEquals": {"x:a": "${x:b, 'none'}"}}, {"x:a": "none", "x:b": None}, {}, "allowed"),
        ({"StringEquals": {"x:a": "${x:b}"}}, {"x:a": "1"}, {}, "x:b"),
        ({"StringLike": {"x:a": ["${x:b}*", "*"]}}, {}, {}, "x:a"),
        ({"StringEqualsIgnoreCase": {"x:a": "${x:b}"}}, {"x:a": "A", "x:b": "a"}, {}, "allowed"),
        ({"ArnLike": {"x:a": "arn:aws:iam::${aws:PrincipalAccount}:role/*"}}, {"x:a": APP}, {}, "allowed"),
        ({"ArnLike": {"x:a": "arn:aws:iam::${aws:PrincipalAccount}:user/*"}}, {"x:a": APP}, {}, "implicit"),
        ({"Bool": {"x:a": "${x:b}"}}, {"x:a": "true", "x:b": "TRUE"}, {}, "allowed"),
        ({"Bool": {"x:a": "${x:b}"}}, {"x:a": "true", "x:b": "false"}, {}, "implicit"),
        ({"NumericEquals": {"x:a": "${x:b}"}}, {"x:a": "1", "x:b": "1"}, {}, "implicit"),
    ],
)
def test_variables_in_conditions(
    condition: dict[str, Any], context: dict[str, Any], more: dict[str, Any], expected: str
) -> None:
    assert said(asked(allow("*", Condition=condition), context=context, **{"caller": ROLE, **more})) == expected
