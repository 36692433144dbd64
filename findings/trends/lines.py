"""Practices, severities, rules, accounts, OUs or owners beside each other: which got worse most, and which better.

Opened and resolved are counted of the findings themselves, by the severity they have now. What was open is as the days ended
(DailyCount, AccountDay), or, by rule, told by the findings' intervals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from django.db import connection

from findings.trends import points
from findings.trends.keys import Key, midnight, scope
from findings.trends.points import Point
from findings.trends.times import NOTHING, Ended, times

DRAWN = 6  # that got worse, and as many that got better
_SINCE = """
select {key}, count(*), count(*) filter (where reopened > 0) from findings_finding f {join}
where {scope} and resolved_at is null and opened_at >= %(start)s group by 1
"""
_OPEN = """
select f.code, coalesce(sum(n) filter (where severity >= 4), 0), sum(n) from findings_findingcount f
where {scope} and status <> 'resolved' group by 1 having sum(n) > 0
"""


@dataclass(frozen=True)
class Line:
    """One practice, rule, OU... open: unresolved now, urgent: critical and high of them.

    points: at Lines.marks; () where it is not drawn. score: of the last point, where it has one.
    """

    key: str
    open: int = 0
    urgent: int = 0
    opened: int = 0
    reopened: int = 0
    ended: Ended = NOTHING
    points: tuple[Point, ...] = ()

    @property
    def change(self) -> int:
        """Of open findings over the period: what opened less what ended."""
        return self.opened - self.ended.n

    @property
    def was(self) -> int:
        return self.open - self.change

    @property
    def score(self) -> int | None:
        return self.points[-1].score if self.points else None

    @property
    def score_change(self) -> int | None:
        known = [point.score for point in self.points if point.score is not None]
        return known[-1] - known[0] if len(known) > 1 else None


@dataclass(frozen=True)
class Lines:
    """All of one kind, the ones with most open first. marks: days of the points."""

    marks: tuple[date, ...]
    all: tuple[Line, ...] = ()

    @property
    def worse(self) -> list[Line]:
        """Those that grew most."""
        grown = [line for line in self.all if line.change > 0]
        return sorted(grown, key=lambda line: (-line.change, line.key))[:DRAWN]

    @property
    def better(self) -> list[Line]:
        shrunk = [line for line in self.all if line.change < 0]
        return sorted(shrunk, key=lambda line: (line.change, line.key))[:DRAWN]


def lines(accounts: Iterable[int] | None, start: date, stop: date, key: Key) -> Lines:
    """stop: the day after the last, which is today's. Three queries; four by rule."""
    accounts = None if accounts is None else list(accounts)
    marks = points.marks(start, stop)
    opened, ended = since(accounts, start, key), times(accounts, start, stop, key)
    if key.by == "rule":
        now = unresolved(accounts)
        names = _moved(now.keys() | opened.keys() | ended.keys(), opened, ended)
        at = points.read(accounts, marks, key, names)
    else:
        at = points.read(accounts, marks, key)
        now = {name: (some[-1].urgent, some[-1].open) for name, some in at.items()}
    found = []
    for name in now.keys() | opened.keys() | ended.keys():
        (urgent, n), (begun, again), over = now.get(name, (0, 0)), opened.get(name, (0, 0)), ended.get(name, NOTHING)
        flow = begun + over.opened, again + over.reopened
        found.append(Line(name, n, urgent, *flow, over, at.get(name, ())))
    return Lines(marks, tuple(sorted(found, key=lambda line: (-line.open, -line.opened, line.key))))


Pairs = dict[str, tuple[int, int]]


def since(accounts: Iterable[int] | None, start: date, key: Key) -> Pairs:
    """By key: unresolved findings that opened from `start` on, and those of them that had been open before. One query."""
    with connection.cursor() as cursor:
        sql = _SINCE.format(key=key.column, join=key.join, scope=scope(accounts))
        cursor.execute(sql, key.given(accounts, start=midnight(start)))
        return {name: (n, again) for name, n, again in cursor.fetchall()}


def unresolved(accounts: Iterable[int] | None) -> Pairs:
    """By rule: critical and high ones, and all. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN.format(scope=scope(accounts)), Key().given(accounts))
        return {code: (int(urgent), int(n)) for code, urgent, n in cursor.fetchall()}


def _moved(names: Iterable[str], opened: Pairs, ended: Mapping[str, Ended]) -> list[str]:
    """Those that are drawn."""
    some = [Line(name, opened=opened.get(name, (0, 0))[0], ended=ended.get(name, NOTHING)) for name in names]
    some = [replace(line, opened=line.opened + line.ended.opened) for line in some]
    whole = Lines((), tuple(some))
    return [line.key for line in (*whole.worse, *whole.better)]
