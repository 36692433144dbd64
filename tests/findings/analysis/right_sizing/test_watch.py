"""What is known of attempts at what was taken away: silence that says nothing comes first."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from collectors import records
from findings.analysis.right_sizing.watch import Taken, Watched, watch
from findings.analysis.usage import Heard
from findings.policy.catalogue import catalogue
from tests.builders import ago, last_accessed, role
from tests.findings.sessions import called

C = catalogue()
APP = role("app")
UNREAD = Heard(None, why="no CloudTrail events were read")
ALL = Heard(ago(200), ago(1))
GLUE = "glue:CreateJob"


def taken(services: list[str], lost: list[str], narrowed: list[str] | None = None) -> Taken:
    return Taken(services, lost, narrowed or [], ago(40), ago(10))


def reading(read: float = 1, **services: float | None) -> records.LastAccessed:
    return last_accessed(APP, read=read, **services)


def denied(call: str, days: float, n: int = 3) -> records.EventUse:
    return msgspec.structs.replace(called(APP, call, used=None, denied=days), n=n, denied=n)


def watched(
    what: Taken, advisor: records.LastAccessed | None, *calls: records.EventUse, heard: Heard = UNREAD
) -> Watched:
    return watch(what, advisor, calls, heard, C)


@pytest.mark.parametrize(
    ("found", "tried", "said"),
    [
        (None, None, "Access Advisor was not read since."),
        (reading(50, glue=None), None, "Access Advisor was not read since."),
        (reading(20, glue=45), None, "No attempt at glue so far; watched until 2026-11-14."),
        (reading(9.9, glue=45), None, "No attempt at glue so far; watched until 2026-11-14."),
        (reading(9, glue=45), False, "No attempt at glue until 2026-11-14."),
        (reading(9, glue=None), False, "No attempt at glue until 2026-11-14."),
        (reading(9, s3=1), None, "Access Advisor does not tell of glue: it tells only of services that its policies allow."),
        (reading(39, glue=39.5), True,
         "Tried since: glue on 2026-10-15 12:00 UTC. Access Advisor does not say by which action"),
        (reading(1, glue=5), True, "Tried since: glue on 2026-11-19 00:00 UTC."),
    ],
)  # fmt: skip
def test_silence_on_a_service_counts_only_where_somebody_listened(
    found: records.LastAccessed | None, tried: bool | None, said: str
) -> None:
    told = watched(taken(["glue"], [GLUE]), found)
    assert (told.tried, told.said[: len(said)]) == (tried, said)


RUN = taken([], ["ec2:RunInstances"])


@pytest.mark.parametrize(
    ("heard", "tried", "said"),
    [
        (UNREAD, None, "Nobody would see an attempt at ec2:RunInstances (no CloudTrail events were read)."),
        (Heard(ago(39), ago(1)), None, "Nobody would see an attempt at ec2:RunInstances."),
        (Heard(ago(200), ago(20)), None, "CloudTrail shows no denial of 1 action so far; watched until 2026-11-14."),
        (Heard(ago(200), ago(10)), None, "CloudTrail shows no denial of 1 action so far; watched until 2026-11-14."),
        (ALL, False, "CloudTrail shows no denial of 1 action until 2026-11-14."),
    ],
)
def test_silence_of_calls_counts_only_where_events_were_read_all_the_time(
    heard: Heard, tried: bool | None, said: str
) -> None:
    assert watched(RUN, reading(1, ec2=1), heard=heard) == Watched(tried, said)


@pytest.mark.parametrize("call", [
    denied("ec2 RunInstances", 41), denied("ec2 RunInstances", 9), denied("ec2 TerminateInstances", 20),
    called(APP, "ec2 RunInstances", used=20), denied("nobody-knows RunInstances", 20),
])  # fmt: skip
def test_other_calls_other_times_and_what_was_allowed_are_no_denials(call: records.EventUse) -> None:
    assert watched(RUN, reading(1, ec2=1), call, heard=ALL).tried is False


def test_a_denial_of_exactly_what_was_taken_away_is_told_with_when_and_how_often() -> None:
    for heard in (ALL, UNREAD):
        told = watched(RUN, None, denied("ec2 RunInstances", 20), heard=heard)
        assert told.tried is True
        assert told.said.startswith(
            "Denied since: ec2:RunInstances, last on 2026-11-04 00:00 UTC (CloudTrail; 3 denied in all"
        )


def test_a_denial_of_what_was_left_on_fewer_resources_counts_too() -> None:
    narrowed = taken([], [], ["sts:AssumeRole"])
    assert watched(narrowed, None, heard=ALL).tried is False
    assert watched(narrowed, None, denied("sts AssumeRole", 20), heard=ALL).tried is True
    assert watched(narrowed, None).said == (
        "Nobody would see an attempt at sts:AssumeRole (no CloudTrail events were read)."
    )


@pytest.mark.parametrize(
    "lost", ["s3:PutObject", "ec2:DescribeInstances", "ec2:CreateTags", "iam:PassRole", "kms:CreateGrant"]
)
def test_what_no_event_would_show_is_never_safe(lost: str) -> None:
    told = watched(taken([], [lost]), reading(1, s3=None, ec2=None, iam=None, kms=None), heard=ALL)
    assert (told.tried, f"Nobody would see an attempt at {lost}." in told.said) == (None, True)


def test_each_action_needs_one_that_listens_and_two_sources_together_are_enough() -> None:
    both = taken(["glue"], [GLUE, "ec2:RunInstances"])
    assert watched(both, reading(1, glue=None), heard=ALL).tried is False
    assert watched(both, reading(1, glue=None)).tried is None
    assert watched(both, reading(1, s3=1), heard=ALL).tried is None
    calls = taken(["ec2"], ["ec2:RunInstances"])  # Access Advisor is silent on it, and every call would be an event
    assert watched(calls, reading(1, s3=1), heard=ALL).tried is False


def test_nothing_taken_away_leaves_nothing_to_say() -> None:
    assert watched(taken([], []), reading(1), heard=ALL) == Watched(None, "")


def test_hostile_names_raise_nothing() -> None:
    call: Any = denied("ec2\n<script> \x00", 20)
    assert watched(RUN, None, call, heard=ALL).tried is False
