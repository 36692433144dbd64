"""How old is what is open? Unresolved findings by the time since they opened, or opened again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection

from findings.trends.keys import midnight, scope
from findings.vocabulary import Severity

BANDS = (7, 30, 90, 365)  # days; beyond the last is a band of its own
# Counted range by range in an index, which takes half the time of looking at each and grouping. The last band, which has most as
# a rule, is what is left of the counts that are kept.
_QUERY = """
select s.severity, b.band, (
  select count(*) from findings_finding f
  where {scope} and resolved_at is null and f.severity = s.severity and f.opened_at >= b.since and f.opened_at < b.till)
from unnest(%(severities)s::int[]) as s(severity)
cross join unnest(%(bands)s::int[], %(since)s::timestamptz[], %(till)s::timestamptz[]) as b(band, since, till)
union all
select f.severity, null, sum(n) from findings_accountfindings f where {scope} and status <> 'resolved' group by 1
"""


@dataclass(frozen=True)
class Ages:
    """counts: severity -> findings by band, the youngest first. since: the first day of each band, None for the last one."""

    since: tuple[date | None, ...]
    counts: Mapping[Severity, tuple[int, ...]]

    @property
    def total(self) -> int:
        return sum(map(sum, self.counts.values()))


def ages(accounts: Iterable[int] | None, today: date) -> Ages:
    """One query."""
    since = [today - timedelta(days=band - 1) for band in BANDS]
    given = {
        "accounts": None if accounts is None else list(accounts),
        "severities": list(Severity),
        "bands": list(range(len(BANDS))),
        "since": [*map(midnight, since)],
        "till": [midnight(today + timedelta(days=2)), *map(midnight, since[:-1])],
    }
    counts, totals = {severity: [0] * len(BANDS) for severity in Severity}, dict.fromkeys(Severity, 0)
    with connection.cursor() as cursor:
        cursor.execute(_QUERY.format(scope=scope(accounts)), given)
        for severity, band, n in cursor.fetchall():
            if band is None:
                totals[Severity(severity)] = n
            else:
                counts[Severity(severity)][band] = n
    return Ages((*since, None), {one: (*some, totals[one] - sum(some)) for one, some in counts.items()})
