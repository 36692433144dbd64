"""Whether a revocation came true: what must change nothing, then what is confirmed, then what came back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from findings.analysis.reviewing.confirming import Outcome, Sight, State, follow
from tests.builders import AS_OF

DAYS = 14
WAITING, GONE, STILL, BACK = State


def sights(*looks: tuple[float, bool | None] | tuple[float, bool | None, bool]) -> list[State]:
    """(days after the decision, there[, again]) one after the other -> the states."""
    outcome, states = Outcome(), []
    for days, there, *again in looks:
        seen = Sight(there, "seen", AS_OF + timedelta(days=days), *again)
        outcome = follow(outcome, seen, AS_OF, DAYS)
        states.append(outcome.state)
    return states


@pytest.mark.parametrize(
    ("looks", "states"),
    [
        ([(-1, False)], [WAITING]),  # read before the decision
        ([(0, False)], [WAITING]),
        ([(1, None)], [WAITING]),
        ([(20, None)], [WAITING]),
        ([(1, False), (2, None)], [GONE, GONE]),
        ([(1, True), (14, True)], [WAITING, WAITING]),
        ([(1, True), (15, True)], [WAITING, STILL]),
        ([(15, True), (16, None), (17, False)], [STILL, STILL, GONE]),
        ([(1, False), (2, True), (3, True)], [GONE, BACK, BACK]),
        ([(1, False), (2, True), (3, False), (4, True)], [GONE, BACK, GONE, BACK]),
        ([(1, True, True)], [BACK]),  # deleted and made again between two collections
        ([(1, True, True), (2, False)], [BACK, GONE]),
    ],
)
def test_states(looks: list[tuple[float, bool | None]], states: list[State]) -> None:
    assert sights(*looks) == states


def test_what_was_not_read_is_said_and_changes_nothing() -> None:
    before = Outcome(GONE, "it was deleted", AS_OF)
    after = follow(before, Sight(None, "it was denied", None), AS_OF, DAYS)
    assert after == Outcome(GONE, "it was deleted", AS_OF, "it was denied")
    assert follow(after, Sight(False, "it was deleted", AS_OF + timedelta(days=1)), AS_OF, DAYS).unknown == ""


def test_since_is_of_the_first_look_that_showed_it() -> None:
    first = follow(Outcome(), Sight(False, "x", AS_OF + timedelta(days=1)), AS_OF, DAYS)
    second = follow(first, Sight(False, "x", AS_OF + timedelta(days=9)), AS_OF, DAYS)
    assert second.since == AS_OF + timedelta(days=1)
