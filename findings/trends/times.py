"""What ended in a period, why, and how long it had been open: from every interval, also those before a finding was reopened.

The median is what is told: a few faults that were open for years would carry the mean away. Both come with their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import connection

from findings.trends.keys import Key, midnight, scope

# Hours are told apart below two days, and days above: so few rows are sorted, whatever the number of intervals. "offset 0", where
# there are keys: else the planner takes them for as many as there are moments, and sorts all intervals to group them.
_GROUPED = """
  select key, put_right, took, count(*) as n, sum(hours) as hours, count(*) filter (where gone) as gone,
    count(*) filter (where opened) as opened, count(*) filter (where opened and again) as reopened
  from (
    select {key} as key, why <> 'not_applicable' as put_right, hours, why = 'subject_gone' as gone,
      case when hours < 48 then hours else hours - hours %% 24 end as took, opened_at >= %(start)s as opened, again
    from findings_endedinterval f {join}
    where {scope} and resolved_at >= {since} and resolved_at < {until} {apart}) told
  group by 1, 2, 3"""
# One after the other from an index: to make a week of each moment takes as long as all else.
_OF_WEEKS = """
  select of_week.* from generate_series(0, %(weeks)s) week cross join lateral ({grouped} offset 0) of_week"""
_QUERY = """
with grouped as ({grouped}),
each as (
  select key::text, put_right, took, n, hours, gone, opened, reopened from grouped union all
  select '', put_right, took, sum(n), sum(hours), sum(gone), sum(opened), sum(reopened) from grouped
  where %(whole)s group by 2, 3),
sorted as (
  select *, sum(n) over (partition by key, put_right order by took) as up_to, sum(n) over (partition by key, put_right) as total
  from each)
select key, put_right, sum(n), sum(gone), sum(opened), sum(reopened), min(took) filter (where 2 * up_to >= total), sum(hours)
from sorted group by 1, 2
"""
_PERIOD = {"since": "%(start)s", "until": "%(stop)s"}
_WEEK = {  # in hours: a day of PostgreSQL's is one of its time zone
    "since": "greatest(%(start)s, %(stop)s - (week + 1) * interval '168 hours')",
    "until": "%(stop)s - week * interval '168 hours'",
}
# The planner takes each interval for a group of its own, and would sort them all on disk where they seem to have no room.
_HASHED = "select set_config('work_mem', '32MB', true)"


@dataclass(frozen=True)
class Times:
    """Faults that were put right: n, gone of them with their subject. median, mean: hours open, None for none."""

    n: int = 0
    gone: int = 0
    median: int | None = None
    mean: int | None = None

    @property
    def fixed(self) -> int:
        return self.n - self.gone


@dataclass(frozen=True)
class Ended:
    """Intervals of one key that ended in the period. opened, reopened: those that had begun in it.

    lapsed: the rule no longer applied, which is no repair and counts in no time.
    """

    right: Times = Times()
    lapsed: int = 0
    opened: int = 0
    reopened: int = 0

    @property
    def n(self) -> int:
        return self.right.n + self.lapsed


NOTHING = Ended()


def times(accounts: Iterable[int] | None, start: date, stop: date, key: Key | None = None) -> Mapping[str, Ended]:
    """By key; "" where none is given, and by week for all of them together. stop: the day after the last. Two statements."""
    key = key or Key()
    by_week = key.by == "week"
    days = {"start": midnight(start), "stop": midnight(stop), "weeks": ((stop - start).days - 1) // 7}
    grouped = _GROUPED.format(
        key=key.column,
        join=key.join,
        scope=scope(accounts),
        apart="offset 0" if key.by and not by_week else "",
        **(_WEEK if by_week else _PERIOD),
    )
    sql = _QUERY.format(grouped=_OF_WEEKS.format(grouped=grouped) if by_week else grouped)
    found: dict[str, Ended] = {}
    with connection.cursor() as cursor:
        cursor.execute(_HASHED)
        cursor.execute(sql, key.given(accounts, **days, whole=by_week))
        for name, put_right, n, gone, opened, reopened, median, hours in cursor.fetchall():
            other = found.get(name, NOTHING)
            right = Times(int(n), int(gone), int(median), int(hours / n)) if put_right else other.right
            lapsed = other.lapsed if put_right else int(n)
            found[name] = Ended(right, lapsed, other.opened + int(opened), other.reopened + int(reopened))
    return found
