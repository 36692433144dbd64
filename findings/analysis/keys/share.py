"""Which part of an account's calls is made with long-term keys, by week. Only whole weeks count, so that a figure stays what it
is until the next one is over."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from collectors.records import Actor

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

WEEK = timedelta(days=7)
LAST, MOST = 4, 12  # weeks: of the share, and of the trend


@dataclass(frozen=True, slots=True)
class Week:
    monday: date
    long_term: int
    temporary: int

    @property
    def said(self) -> str:
        calls = self.long_term + self.temporary
        return (
            f"week of {self.monday:%Y-%m-%d}: {percent(self.long_term, calls)} ({self.long_term:,} of {calls:,} calls)"
        )


def weeks(facts: Facts) -> tuple[Week, ...]:
    """The oldest first, at most MOST; those with calls, from the first that was read as a whole. Empty where CloudTrail was not
    read. Calls of AWS services for themselves, by their service-linked roles too, are nobody's choice and do not count."""
    since, until = facts.activity.since, monday_of(facts.as_of.date())
    if since is None:
        return ()
    first = max(monday_of(since.date() + timedelta(days=6)), until - MOST * WEEK)
    linked = {role.unique_id for role in facts.snapshot.roles if role.service_linked}
    counts: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0])
    for one in facts.snapshot.sessions:
        if one.actor is not Actor.SERVICE and one.principal_id not in linked and first <= one.day < until:
            counts[monday_of(one.day)][not one.key_id] += one.n
    return tuple(Week(monday, *counts[monday]) for monday in sorted(counts))


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def percent(part: int, whole: int) -> str:
    """ "12.5 %"; "less than 0.1 %" for what would be rounded to nothing."""
    share = 100 * part / whole if whole else 0.0
    return "less than 0.1 %" if 0 < share < 0.1 else f"{share:.1f} %"
