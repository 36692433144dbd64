"""Days that were judged, and the days between them, on which an account stands as it stood. One query of index scans."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db import connection

from findings.models.account_day import SCORES, TOTALS

DAY = timedelta(days=1)
FLOWS = ("n_opened", "n_reopened", "n_resolved")
COLUMNS = (*TOTALS, *SCORES)
# Whoever reads is shown all accounts (iamdash/access/database.py): then sums of all of them are theirs.
SEES_ALL = "nullif(current_setting('iamdash.accounts', true), '') is null"

# Judged days; the days before a judgement since the one before it (gap); the days after an account's last judgement.
_QUERY = """
select day, day + 1, true, scored, sum(n), {sums} from findings_daytotal
where {together} and day >= %(start)s and day < %(stop)s group by 1, 4 having sum(n) <> 0
union all
select day, day + 1, true, score is not null, count(*), {sums} from findings_accountday
where not ({together}) and {scope} and day >= %(start)s and day < %(stop)s group by 1, 4
union all
select d.day - d.gap + 1, d.day, false, p.score is not null, count(*), {before} from findings_accountday d
join findings_accountday p on p.account_id = d.account_id and p.day = d.day - d.gap
where {of_d} and d.gap > 1 and d.day >= %(start)s group by 1, 2, 4
union all
select p.day + 1, %(stop)s, false, p.score is not null, count(*), {before} from collectors_account a cross join lateral (
  select * from findings_accountday l where l.account_id = a.id and l.day < %(stop)s order by l.day desc limit 1) p
where {of_a} and p.day + 1 < %(stop)s group by 1, 4
"""
# Whether the days reach back over all of the period before, and what came and went in it.
_BEFORE = """
select exists (select from findings_accountday where {scope} and day <= %(start)s), {sums} from (
  select {flows} from findings_daytotal where {together} and day >= %(start)s and day < %(stop)s
  union all
  select {flows} from findings_accountday
  where not ({together}) and {scope} and day >= %(start)s and day < %(stop)s) each
"""
Row = tuple[Any, ...]


def read(accounts: Iterable[int] | None, days: int, today: date) -> list[Row]:
    """Of the last `days` days rows (first, until, judged, scored, accounts, sum of each of COLUMNS): the accounts stand so on
    each day from first, before until. scored: they have a score, as all have from some day on. What lies before is cut off."""
    start, stop = today - DAY * (days - 1), today + DAY
    before = ", ".join(f"sum(p.{name})" for name in COLUMNS)
    rows = _rows(_QUERY, accounts, start, stop, sums=", ".join(f"sum({name})" for name in COLUMNS), before=before)
    return [(max(first, start), min(until, stop), *more) for first, until, *more in rows if until > start]


def flows(accounts: Iterable[int] | None, start: date, stop: date) -> tuple[int, ...] | None:
    """The sum of each of FLOWS over the days from start, before stop; None where nothing is told of start. One query."""
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in FLOWS)
    ((whole, *found),) = _rows(_BEFORE, accounts, start, stop, sums=sums, flows=", ".join(FLOWS))
    return tuple(found) if whole else None


def _rows(sql: str, accounts: Iterable[int] | None, start: date, stop: date, **parts: str) -> list[Row]:
    scopes = {"scope": "account_id", "of_d": "d.account_id", "of_a": "a.id"}
    parts |= {name: "true" if accounts is None else f"{of} = any(%(accounts)s)" for name, of in scopes.items()}
    parts["together"] = SEES_ALL if accounts is None else "false"
    given = {"start": start, "stop": stop, "accounts": None if accounts is None else list(accounts)}
    with connection.cursor() as cursor:
        cursor.execute(sql.format(**parts), given)
        return list(cursor.fetchall())
