"""What metric filters and rules of EventBridge select."""

from __future__ import annotations

import json
from typing import Any

import pytest

from findings.analysis.alarming import filters, patterns

EVENT: dict[str, Any] = {
    "eventName": "StopLogging",
    "errorCode": "Client.UnauthorizedOperation",
    "readOnly": False,
    "count": 3,
    "userIdentity": {"type": "Root", "sessionContext": {"mfa": None}},
    "list": [{"a": "one"}, {"a": "two"}],
}


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "{ $.eventName = StopLogging }",
        '{$.eventName="StopLogging"}',
        "{ $.eventName = * }",
        "{ $.errorCode = *UnauthorizedOperation }",
        '{ ($.errorCode = "*Unauth*") || ($.errorCode = "AccessDenied*") }',
        "{ $.eventName = Other || $.eventName = StopLogging && $.userIdentity.type = Root }",
        "{ ($.eventName = Other || $.eventName = StopLogging) && $.userIdentity.type = Root }",
        "{ $.userIdentity.invokedBy NOT EXISTS && $.userIdentity.type = Root }",
        "{ $.userIdentity.type != AssumedRole }",
        "{ $.userIdentity.sessionContext.mfa IS NULL }",
        "{ $.readOnly IS FALSE }",
        "{ $.readOnly = false }",
        "{ $.count >= 3 && $.count < 4 }",
        "{ $.count = 3 }",
        '{ $.list[1].a = "two" }',
        "{ $.list[*].a = two }",
        "{ $['eventName'] = StopLogging }",
        '"StopLogging" Root',
        "?StopLogging ?StartLogging",
        "StopLogging -StartLogging",
    ],
)
def test_a_filter_selects(pattern: str) -> None:
    assert filters.compiled(pattern)(EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.eventName = stoplogging }",
        "{ $.eventName = Stop }",
        "{ $.eventName = *Start* }",
        "{ $.missing = * }",
        "{ $.missing != x }",
        "{ $.userIdentity.type NOT EXISTS }",
        "{ $.readOnly IS TRUE }",
        "{ $.count > 3 }",
        "{ $.eventName > 3 }",
        "{ $.list = one }",
        "{ $.list[7].a = one }",
        "{ ($.eventName = Other || $.eventName = StopLogging) && $.userIdentity.type = IAMUser }",
        "{ $.eventName = " + "*a" * 400 + " }",
        "StartLogging",
        "?StartLogging ?DeleteTrail",
        "StopLogging -Root",
    ],
)
def test_a_filter_does_not_select(pattern: str) -> None:
    assert not filters.compiled(pattern)(EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        "{ }",
        "{ eventName = x }",
        "{ $.eventName }",
        "{ $.eventName = }",
        "{ $.eventName = x",
        "{ ($.eventName = x }",
        "{ $.eventName = x ) }",
        "{ $.eventName = %Stop.*% }",
        "{ $.eventName ~ x }",
        "{ $.count > many }",
        "{ $.eventName IS ODD }",
        "{ $..x = y }",
        "[ip, user, ...]",
        "{" + "(" * 3_000 + "}",
        "{ $.eventName = " + "x" * 9_000 + " }",
    ],
)
def test_a_filter_that_is_not_understood(pattern: str) -> None:
    with pytest.raises(filters.PatternError):
        filters.compiled(pattern)


BUS = {"source": "aws.iam", "detail-type": "AWS API Call via CloudTrail", "detail": {**EVENT, "ip": "203.0.113.10"}}


@pytest.mark.parametrize(
    ("wanted", "selects"),
    [
        ({"source": ["aws.iam"]}, True),
        ({"source": ["aws.s3", "aws.iam"], "detail": {"eventName": ["StopLogging"]}}, True),
        ({"source": [{"prefix": "aws."}]}, True),
        ({"source": [{"prefix": {"equals-ignore-case": "AWS."}}]}, True),
        ({"source": [{"suffix": ".iam"}]}, True),
        ({"source": [{"anything-but": "aws.s3"}]}, True),
        ({"source": [{"anything-but": ["aws.s3", "aws.ec2"]}]}, True),
        ({"source": [{"anything-but": {"prefix": "aws.s"}}]}, True),
        ({"source": [{"equals-ignore-case": "AWS.IAM"}]}, True),
        ({"detail": {"eventName": [{"wildcard": "Stop*"}]}}, True),
        ({"detail": {"missing": [{"exists": False}]}}, True),
        ({"detail": {"eventName": [{"exists": True}]}}, True),
        ({"detail": {"count": [{"numeric": [">", 2, "<=", 3]}]}}, True),
        ({"detail": {"list": {"a": ["two"]}}}, False),
        ({"detail": {"ip": [{"cidr": "203.0.113.0/24"}]}}, True),
        ({"detail": {"readOnly": [False]}}, True),
        ({"$or": [{"source": ["aws.s3"]}, {"detail": {"eventName": ["StopLogging"]}}]}, True),
        ({"source": ["aws.s3"]}, False),
        ({"source": ["aws.iam"], "detail": {"eventName": ["DeleteTrail"]}}, False),
        ({"detail": {"missing": [{"anything-but": "x"}]}}, False),
        ({"detail": {"missing": ["x"]}}, False),
        ({"detail": {"readOnly": [0]}}, False),
        ({"detail": {"readOnly": ["false"]}}, False),
        ({"detail": {"count": [{"numeric": [">", 3]}]}}, False),
        ({"detail": {"count": [{"numeric": "odd"}]}}, False),
        ({"detail": {"count": [{"numeric": [["="], 3]}]}}, False),
        ({"source": [{"prefix": ["aws."]}]}, False),
        ({"source": [{"new-kind": "x"}]}, False),
        ({"source": [{"prefix": "aws.", "suffix": "iam"}]}, False),
        ({"source": "aws.iam"}, False),
        ({"$or": {"source": ["aws.iam"]}}, False),
        ({"detail": {"ip": [{"cidr": "odd"}]}}, False),
        ({"source": [[]]}, False),
    ],
)
def test_a_rule_of_eventbridge(wanted: Any, selects: bool) -> None:
    read = patterns.read(json.dumps(wanted))
    assert read is not None
    assert patterns.matches(read, BUS) is selects


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", "7", "[" * 5_000])
def test_what_is_no_pattern(text: str) -> None:
    assert patterns.read(text) is None


def test_a_deep_pattern_selects_nothing() -> None:
    deep: dict[str, Any] = {"a": ["b"]}
    for _ in range(200):
        deep = {"a": deep}
    assert not patterns.matches(deep, {"a": {}})
