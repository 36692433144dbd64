"""Used, unused, or nobody can say: what nobody can say comes first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from collectors import records
from collectors.records import State
from findings.analysis.facts import Facts
from findings.analysis.usage import use
from findings.analysis.used import LATELY, NO_EVENTS, READING, UNTOLD, WITH_OTHERS, Window
from findings.policy.catalogue import catalogue
from tests.builders import ago, facts, key, last_accessed, role, user
from tests.findings.sessions import called, read

C = catalogue()
APP = role("app")
EC2 = ("ec2:RunInstances", "ec2:TerminateInstances")


def window(
    calls: Mapping[str, float | None],
    services: Mapping[str, float | None] | None = None,
    days: float = 90,
    **trail: Any,
) -> Window:
    """A role that called so many days ago (None: was denied), and of which Access Advisor tells these services."""
    events = tuple(called(APP, name, used=at, denied=1 if at is None else None) for name, at in calls.items())
    advised = [last_accessed(APP, **services)] if services is not None else []
    told: Facts = facts(APP, *advised, **({**read(event_uses=events), **trail}))
    return Window(use(APP, told), ago(days), C)


def said(found: Window, *actions: str) -> dict[str, str]:
    """Action -> "used", "unused" or why nobody can say."""
    told = found.told(actions[0].partition(":")[0], C.mask(actions))
    words = dict.fromkeys(C.members(told.used), "used") | dict.fromkeys(C.members(told.unused), "unused")
    return words | {a: why for why, mask in told.unknown.items() for a in C.members(mask)}


SEEN = {"ec2 RunInstances": 3.0}
PARTLY = "CloudTrail's events were not all read"


@pytest.mark.parametrize(
    ("calls", "more", "why"),
    [
        ({}, {"services": {}}, UNTOLD),
        ({}, {}, "Access Advisor was not read for app; CloudTrail shows only calls that it records"),
        ({}, {"services": {"ec2": 1.0}, "activity_since": None}, NO_EVENTS),
        (
            SEEN,
            {"services": {"ec2": 1.0}, "activity_since": ago(30)},
            "CloudTrail's events were read from 2026-10-25 on",
        ),
        (SEEN, {"services": {"ec2": 1.0}, **read(state=State.PARTIAL)}, f"{PARTLY}: s3:GetObject was read in part"),
        ({}, {"services": {"ec2": 1.0}}, "the service was used, and CloudTrail tells no call on it"),
        ({"ec2 RunInstances": None}, {"services": {"ec2": 1.0}}, "the service was used, and CloudTrail tells no call"),
        ({**SEEN, "ec2 NewCall": 9.0}, {"services": {"ec2": 1.0}}, "of ec2.amazonaws.com NewCall nobody knows which"),
    ],
)
def test_silence_is_not_taken_for_unused(calls: dict[str, Any], more: dict[str, Any], why: str) -> None:
    assert said(window(calls, **more), *EC2)["ec2:TerminateInstances"].startswith(why)


@pytest.mark.parametrize(
    ("action", "why"),
    [
        ("iam:PassRole", "no record is ever written of it"),
        ("s3:PutObject", "is a data event, which a trail records only where it was told to for S3"),
        ("ec2:DescribeInstances", READING),
        ("ec2:CreateTags", WITH_OTHERS),
        ("ssm:PutCalendar", WITH_OTHERS),
        ("kms:CreateGrant", "CloudTrail is not known to record every call of the service"),
    ],
)  # fmt: skip
def test_what_no_event_has_to_show_is_unknown_though_its_service_is_in_use(action: str, why: str) -> None:
    service = action.partition(":")[0]
    calls = dict.fromkeys(
        ("iam CreateUser", "s3 CreateBucket", "ec2 RunInstances", "ssm PutParameter", "kms CreateKey"), 3.0
    )
    assert why in said(window(calls, {service: 1.0}), action)[action]


def test_what_was_granted_lately_is_unknown_in_a_service_in_use_and_in_one_that_is_not() -> None:
    for services, calls in (({"ec2": 1.0}, SEEN), ({"ec2": None}, {})):
        found = window(calls, services)
        lately = Window(found.known, found.since, C, lately=C.bit("ec2:TerminateInstances"))
        assert said(lately, "ec2:TerminateInstances") == {"ec2:TerminateInstances": LATELY}


def test_calls_tell_of_each_action() -> None:
    found = window({**SEEN, "ec2 StopInstances": 91.0}, {"ec2": 1.0})
    assert said(found, *EC2, "ec2:StopInstances") == {
        "ec2:RunInstances": "used",
        "ec2:TerminateInstances": "unused",
        "ec2:StopInstances": "unused",
    }


def test_a_service_that_was_not_tried_is_unused_whatever_a_trail_would_show() -> None:
    found = window({}, {"s3": None, "iam": 200.0}, activity_since=None)
    assert said(found, "s3:PutObject", "s3:GetObject") == {"s3:PutObject": "unused", "s3:GetObject": "unused"}
    assert said(found, "iam:CreateUser", "iam:PassRole")["iam:CreateUser"] == "unused"
    assert "no record is ever written" in said(found, "iam:PassRole")["iam:PassRole"]


def test_data_events_count_where_the_operator_says_that_all_are_recorded() -> None:
    found = window({"s3 GetObject": 3.0}, {"s3": 1.0})
    told = Window(found.known, found.since, C, data=frozenset({"s3"}))
    assert said(told, "s3:GetObject", "s3:PutObject") == {"s3:GetObject": "used", "s3:PutObject": "unused"}
    assert said(told, "s3:PutObjectAcl")["s3:PutObjectAcl"].startswith("is a data event")


def test_each_answer_says_when_how_often_and_who_saw_it() -> None:
    found = window({**SEEN, "ec2 StopInstances": 9.0}, {"ec2": 1.0, "s3": None, "sqs": 200.0})
    assert found.seen("ec2", C.mask(EC2)) == "ec2:RunInstances, 1 time, last on 2026-11-21 (CloudTrail)"
    assert found.seen("ec2", C.match("ec2:*Instances")).startswith("ec2:RunInstances and 1 more, 1 time")
    assert found.seen("s3", C.services["s3"]) == ""
    assert [found.unseen_since(s) for s in ("ec2", "s3", "sqs", "glue")] == [
        "no call since 2026-05-08 (CloudTrail)",
        "not since 2025-10-19 (Access Advisor)",
        "the service was last on 2026-05-08 (Access Advisor)",
        "not since 2025-10-19",
    ]


def test_a_key_s_last_use_is_a_sighting_and_its_silence_is_nothing() -> None:
    ann = user("ann")
    mine = key("ann", used=2, last_used_service="s3", last_used_region="eu-west-1")
    other = key("ann", used=5, last_used_service="N/A")
    known = use(ann, facts(ann, mine, other, last_accessed(ann, ec2=None)))
    assert [(s.source, s.at) for s in known.sightings("s3")] == [("access key last used", ago(2))]
    assert [known.used(s, ago(90)) for s in ("s3", "ec2", "sqs")] == [True, False, None]
    unread = use(ann, facts(ann, mine))
    assert unread.unread.startswith("Access Advisor was not read for ann")
    assert unread.used("s3", ago(90))


def test_the_same_action_by_several_calls_is_counted_together() -> None:
    found = window({"s3 ListObjects": 9.0, "s3 HeadBucket": 2.0}, {"s3": 1.0})
    (seen,) = found.known.sightings("s3:ListBucket")
    assert (seen.n, seen.at) == (2, ago(2))
    assert [s.source for s in found.known.sightings("s3")] == ["Access Advisor", "CloudTrail"]


def tracking(read_days: float = 0.5, **actions: float | None) -> Window:
    """A role that used EC2, and of which Access Advisor tells these actions of it."""
    told = tuple(records.ActionUse(name=n, last_at=None if at is None else ago(at)) for n, at in actions.items())
    use_of = records.ServiceUse(namespace="ec2", last_at=ago(1), actions=told)
    advised = records.LastAccessed(unique_id=APP.unique_id, arn=APP.arn, services=(use_of,), read_at=ago(read_days))
    return Window(use(APP, facts(APP, advised)), ago(90), C)


def test_what_access_advisor_tracks_by_action_needs_no_trail_and_the_rest_stays_unknown() -> None:
    found = said(
        tracking(RunInstances=3.0, TerminateInstances=None, StopInstances=91.0),
        *EC2,
        "ec2:StopInstances",
        "ec2:CreateVpc",
    )
    assert found == {
        "ec2:RunInstances": "used",
        "ec2:TerminateInstances": "unused",
        "ec2:StopInstances": "unused",
        "ec2:CreateVpc": NO_EVENTS,
    }
    told = tracking(RunInstances=3.0, TerminateInstances=None)
    assert (
        told.unseen_since("ec2", C.bit("ec2:TerminateInstances"))
        == "not tried since 2025-10-19 (Access Advisor, by action)"
    )
    assert told.seen("ec2", C.mask(EC2)) == "ec2:RunInstances, last on 2026-11-21 (Access Advisor)"


def test_an_old_reading_of_actions_shows_use_and_never_silence() -> None:
    found = said(tracking(3, RunInstances20160101=3.0, TerminateInstances=None), *EC2)
    assert found == {"ec2:RunInstances": "used", "ec2:TerminateInstances": NO_EVENTS}


def test_tracked_actions_that_were_granted_lately_are_unknown() -> None:
    found = tracking(TerminateInstances=None)
    lately = Window(found.known, found.since, C, lately=C.bit("ec2:TerminateInstances"))
    assert said(lately, "ec2:TerminateInstances")["ec2:TerminateInstances"] == NO_EVENTS
