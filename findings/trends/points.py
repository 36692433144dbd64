"""A few days of a period, evenly apart, and what was open at the end of each: enough for a small drawing, whatever the period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from findings.trends.keys import Key, midnight
from findings.trends.spans import DAY

MOST = 13  # points beside the first
# An account that was not judged on a mark stands as the last judgement before it left it; most were, and are read in one piece.
_MISSING = """
with marks as (select unnest(%(marks)s::date[]) as day),
last as (
  select m.day, a.id, l.day as judged from collectors_account a cross join marks m
  left join (select account_id, day from findings_accountday where day = any(%(marks)s)) d
  on d.account_id = a.id and d.day = m.day
  cross join lateral (
    select day from findings_accountday l where l.account_id = a.id and l.day <= m.day order by l.day desc limit 1) l
  where {of_a} and d.day is null)
"""
_ACCOUNTS = (
    _MISSING
    + """
select d.day, d.account_id, true, d.critical + d.high, d.critical + d.high + d.medium + d.low + d.info, d.score
from findings_accountday d where {of_d} and d.day = any(%(marks)s)
union all
select l.day, l.id, false, d.critical + d.high, d.critical + d.high + d.medium + d.low + d.info, d.score
from last l join findings_accountday d on d.account_id = l.id and d.day = l.judged
"""
)
_COUNTS = (
    _MISSING  # noqa: S608 - names of columns are our own
    + """
select day, key::text, bool_and(measured), coalesce(sum(n) filter (where severity >= 4), 0), sum(n) from (
  select d.day, d.{column} as key, d.severity, d.n_open as n, true as measured from findings_dailycount d
  where {of_d} and d.day = any(%(marks)s)
  union all
  select l.day, c.{column}, c.severity, c.n_open, false from last l
  join findings_dailycount c on c.account_id = l.id and c.day = l.judged) found group by 1, 2
"""
)
# Between which marks each interval lies: after how many of them it began, and ended.
_RULES = """
select code, width_bucket(opened_at, %(ends)s::timestamptz[]), width_bucket(resolved_at, %(ends)s::timestamptz[]),
  count(*) filter (where severity >= 4), count(*)
from (
  select code, severity, opened_at, 'infinity'::timestamptz as resolved_at from findings_finding f
  where {of_f} and resolved_at is null and code = any(%(codes)s)
  union all
  select code, severity, opened_at, resolved_at from findings_endedinterval f
  where {of_f} and code = any(%(codes)s) and resolved_at >= %(from)s) f
group by 1, 2, 3
"""


@dataclass(frozen=True)
class Point:
    """Open findings at the end of a day, urgent: critical and high ones. measured: all its accounts were judged on that day.

    score: the mean of accounts, in thousandths; None where none is known, or the point is not of accounts.
    """

    day: date
    urgent: int = 0
    open: int = 0
    measured: bool = True
    score: int | None = None


def marks(start: date, stop: date) -> tuple[date, ...]:
    """The last day of the period and those before it at equal steps, down to its first."""
    step = -(-(stop - start).days // MOST)
    days = [stop - DAY]
    while days[-1] - DAY * step >= start:
        days.append(days[-1] - DAY * step)
    return tuple(reversed(days if days[-1] == start else [*days, start]))


def read(
    accounts: Iterable[int] | None, days: Sequence[date], key: Key, only: Sequence[str] = ()
) -> Mapping[str, tuple[Point, ...]]:
    """By key. only: the rules that are asked for; the other kinds are few, and come whole. One query."""
    if key.by == "rule":
        return _dense(days, _rules(accounts, days, only))
    if key.by in ("practice", "severity"):
        return _dense(days, _counts(accounts, days, key.by))
    return _dense(days, _of_accounts(accounts, days, key))


Found = Mapping[tuple[str, date], Point]


def _dense(days: Sequence[date], found: Found) -> Mapping[str, tuple[Point, ...]]:
    names = {name for name, _ in found}
    return {name: tuple(found.get((name, day), Point(day)) for day in days) for name in names}


def _rows(sql: str, accounts: Iterable[int] | None, column: str = "", **given: Any) -> list[tuple[Any, ...]]:
    scopes = {"of_a": "a.id", "of_d": "d.account_id", "of_f": "f.account_id"}
    names = {name: "true" if accounts is None else f"{of} = any(%(accounts)s)" for name, of in scopes.items()}
    with connection.cursor() as cursor:
        cursor.execute(sql.format(column=column, **names), {"accounts": accounts, **given})
        return list(cursor.fetchall())


def _rules(accounts: Iterable[int] | None, days: Sequence[date], codes: Sequence[str]) -> Found:
    if not codes:
        return {}
    given = {"ends": [midnight(day + DAY) for day in days], "codes": list(codes), "from": midnight(days[0])}
    sums: defaultdict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0])
    for code, began, ended, urgent, n in _rows(_RULES, accounts, **given):
        for day in days[began:ended]:
            sums[code, day][0] += urgent
            sums[code, day][1] += n
    return {(code, day): Point(day, *numbers) for (code, day), numbers in sums.items()}


def _counts(accounts: Iterable[int] | None, days: Sequence[date], column: str) -> Found:
    rows = _rows(_COUNTS, accounts, column, marks=list(days))
    return {(name, day): Point(day, int(urgent), int(n), measured) for day, name, measured, urgent, n in rows}


def _of_accounts(accounts: Iterable[int] | None, days: Sequence[date], key: Key) -> Found:
    found: defaultdict[tuple[str, date], list[tuple[bool, int, int, int | None]]] = defaultdict(list)
    names: defaultdict[int, list[str]] = defaultdict(list)
    for pk, name in key.of or ():
        names[pk].append(name)
    for day, pk, *more in _rows(_ACCOUNTS, accounts, marks=list(days)):
        for name in [str(pk)] if key.of is None else names[pk]:
            found[name, day].append(tuple(more))
    return {(name, day): _together(day, some) for (name, day), some in found.items()}


def _together(day: date, some: Sequence[tuple[bool, int, int, int | None]]) -> Point:
    scores = [score for *_, score in some if score is not None]
    return Point(
        day,
        sum(urgent for _, urgent, _, _ in some),
        sum(n for _, _, n, _ in some),
        all(measured for measured, *_ in some),
        sum(scores) // len(scores) if scores else None,
    )
