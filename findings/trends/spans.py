"""Days that were judged, and the days between them, on which an account stands as it stood. One query of three index scans."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db import connection

from findings.vocabulary import Severity

DAY = timedelta(days=1)
FLOWS = ("n_opened", "n_reopened", "n_resolved")
SCORES = ("score", "decided", "unknown", "rules")
COLUMNS = (*(severity.slug for severity in Severity), *FLOWS, *SCORES)

# Judged days; the days before a judgement since the one before it (gap); the days after an account's last judgement.
_QUERY = """
select day, day + 1, true, score is not null, count(*), {sums} from findings_accountday
where {scope} and day >= %(start)s and day < %(stop)s group by 1, 4
union all
select d.day - d.gap + 1, d.day, false, p.score is not null, count(*), {before} from findings_accountday d
join findings_accountday p on p.account_id = d.account_id and p.day = d.day - d.gap
where {of_d} and d.gap > 1 and d.day >= %(start)s group by 1, 2, 4
union all
select p.day + 1, %(stop)s, false, p.score is not null, count(*), {before} from collectors_account a cross join lateral (
  select * from findings_accountday l where l.account_id = a.id and l.day < %(stop)s order by l.day desc limit 1) p
where {of_a} and p.day + 1 < %(stop)s group by 1, 4
"""
Row = tuple[Any, ...]


def read(accounts: Iterable[int] | None, days: int, today: date) -> list[Row]:
    """Of the last `days` days rows (first, until, judged, scored, accounts, sum of each of COLUMNS): the accounts stand so on
    each day from first, before until. scored: they have a score, as all have from some day on. What lies before is cut off."""
    start, stop = today - DAY * (days - 1), today + DAY
    sql = _QUERY.format(
        sums=", ".join(f"sum({name})" for name in COLUMNS),
        before=", ".join(f"sum(p.{name})" for name in COLUMNS),
        **{
            name: "true" if accounts is None else f"{column} = any(%(accounts)s)"
            for name, column in (("scope", "account_id"), ("of_d", "d.account_id"), ("of_a", "a.id"))
        },
    )
    given = {"start": start, "stop": stop, "accounts": None if accounts is None else list(accounts)}
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        rows = cursor.fetchall()
    return [(max(first, start), min(until, stop), *more) for first, until, *more in rows if until > start]
