"""Three witnesses of one entity -> moments: who, when, and what nobody can tell."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.records import Actor, AdminEvent
from findings.analysis.timeline.deploys import changes
from findings.analysis.timeline.differences import fields_of
from findings.analysis.timeline.merge import moments
from findings.analysis.timeline.model import Call, Capture, Entity, Look, Moment, Witness
from findings.analysis.timeline.naming import Life, Names

ROLE = Entity("role", "AROA1", "app")
_ids = itertools.count(1)
C, D, F, T = Witness.COLLECTION, Witness.DATED, Witness.CONFIG, Witness.TRAIL


def at(clock: str) -> datetime:
    """ "10:15" of the day."""
    hours, minutes = clock.split(":")
    return datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=int(hours), minutes=int(minutes))


def look(after: str | None, seen: str, was: Any = None, now: Any = None, entity: Entity = ROLE) -> Look:
    return Look(entity, was, now, at(after) if after else None, at(seen), fields_of(was, now), id=seen)


def call(name: str, clock: str, by: str = "bob", entity: Entity = ROLE, **more: Any) -> Call:
    event = AdminEvent(
        account_id="000000000001", event_id=f"{by} {name} {clock}", at=at(clock), actor=Actor.USER, principal_id=by,
        source="iam.amazonaws.com", name=name, target_type=entity.kind, target_name=entity.name, **more,
    )  # fmt: skip
    return Call(entity, event, next(_ids))


def refused(name: str, clock: str, by: str = "bob") -> Call:
    return call(name, clock, by, error="AccessDenied", denied=True)


def capture(clock: str, was: Any = None, now: Any = None, *, kept: bool = True, daily: bool = False) -> Capture:
    return Capture(ROLE, at(clock), was, now, fields_of(was, now) if kept else None, daily)


def said(moment: Moment) -> tuple[str, str, str, tuple[Witness, ...]]:
    """(from - to, by whom, which fields, who saw it)."""
    ends = [f"{one:%H:%M}" if one else "?" for one in (moment.earliest, moment.latest)]
    when = ends[1] if ends[0] == ends[1] else " - ".join(ends)
    by = moment.calls[0].event.principal_id if moment.calls else ""
    return when, by, " ".join(sorted(moment.fields)), moment.witnesses


A, B = {"attached": ["a"], "tags": {}}, {"attached": ["a", "b"], "tags": {}}
BT = {"attached": ["a", "b"], "tags": {"x": "1"}}
MADE = {"created_at": at("12:30").isoformat()}
POLICY = [
    {"document": "1", "updated_at": at("1:00").isoformat()},
    {"document": "2", "updated_at": at("12:30").isoformat()},
]


@pytest.mark.parametrize(
    ("looks", "captures", "calls", "expected"),
    [
        pytest.param([], [], [], [], id="nothing"),
        pytest.param(
            [look("10:00", "16:00", A, B)], [], [], [("10:00 - 16:00", "", "attached", (C,))],
            id="only between two collections, and nobody is named",
        ),
        pytest.param(
            [look(None, "16:00", A, B)], [], [], [("? - 16:00", "", "attached", (C,))], id="the first collection's time is lost"
        ),
        pytest.param(
            [look("10:00", "16:00", A, B)], [], [call("AttachRolePolicy", "12:01")],
            [("12:01", "bob", "attached", (C, T))],
            id="the call is its cause",
        ),
        pytest.param(
            [look("10:00", "16:00", A, B)], [], [call("TagRole", "12:01")],
            [("12:01", "bob", "", (T,)), ("10:00 - 16:00", "", "attached", (C,))],
            id="a call that cannot have done it is not its author",
        ),
        pytest.param(
            [look("10:00", "16:00", A, B)], [], [refused("AttachRolePolicy", "12:01")],
            [("12:01", "bob", "", (T,)), ("10:00 - 16:00", "", "attached", (C,))],
            id="nor one that was refused",
        ),
        pytest.param(
            [look("10:00", "16:00", A, B)], [], [call("AttachRolePolicy", "17:00"), call("AttachRolePolicy", "9:30")],
            [("09:30", "bob", "", (T,)), ("10:00 - 16:00", "", "attached", (C,)), ("17:00", "bob", "", (T,))],
            id="nor one before or after",
        ),
        pytest.param(
            [look("10:00", "16:00", A, B)], [], [call("AttachRolePolicy", "16:04")],
            [("16:04", "bob", "attached", (C, T))],
            id="clocks disagree by minutes",
        ),
        pytest.param(
            [look("10:00", "16:00", A, BT)], [], [call("AttachRolePolicy", "11:00"), call("TagRole", "12:00", "eve")],
            [("11:00", "bob", "attached", (C, T)), ("12:00", "eve", "tags", (C, T))],
            id="two callers, each what they did",
        ),
        pytest.param(
            [look("10:00", "16:00", A, B)], [], [call("AttachRolePolicy", "11:00"), call("DetachRolePolicy", "12:00", "eve")],
            [("11:00", "bob", "", (T,)), ("12:00", "eve", "attached", (C, T))],
            id="of two that can have, the last",
        ),
        pytest.param(
            [look("10:00", "16:00", A, BT)], [], [call("SomethingNew", "11:00")],
            [("11:00", "bob", "attached tags", (C, T))],
            id="an operation that we do not know may have done all",
        ),
        pytest.param(
            [look("10:00", "16:00", A, B), look("16:00", "22:00", B, A)], [],
            [call("AttachRolePolicy", "11:00"), call("DetachRolePolicy", "17:00")],
            [("11:00", "bob", "attached", (C, T)), ("17:00", "bob", "attached", (C, T))],
            id="each in its interval",
        ),
        pytest.param(
            [], [], [call("TagRole", "11:00"), call("UntagRole", "11:04"), call("TagRole", "11:20")],
            [("11:00 - 11:04", "bob", "", (T,)), ("11:20", "bob", "", (T,))],
            id="what came and went between two collections is told by its calls",
        ),
        pytest.param(
            [look("10:00", "16:00", A, B)], [capture("12:07", A, B)], [],
            [("11:47 - 12:07", "", "attached", (C, F))],
            id="Config's time is exact to minutes",
        ),
        pytest.param(
            [], [capture("12:07", A, B)], [], [("11:47 - 12:07", "", "attached", (F,))], id="a change that Config alone saw"
        ),
        pytest.param(
            [], [capture("12:07", A, B, daily=True)], [call("AttachRolePolicy", "3:00")],
            [("03:00", "bob", "attached", (F, T))],
            id="recorded once a day",
        ),
        pytest.param(
            [look("10:00", "16:00", A, B)], [capture("12:07", A, B)], [call("AttachRolePolicy", "12:01")],
            [("12:01", "bob", "attached", (C, F, T))],
            id="all three saw the same",
        ),
        pytest.param(
            [look("10:00", "16:00", A, BT)], [capture("11:05", A, B), capture("13:05", B, BT)],
            [call("AttachRolePolicy", "11:00"), call("TagRole", "13:00", "eve")],
            [("11:00", "bob", "attached", (C, F, T)), ("13:00", "eve", "tags", (C, F, T))],
            id="Config tells two changes apart",
        ),
        pytest.param(
            [look("10:00", "16:00", A, B)], [capture("12:07", kept=False)], [],
            [("11:47 - 12:07", "", "attached", (C, F))],
            id="Config did not keep what it was",
        ),
        pytest.param(
            [look("10:00", "16:00", None, MADE)], [], [], [("12:30", "", "made", (C, D))], id="AWS dates what was made"
        ),
        pytest.param(
            [look("10:00", "16:00", None, {"created_at": at("1:00").isoformat()})], [], [],
            [("10:00 - 16:00", "", "made", (C,))],
            id="a date that cannot be is not believed",
        ),
        pytest.param(
            [look("10:00", "16:00", *POLICY)], [], [], [("12:30", "", "document updated_at", (C, D))],
            id="AWS dates a policy's new version",
        ),
        pytest.param(
            [look("10:00", "16:00", None, MADE)], [], [call("CreateRole", "12:30"), call("AttachRolePolicy", "12:31")],
            [("12:30 - 12:31", "bob", "made", (C, T))],
            id="made, with all that followed at once",
        ),
        pytest.param(
            [look("10:00", "16:00", A, None)], [], [call("DetachRolePolicy", "12:30"), call("DeleteRole", "12:31")],
            [("12:30 - 12:31", "bob", "gone", (C, T))],
            id="deleted",
        ),
        pytest.param(
            [look("10:00", "16:00", A, None)], [], [call("TagRole", "12:30")],
            [("12:30", "bob", "", (T,)), ("10:00 - 16:00", "", "gone", (C,))],
            id="a tag deletes nothing",
        ),
    ],
)  # fmt: skip
def test_moments(looks: list[Look], captures: list[Capture], calls: list[Call], expected: list[Any]) -> None:
    for some in (looks, looks[::-1]):
        for others in (calls, calls[::-1]):
            assert [said(one) for one in moments(some, captures, others)] == sorted(
                expected, key=lambda one: one[0][-5:]
            )


def test_several_who_can_have_done_it_are_counted() -> None:
    calls = [
        call("AttachRolePolicy", "11:00"),
        call("DetachRolePolicy", "12:00", "eve"),
        call("TagRole", "13:00", "jo"),
    ]
    found = moments([look("10:00", "16:00", A, B)], [], calls)
    assert [one.others for one in found] == [0, 1, 0]


def deploy(*moments_of: tuple[str, str, str]) -> list[list[str]]:
    """(role, clock, caller) -> the entities of each change."""
    found: list[Moment] = []
    for name, clock, by in moments_of:
        entity = Entity("role", name, name)
        if by:
            found += moments([], [], [call("CreateRole", clock, by, entity)])
        else:
            found += moments([look("0:00", clock, A, B, entity)], [], [])
    return [[one.entity.name for one in change.moments] for change in changes(found)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([("a", "10:00", ""), ("b", "10:00", "")], [["a"], ["b"]]),  # nobody knows that they belong together
        ([("a", "10:00", "bob"), ("b", "10:04", "bob"), ("c", "10:08", "bob")], [["a", "b", "c"]]),
        ([("a", "10:00", "bob"), ("b", "10:06", "bob")], [["a"], ["b"]]),
        ([("a", "10:00", "bob"), ("b", "10:01", "eve"), ("c", "10:02", "bob")], [["b"], ["a", "c"]]),
        ([(f"r{n}", f"{10 + n // 15}:{n % 15 * 4}", "ci") for n in range(17)], [[f"r{n}" for n in range(16)], ["r16"]]),
    ],
)
def test_what_one_caller_did_in_minutes_is_one_change(
    given: list[tuple[str, str, str]], expected: list[list[str]]
) -> None:
    assert deploy(*given) == expected


def test_a_change_keeps_its_key_when_more_is_learned() -> None:
    made = call("AttachRolePolicy", "12:00")
    (before,), (after,) = changes(moments([], [], [made])), changes(moments([look("10:00", "16:00", A, B)], [], [made]))
    assert before.key == after.key
    assert before != after


LIVES = [
    Life(Entity("role", "AROA1", "app"), "role", "app", at("1:00"), at("12:00")),
    Life(Entity("role", "AROA2", "app"), "role", "app", at("11:00")),
    Life(Entity("policy", "ANPA1", "p"), "policy", "arn:p", None),
    Life(Entity("key", "AKIA1", "AKIA1"), "key", "AKIA1", at("5:00")),
]


@pytest.mark.parametrize(
    ("name", "clock", "more", "expected"),
    [
        ("TagRole", "9:00", {}, ["role AROA1"]),
        ("DeleteRole", "10:59", {}, ["role AROA1"]),
        ("CreateRole", "11:00", {}, ["role AROA2"]),
        ("TagRole", "11:30", {}, ["role AROA2"]),
        ("TagRole", "13:00", {}, ["role AROA2"]),
        ("CreateRole", "15:00", {}, ["role "]),  # made and gone, or not collected yet
        ("CreateRole", "15:00", {"details": {"unique_id": "AROA3"}}, ["role AROA3"]),
        ("CreateRole", "15:00", {"details": {"unique_id": "AROA1"}}, ["role AROA1"]),
        ("TagRole", "9:00", {"target_name": "other"}, ["role "]),
        ("SetDefaultPolicyVersion", "9:00", {"target_type": "policy", "target_name": "arn:p"}, ["policy ANPA1"]),
        ("StopLogging", "9:00", {"target_type": "", "target_name": ""}, []),
        ("UpdateAccessKey", "9:00", {"details": {"access_key_id": "AKIA1"}}, ["key AKIA1", "role AROA1"]),
        ("CreateAccessKey", "9:00", {"details": {"access_key_id": "AKIA9"}}, ["key AKIA9", "role AROA1"]),
    ],
)  # fmt: skip
def test_a_name_is_whose_it_was_then(name: str, clock: str, more: dict[str, Any], expected: list[str]) -> None:
    given = {"target_type": "role", "target_name": "app", **more}
    event = AdminEvent(
        account_id="000000000001", event_id="1", at=at(clock), actor=Actor.USER, principal_id="bob", source="iam.amazonaws.com",
        name=name, **given,
    )  # fmt: skip
    assert [f"{one.kind} {one.unique_id}" for one in Names(LIVES).of(event)] == expected
