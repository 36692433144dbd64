"""Whether what a reviewer revoked is really gone, from one look of a later collection after the other. Pure: states in, state
out. Missing data changes no state, and a look from before the decision tells nothing."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import datetime, timedelta


class State(enum.StrEnum):
    """WAITING: it is there, and there is time left. STILL: there although the time is over. BACK: it was gone, and is there
    again, or was made again under its old name."""

    WAITING = "waiting"
    GONE = "gone"
    STILL = "still"
    BACK = "back"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    State.WAITING: "Waiting to be seen gone",
    State.GONE: "Confirmed gone",
    State.STILL: "Still there",
    State.BACK: "Came back",
}


@dataclass(frozen=True)
class Sight:
    """One look. there None: nobody can tell, for the reason in `said`. at: when that was read, None where it was not.
    again: it was deleted, and made again under its name."""

    there: bool | None
    said: str
    at: datetime | None
    again: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a revocation stands. since: when it was first seen so. said: what was seen then. unknown: why the last look told
    nothing; "" when it did."""

    state: State = State.WAITING
    said: str = ""
    since: datetime | None = None
    unknown: str = ""


def follow(before: Outcome, sight: Sight, decided_at: datetime, days: int) -> Outcome:
    """days: how long it may still be there after the decision."""
    if sight.there is None or sight.at is None:
        return replace(before, unknown=sight.said)
    if sight.at <= decided_at:
        return before
    state = _state(before.state, sight, late=sight.at - decided_at > timedelta(days=days))
    return Outcome(state, sight.said, before.since if state is before.state and before.since else sight.at)


def _state(before: State, sight: Sight, *, late: bool) -> State:
    if not sight.there:
        return State.GONE
    if sight.again or before in (State.GONE, State.BACK):
        return State.BACK
    return State.STILL if late else State.WAITING
