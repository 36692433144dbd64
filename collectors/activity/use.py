"""How often something was called, and when."""

from __future__ import annotations

from datetime import datetime

from collectors.activity.outcomes import Outcome


class Use:
    """first_at: of any call; used_at: the last one that was allowed; denied_at: the last one that was not."""

    __slots__ = ("denied", "denied_at", "failed", "first_at", "n", "used_at")

    def __init__(self, at: datetime) -> None:
        self.n = self.denied = self.failed = 0
        self.first_at = at
        self.used_at: datetime | None = None
        self.denied_at: datetime | None = None

    @property
    def last_at(self) -> datetime:
        return max((at for at in (self.used_at, self.denied_at) if at), default=self.first_at)

    def count(self, at: datetime, how: Outcome) -> None:
        self.n += 1
        if at < self.first_at:
            self.first_at = at
        if how is Outcome.DENIED:
            self.denied += 1
            if self.denied_at is None or at > self.denied_at:
                self.denied_at = at
            return
        if how is Outcome.FAILED:
            self.failed += 1
        if self.used_at is None or at > self.used_at:
            self.used_at = at

    def join(self, one: Use) -> None:
        """Add up: both are uses of the same thing."""
        self.n += one.n
        self.denied += one.denied
        self.failed += one.failed
        if one.first_at < self.first_at:
            self.first_at = one.first_at
        self.used_at = _later(self.used_at, one.used_at)
        self.denied_at = _later(self.denied_at, one.denied_at)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return other if one is None else one if other is None or one > other else other
