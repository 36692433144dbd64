"""Who was seen to act with a role or user: the kind that its sessions show, beside the one that is declared."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from collectors.records import Role, User
from findings.analysis.facts import Facts


class Shown(StrEnum):
    PEOPLE = "people"
    PROGRAMS = "programs"
    BOTH = "both"
    UNTOLD = "untold"  # sessions, of which none tells
    NOTHING = "nothing"
    UNKNOWN = ""  # CloudTrail's events were not read

    @property
    def label(self) -> str:
        return _LABELS[self.value]


_LABELS = {
    "people": "People",
    "programs": "Programs",
    "both": "People and programs",
    "untold": "Sessions that do not tell",
    "nothing": "Nobody",
    "": "CloudTrail is not read",
}


class Observed(NamedTuple):
    """since: the first day of the window on which it was so; for NOTHING the day from which on nobody was seen."""

    shown: Shown
    since: date | None


def observed(principal: Role | User, facts: Facts) -> Observed:
    """In the last `unused_days`. A session that does not tell leaves what others show."""
    days = facts.settings.unused_days
    first: dict[bool | None, date] = {}
    for one in facts.activity.of(principal, days):
        human = facts.activity.verdict(one).human
        first[human] = min(first.get(human, one.day), one.day)
    if True in first and False in first:
        return Observed(Shown.BOTH, max(first[True], first[False]))
    for human, shown in ((True, Shown.PEOPLE), (False, Shown.PROGRAMS), (None, Shown.UNTOLD)):
        if human in first:
            return Observed(shown, first[human])
    if (watched := facts.activity.since) is None:
        return Observed(Shown.UNKNOWN, None)
    start = max(watched, principal.created_at, facts.as_of - timedelta(days=days))
    return Observed(Shown.NOTHING, start.date())
