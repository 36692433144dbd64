"""Days that were judged, and the days between them, on which an account stands as it stood. One query of three index scans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import connection

DAY = timedelta(days=1)

# Judged days; the days before a judgement since the one before it (gap); the days after an account's last judgement.
_QUERY = """
select day, day + 1, true, count(*), {sums} from findings_accountday
where {scope} and {known} and day >= %(start)s and day < %(stop)s group by 1
union all
select d.day - d.gap + 1, d.day, false, count(*), {before} from findings_accountday d
join findings_accountday p on p.account_id = d.account_id and p.day = d.day - d.gap
where {of_d} and {p_known} and d.gap > 1 and d.day >= %(start)s group by 1, 2
union all
select p.day + 1, %(stop)s, false, count(*), {before} from collectors_account a cross join lateral (
  select * from findings_accountday l where l.account_id = a.id and {l_known} and l.day < %(stop)s order by l.day desc limit 1) p
where {of_a} and p.day + 1 < %(stop)s group by 1
"""


def read(
    columns: Sequence[str], accounts: Iterable[int] | None, start: date, stop: date, known: str = ""
) -> list[tuple[Any, ...]]:
    """Rows (first, until, judged, accounts, sum of each column): the accounts stand so on each day from first, before until.

    Names of columns and `known`, one that must not be null, are our own. What lies before start is cut off.
    """
    sql = _QUERY.format(
        sums=", ".join(f"sum({name})" for name in columns),
        before=", ".join(f"sum(p.{name})" for name in columns),
        **{
            f"{prefix}known": f"{alias}{known} is not null" if known else "true"
            for prefix, alias in (("", ""), ("p_", "p."), ("l_", "l."))
        },
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
