"""LP105, and what CloudTrail adds to LP101 and LP104."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from collectors.records import State
from findings.vocabulary import Verdict
from tests.builders import facts, last_accessed, role
from tests.findings.rules.judging import statuses, verdicts
from tests.findings.rules.policies import ADMINISTRATOR, allow, deny, document
from tests.findings.sessions import called, read

SSO = "/aws-reserved/sso.amazonaws.com/"
BODY = document(
    allow(["ec2:RunInstances", "ec2:TerminateInstances", "ec2:DescribeHosts", "iam:PassRole", "s3:PutObject"])
)
UNSEEN = document(allow(["ec2:Describe*", "s3:*Object", "iam:PassRole", "kms:*", "dynamodb:PutItem"]))
USED = {"ec2 RunInstances": 3.0, "ec2 TerminateInstances": 3.0}
SERVICES = {"ec2": 1.0, "s3": 1.0, "iam": None}


def judged(
    code: str,
    calls: dict[str, float],
    services: dict[str, float | None] | None = None,
    body: dict[str, Any] = BODY,
    trail: dict[str, Any] | None = None,
    **more: Any,
) -> list[Verdict]:
    """Verdicts on a role with an inline policy that made these calls so many days ago. trail: see sessions.read()."""
    app = role("app", inline={"own": records.digest(body)}, **{"used": 1, **more})
    advised = last_accessed(app, **(SERVICES if services is None else services))
    events = tuple(called(app, name, used=days) for name, days in calls.items())
    return verdicts(code, app, advised, trusts=[body], **read(**{"event_uses": events, **(trail or {})}))


@pytest.mark.parametrize(
    ("calls", "more", "expected"),
    [
        (USED, {}, ["clear"]),
        (USED, {"body": UNSEEN}, ["clear"]),
        ({"ec2 RunInstances": 90, "ec2 TerminateInstances": 90}, {}, ["clear"]),
        ({"ec2 RunInstances": 3}, {"created": 90}, []),
        ({"ec2 RunInstances": 3}, {"path": "/aws-service-role/x.amazonaws.com/"}, []),
        ({"ec2 RunInstances": 3}, {"body": ADMINISTRATOR}, ["clear"]),
        ({"ec2 RunInstances": 3}, {"body": document(*BODY["Statement"], deny("ec2:Terminate*"))}, ["clear"]),
        ({}, {"services": {"ec2": None, "s3": 1, "iam": None}}, ["clear"]),  # LP104's
        ({"ec2 RunInstances": 95}, {"services": {"ec2": 95}, "used": 200}, ["clear"]),  # LP101's
        ({"ec2 RunInstances": 3, "ec2 TerminateInstances20160101": 3}, {}, ["clear"]),
        # nobody can say
        ({"ec2 RunInstances": 3}, {"trail": {"since": 30}}, ["unknown"]),
        ({"ec2 RunInstances": 3}, {"trail": {"activity_since": None}}, ["unknown"]),
        ({}, {}, ["unknown"]),  # Access Advisor saw ec2, and no call was seen
        ({"ec2 RunInstances": 3, "ec2 BrandNewCall": 3}, {}, ["unknown"]),
        ({"ec2 RunInstances": 3}, {"trail": {"state": State.PARTIAL}}, ["unknown"]),
        # unused
        ({"ec2 RunInstances": 3}, {}, ["open"]),
        ({"ec2 RunInstances": 3, "ec2 TerminateInstances": 91}, {}, ["open"]),
        ({"ec2 RunInstances": 3}, {"path": SSO}, ["open"]),
    ],
)  # fmt: skip
def test_unused_actions(calls: dict[str, float], more: dict[str, Any], expected: list[str]) -> None:
    assert [v.status.value for v in judged("LP105", calls, **more)] == expected


def test_what_is_unused_and_what_nobody_can_know_is_told() -> None:
    body = document(allow(["ec2:*Instances", "iam:PassRole", "s3:PutObject", "s3:PutBucketPolicy", "s3:CreateBucket"]))
    (verdict,) = judged("LP105", {"ec2 RunInstances": 3, "s3 CreateBucket": 2, "nobody X": 1}, body=body)
    assert verdict.severity.slug == "low"
    assert verdict.evidence["permissions_management"] == ["s3:PutBucketPolicy"]
    assert "ec2:TerminateInstances" in verdict.evidence["examples"]
    assert verdict.evidence["used"] == ["ec2:RunInstances", "s3:CreateBucket"]
    assert verdict.evidence["not_judged"] == 2  # iam:PassRole, s3:PutObject
    assert verdict.evidence["unmapped_calls"] == ["nobody.amazonaws.com X"]
    assert verdict.evidence["read_since"] == "2026-05-08"


def test_access_advisor_must_have_spoken_too() -> None:
    app = role("app", inline={"own": records.digest(BODY)}, used=1)
    events = (called(app, "ec2 RunInstances"),)
    (verdict,) = verdicts("LP105", app, trusts=[BODY], **read(event_uses=events))
    assert verdict.status == "unknown"
    assert verdict.reason.startswith("Access Advisor was not read for app")


def test_lp104_knows_a_service_that_only_calls_show_in_use() -> None:
    body = document(allow(["ec2:RunInstances", "s3:CreateBucket"]))
    silent = judged("LP104", {"s3 CreateBucket": 3}, {"ec2": 1, "s3": None}, body)
    unmapped = judged("LP104", {"s3 SomethingNew": 3}, {"ec2": 1, "s3": None}, body)
    unseen = judged("LP104", {}, {"ec2": 1, "s3": None}, body)
    assert [v.status.value for found in (silent, unmapped, unseen) for v in found] == ["clear", "clear", "open"]


def test_a_call_clears_an_unused_role_and_denied_ones_do_not() -> None:
    app = role("app", used=200)
    assert statuses("LP101", app, **read(event_uses=(called(app, "ec2 RunInstances", used=90),))) == ["clear"]
    assert statuses("LP101", app, **read(event_uses=(called(app, "nobody-knows DoIt", used=9),))) == ["clear"]
    assert statuses("LP101", app, **read(event_uses=(called(app, "ec2 X", used=None, denied=1),))) == ["open"]
    assert statuses("LP101", app, **read(event_uses=(called(app, "ec2 X", used=91),))) == ["open"]


@pytest.mark.parametrize(
    ("trail", "advised", "sources", "confidence"),
    [
        ({}, False, ["RoleLastUsed"], "medium"),
        (read(since=60), False, ["RoleLastUsed"], "medium"),
        (read(since=200, state=State.PARTIAL), False, ["RoleLastUsed"], "medium"),
        (read(since=200), False, ["RoleLastUsed", "CloudTrail"], "high"),
        (read(since=200), True, ["RoleLastUsed", "Access Advisor", "CloudTrail"], "high"),
    ],
)
def test_how_sure_it_is_that_a_role_is_unused(
    trail: dict[str, Any], advised: bool, sources: list[str], confidence: str
) -> None:
    app = role("app", used=200)
    more = [last_accessed(app, s3=150)] if advised else []
    (verdict,) = verdicts("LP101", app, *more, **trail)
    assert (verdict.evidence["sources"], verdict.evidence["confidence"]) == (sources, confidence)


def test_the_last_call_is_named() -> None:
    app = role("app", used=200)
    (verdict,) = verdicts("LP101", app, **read(event_uses=(called(app, "ec2 RunInstances", used=120),)))
    assert verdict.title == "Role app has not been used since 2026-07-27"
    assert verdict.evidence["last_used_service"] == "ec2.amazonaws.com RunInstances"
    assert facts(app).activity.since is None
