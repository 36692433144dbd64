"""Open findings at the end of each day, and what opened and was resolved in each week, of accounts together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from findings.trends import spans
from findings.trends.spans import DAY, FLOWS
from findings.vocabulary import Severity

WEEK = 7
SEVERITIES = tuple(Severity)


@dataclass(frozen=True)
class Flow:
    """Findings that opened or reopened (reopened: those of them), and that were resolved, in the days from `begin` on."""

    begin: date
    opened: int
    reopened: int
    resolved: int


@dataclass(frozen=True)
class Span:
    """Accounts that stood so on each day from `first`, before `until`; judged: on that one day. open: findings by severity."""

    first: date
    until: date
    judged: bool
    accounts: int
    open: Mapping[Severity, int]
    opened: int
    reopened: int
    resolved: int


@dataclass(frozen=True)
class Trend:
    """A period of whole days, UTC. `days` begins with the first one that has data; `open` and `carried` go with it."""

    start: date
    stop: date  # the day after the last
    spans: tuple[Span, ...]

    @cached_property
    def days(self) -> tuple[date, ...]:
        first = min((s.first for s in self.spans), default=self.stop)
        return tuple(first + DAY * n for n in range((self.stop - first).days))

    @cached_property
    def judged(self) -> frozenset[date]:
        """Days of the period on which some account was judged."""
        return frozenset(s.first for s in self.spans if s.judged)

    @property
    def told(self) -> bool:
        """Whether there are two judgements to compare; the first may lie before the period."""
        return len({*self.days[:1], *self.judged}) > 1

    @cached_property
    def open(self) -> Mapping[Severity, tuple[int, ...]]:
        """Unresolved findings at the end of each of `days`."""
        totals = {severity: [0] * len(self.days) for severity in SEVERITIES}
        for span, n in self._covered():
            for severity, count in span.open.items():
                totals[severity][n] += count
        return {severity: tuple(numbers) for severity, numbers in totals.items()}

    @cached_property
    def carried(self) -> tuple[int, ...]:
        """For each of `days`: accounts that were not judged on it and stand with their last known counts."""
        return self._not_judged(lambda span: span.accounts)

    @property
    def accounts(self) -> int:
        """On the last day, judged or not."""
        return sum(span.accounts for span in self.spans if span.until == self.stop)

    @cached_property
    def carried_open(self) -> tuple[int, ...]:
        """For each of `days`: of its open findings, those in accounts that were not judged on it."""
        return self._not_judged(lambda span: sum(span.open.values()))

    def _not_judged(self, of: Callable[[Span], int]) -> tuple[int, ...]:
        numbers = [0] * len(self.days)
        for span, n in self._covered():
            if not span.judged:
                numbers[n] += of(span)
        return tuple(numbers)

    def _covered(self) -> Iterable[tuple[Span, int]]:
        """Each span with the indexes of its days."""
        for span in self.spans:
            for n in range((span.first - self.days[0]).days, (span.until - self.days[0]).days):
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
            flows.append(self._flow(begin, end))
            end = begin
        return tuple(reversed(flows))

    @cached_property
    def whole(self) -> Flow:
        return self._flow(self.start, self.stop)

    def _flow(self, begin: date, end: date) -> Flow:
        some = [s for s in self.spans if s.judged and begin <= s.first < end]
        return Flow(begin, sum(s.opened for s in some), sum(s.reopened for s in some), sum(s.resolved for s in some))


def read(accounts: Iterable[int] | None, days: int, today: date, rows: Sequence[spans.Row] | None = None) -> Trend:
    """The last `days` days, today included. rows: as of spans.read; one query where they are not given."""
    rows = spans.read(accounts, days, today) if rows is None else rows
    end = len(SEVERITIES)
    found = [
        Span(first, until, judged, n, dict(zip(SEVERITIES, map(int, more[:end]), strict=True)), *flows)
        for first, until, judged, _, n, *more in rows
        for flows in [map(int, more[end : end + len(FLOWS)]) if judged else (0, 0, 0)]
    ]
    start, stop = today - DAY * (days - 1), today + DAY
    return Trend(start, stop, tuple(sorted(found, key=lambda s: (s.first, s.until))))


def before(accounts: Iterable[int] | None, trend: Trend) -> Flow | None:
    """The equal period before; None where the data does not reach back over all of it."""
    begin = trend.start - (trend.stop - trend.start)
    found = spans.flows(accounts, begin, trend.start)
    return None if found is None else Flow(begin, *found)
