"""MO101 to MO104: the trails of an account."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.records import State
from findings.vocabulary import Severity
from tests.builders import ACCOUNT_ID, ago, coverage, unit
from tests.findings.rules.judging import statuses, verdicts
from tests.findings.trailed import (
    ALL,
    ENABLED,
    HOME,
    OWNER,
    READS,
    REGIONS,
    SEEN,
    WRITES,
    asked,
    data,
    seen,
    trail,
    without,
)

ONE_REGION: dict[str, Any] = {"multi_region": False}
EACH_REGION = [trail(f"of-{region}", region=region, **ONE_REGION) for region in REGIONS]
ORG = trail("org", owner=OWNER)
UNTOLD = trail("org", owner=OWNER, unread=("selectors", "status"), logging=None, selectors=None)
CLOSED = {"coverage": (*asked(HOME), *asked("us-east-1", DescribeTrails=State.BLOCKED_BY_SCP))}


@pytest.mark.parametrize(
    ("given", "more", "expected"),
    [
        ([trail()], SEEN, ["clear"]),
        ([ORG], SEEN, ["clear"]),
        ([trail(selectors=(READS,)), trail("other", selectors=(WRITES,))], SEEN, ["clear"]),
        ([trail(selectors=(without("kms.amazonaws.com", "rdsdata.amazonaws.com"),))], SEEN, ["clear"]),
        ([trail(), trail("old", logging=False)], SEEN, ["clear"]),
        ([trail(), UNTOLD], SEEN, ["clear"]),
        ([trail()], CLOSED, ["clear"]),
        ([trail()], seen(DescribeTrails=State.PARTIAL, GetInsightSelectors=State.DENIED), ["unknown"]),
        ([], SEEN, ["open"]),
        ([], CLOSED, ["open"]),
        ([trail(logging=False)], SEEN, ["open"]),
        ([trail(errors={"bucket": "NoSuchBucket"})], SEEN, ["open"]),
        ([trail(**ONE_REGION)], SEEN, ["open"]),
        ([trail(selectors=(READS,))], SEEN, ["open"]),
        ([trail(selectors=(data(),))], SEEN, ["open"]),
        ([trail(selectors=(without("iam.amazonaws.com"),))], SEEN, ["open"]),
        ([trail(selectors=(WRITES,))], SEEN, ["open high"]),
        (EACH_REGION, SEEN, ["open high"]),
        ([UNTOLD], SEEN, ["unknown"]),
        ([trail(unread=("selectors",))], SEEN, ["unknown"]),
        ([trail()], seen(GetTrailStatus=State.DENIED), ["unknown"]),
        ([trail()], {}, ["unknown"]),
        ([], seen(DescribeTrails=State.DENIED), ["unknown"]),
    ],
)
def test_no_multi_region_trail(given: list[Any], more: dict[str, Any], expected: list[str]) -> None:
    assert statuses("MO101", *given, ENABLED, **more) == expected


def test_what_the_trails_lack_is_evidence_and_the_fix_is_the_organizations() -> None:
    given = [
        trail("a", logging=False, stopped_at=ago(9)),
        trail("b", **ONE_REGION),
        trail("c", selectors=(READS,)),
        trail("d", errors={"bucket": "AccessDenied"}),
    ]
    (found,) = verdicts("MO101", *given, unit("r-ab12", ""), ENABLED, **SEEN)
    assert found.evidence["trails"] == [
        "a: not logging since 2026-11-15",
        "b: records eu-west-1 only",
        "c: records no management events that write",
        "d: its last delivery failed",
    ]
    assert found.evidence["fix_at"] == "Root (r-ab12)"
    assert found.evidence["all_writes_recorded"] is False


def judged(code: str, *given: Any, **more: Any) -> list[str]:
    """ "main clear", "main open high"; the severity only where it is not the rule's."""
    found = verdicts(code, *given, ENABLED, **more)
    return [
        " ".join(
            (v.subject.name, v.status.value, *((v.severity.slug,) if v.severity is not v.rule.severity else ()))
        ).strip()
        for v in found
    ]


@pytest.mark.parametrize(
    ("given", "more", "expected"),
    [
        ([], SEEN, []),
        ([trail()], SEEN, ["main clear"]),
        ([trail("org", owner=OWNER, logging=False)], SEEN, []),
        ([trail(logging=False)], SEEN, ["main open"]),
        ([trail(logging=False)], CLOSED, ["main open"]),
        ([trail(logging=False), trail("two")], SEEN, ["main open medium", "two clear"]),
        ([trail(logging=False), ORG], SEEN, ["main open medium"]),
        ([trail(logging=False), trail("two", selectors=(READS,))], SEEN, ["main open", "two clear"]),
        ([trail(logging=False, selectors=(ALL, data())), trail("two")], SEEN, ["main open", "two clear"]),
        ([trail(logging=False, unread=("selectors",)), trail("two")], SEEN, ["main open", "two clear"]),
        ([trail(errors={"bucket": "AccessDenied", "logs": "x"})], SEEN, ["main open"]),
        ([trail(errors={"logs": "AccessDenied"})], SEEN, ["main open high"]),
        ([trail(errors={"digest": "AccessDenied"})], SEEN, ["main open medium"]),
        ([trail(errors={"notification": "NotFound"})], SEEN, ["main open low"]),
        ([trail(unread=("status",))], SEEN, ["main unknown"]),
        ([trail()], seen(GetTrailStatus=State.DENIED), ["main unknown"]),
        ([trail(logging=False)], seen(DescribeTrails=State.DENIED), [" unknown", "main unknown"]),
        ([], {}, [" unknown"]),
        ([trail(region="us-east-1", logging=False, **ONE_REGION)], CLOSED, ["main unknown"]),
    ],
)
def test_trail_stopped(given: list[Any], more: dict[str, Any], expected: list[str]) -> None:
    assert judged("MO102", *given, **more) == [one.strip() for one in expected]


def test_a_stopped_trail_tells_when_and_what_failed() -> None:
    (found,) = verdicts("MO102", trail(logging=False, stopped_at=ago(3), delivered_at=ago(3.1)), **SEEN)
    assert found.title == "Trail main is not logging since 2026-11-21"
    assert (found.evidence["stopped_on"], found.evidence["delivered_on"]) == ("2026-11-21", "2026-11-20")
    assert found.subject.id == f"arn:aws:cloudtrail:{HOME}:{ACCOUNT_ID}:trail/main"
    (failed,) = verdicts("MO102", trail(errors={"bucket": "x" * 999, "digest": "y"}, delivered_at=ago(1)), **SEEN)
    assert failed.evidence["errors"] == [f"bucket: {'x' * 300}", "digest: y"]
    assert failed.severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("code", "given", "more", "expected"),
    [
        ("MO103", trail(), SEEN, ["main clear"]),
        ("MO103", trail("org", owner=OWNER, validation=False), SEEN, []),
        ("MO103", trail(validation=False), SEEN, ["main open"]),
        ("MO103", trail(validation=False), seen(GetTrailStatus=State.DENIED), ["main open"]),
        ("MO103", trail(validation=False), {"coverage": coverage()}, ["unknown", "main unknown"]),
        ("MO104", trail(), SEEN, ["main clear"]),
        ("MO104", trail("org", owner=OWNER, kms_key=""), SEEN, []),
        ("MO104", trail(kms_key=""), SEEN, ["main open"]),
        ("MO104", trail(kms_key=""), {"coverage": coverage()}, ["unknown", "main unknown"]),
    ],
)
def test_how_a_trail_is_kept(code: str, given: Any, more: dict[str, Any], expected: list[str]) -> None:
    assert judged(code, given, **more) == expected
