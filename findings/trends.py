"""How open findings went over the days, out of the daily rollup. One query for a period, one for the period before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from django.db import connection
from django.db.models import Sum

from findings.models import DailyCount
from findings.vocabulary import Severity

DAY, WEEK = timedelta(days=1), 7
SEVERITIES = tuple(Severity)

# A row for each pair of days (day, until) between which accounts were not judged again: how many accounts, what was open
# in them, what opened and was resolved on the first day. The last judgement before the period is carried into it.
_QUERY = """
with of_day as (
  select account_id, day, {open}, sum(n_opened) {of} as opened, sum(n_resolved) {of} as resolved
  from findings_dailycount where {scope} and day >= %(start)s and day < %(stop)s group by 1, 2
  union all
  select account_id, day, {open}, 0, 0 from findings_dailycount where {scope} and (account_id, day) in (
    select a.id, (select max(b.day) from findings_dailycount b where b.account_id = a.id and b.day < %(start)s)
    from collectors_account a) group by 1, 2),
spans as (select *, lead(day, 1, %(stop)s) over (partition by account_id order by day) as until from of_day)
select day, until, count(*), {total}, coalesce(sum(opened), 0), coalesce(sum(resolved), 0) from spans group by 1, 2
"""


@dataclass(frozen=True)
class Span:
    """Accounts last judged on `day` and not again before `until`. open: findings by severity."""

    day: date
    until: date
    accounts: int
    open: Mapping[Severity, int]
    opened: int
    resolved: int


@dataclass(frozen=True)
class Flow:
    """Findings that opened or reopened, and that were resolved, in the days from `begin` on."""

    begin: date
    opened: int
    resolved: int


@dataclass(frozen=True)
class Trend:
    """A period of whole days, UTC. `days` begins with the first one that has data; `open` and `carried` go with it."""

    start: date
    stop: date  # the day after the last
    spans: tuple[Span, ...]

    @cached_property
    def days(self) -> tuple[date, ...]:
        first = max(min((s.day for s in self.spans), default=self.stop), self.start)
        return tuple(first + DAY * n for n in range((self.stop - first).days))

    @cached_property
    def judged(self) -> frozenset[date]:
        """Days of the period on which some account was judged."""
        return frozenset(s.day for s in self.spans if s.day >= self.start)

    @cached_property
    def open(self) -> Mapping[Severity, tuple[int, ...]]:
        """Open findings at the end of each of `days`."""
        totals = {severity: [0] * len(self.days) for severity in SEVERITIES}
        for span, n in self._covered():
            for severity, count in span.open.items():
                totals[severity][n] += count
        return {severity: tuple(numbers) for severity, numbers in totals.items()}

    @cached_property
    def carried(self) -> tuple[int, ...]:
        """For each of `days`: accounts that were not judged on it and stand with their last known counts."""
        numbers = [0] * len(self.days)
        for span, n in self._covered():
            numbers[n] += span.accounts if span.day != self.days[n] else 0
        return tuple(numbers)

    def _covered(self) -> Iterable[tuple[Span, int]]:
        """Each span with the indexes of its days."""
        for span in self.spans:
            for n in range(max((span.day - self.days[0]).days, 0), (span.until - self.days[0]).days):
                yield span, n

    def urgent(self, n: int) -> int:
        """Critical and high on the n-th day."""
        return self.open[Severity.CRITICAL][n] + self.open[Severity.HIGH][n]

    @cached_property
    def weeks(self) -> tuple[Flow, ...]:
        """Seven days each, the last one ending with the period; the first is shorter where the data begins within it."""
        flows = []
        end = self.stop
        while self.days and end > self.days[0]:
            begin = max(end - DAY * WEEK, self.days[0])
            some = [s for s in self.spans if begin <= s.day < end]
            flows.append(Flow(begin, sum(s.opened for s in some), sum(s.resolved for s in some)))
            end = begin
        return tuple(reversed(flows))


def read(accounts: Iterable[int] | None, practice: str | None, days: int, today: date) -> Trend:
    """The last `days` days, today included. accounts: primary keys, None for all; practice: a prefix, None for all."""
    start, stop = today - DAY * (days - 1), today + DAY
    with connection.cursor() as cursor:
        cursor.execute(_sql(accounts, practice), _parameters(accounts, practice) | {"start": start, "stop": stop})
        rows = cursor.fetchall()
    spans = [
        Span(day, until, n, dict(zip(SEVERITIES, more[:-2], strict=True)), *more[-2:])
        for day, until, n, *more in rows
        if until > start
    ]
    return Trend(start, stop, tuple(sorted(spans, key=lambda s: (s.day, s.until))))


def before(accounts: Iterable[int] | None, practice: str | None, trend: Trend) -> Flow | None:
    """The equal period before; None where the data does not reach back over all of it."""
    begin = trend.start - (trend.stop - trend.start)
    rows = DailyCount.objects.filter(day__lt=trend.start)
    rows = rows if accounts is None else rows.filter(account__in=accounts)
    if not rows.filter(day__lte=begin).exists():
        return None
    rows = rows if practice is None else rows.filter(practice=practice)
    found = rows.filter(day__gte=begin).aggregate(
        opened=Sum("n_opened", default=0), resolved=Sum("n_resolved", default=0)
    )
    return Flow(begin, **found)


def _sql(accounts: Iterable[int] | None, practice: str | None) -> str:
    """Column names and conditions of our own; what is given goes in as parameters."""
    of = "" if practice is None else "filter (where practice = %(practice)s)"
    narrow = " and practice = %(practice)s" if practice is not None else ""
    names = [severity.slug for severity in SEVERITIES]
    return _QUERY.format(
        of=of,
        scope="true" if accounts is None else "account_id = any(%(accounts)s)",
        open=", ".join(f"sum(n_open) filter (where severity = {s.value}{narrow}) as {s.slug}" for s in SEVERITIES),
        total=", ".join(f"coalesce(sum({name}), 0)" for name in names),
    )


def _parameters(accounts: Iterable[int] | None, practice: str | None) -> dict[str, object]:
    return {"accounts": None if accounts is None else list(accounts), "practice": practice}
