"""Of things that are too many to be asked about in one run: whose turn it is, and how long what was read of one counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from collectors.records import READ_DAYS


@dataclass(frozen=True)
class Turns:
    """asked: on which day each was asked about last, by id. limit: how many a run asks about; None: all, as a bundle tells
    them."""

    today: date
    asked: Mapping[str, date] = field(default_factory=dict)
    limit: int | None = None

    def of(self, ids: Iterable[str]) -> list[str]:
        """Those never asked about first, then the others from the one that has waited longest."""
        return sorted(ids, key=lambda one: (self.asked.get(one, date.min), one))[: self.limit]

    def after(self, ids: Iterable[str], asked: Collection[str]) -> dict[str, date]:
        """On which day each of ids was asked about last, after a run that asked about some."""
        days = {one: self.today if one in asked else self.asked.get(one) for one in sorted(ids)}
        return {one: day for one, day in days.items() if day}

    def says(self, what: str, n: int, told: Iterable[date]) -> tuple[str, bool]:
        """What coverage says of n things, of which some were told on these days, and whether that is all of them. Nothing needs
        to be said where all were told today."""
        oldest = self.today - timedelta(days=READ_DAYS)
        days = [day for day in told if day >= oldest]
        if len(days) == n and min(days, default=self.today) == self.today:
            return "", True
        since = f", the oldest on {min(days)}" if days else ""
        return f"{len(days)} of {n} {what} were read in the last {READ_DAYS} days{since}.", len(days) == n
