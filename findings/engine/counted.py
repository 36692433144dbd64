"""The counts that triggers keep (models/counted.py), put together again: those of an account by each of its judgements."""

from __future__ import annotations

from typing import Any

from django.db import connection

from collectors.models import Account
from findings.models import AccountFindings, DayTotal, FindingCount, FindingTotal, PrincipalCount, ReviewCount
from findings.models.counted import SUMS, Alike

_SETTLE = """
with alike as (
  select array_agg(id) as ids from {table} where {which} group by {alike} having count(*) > 1 or sum(n) = 0),
gone as (delete from {table} where id in (select unnest(ids) from alike) returning *)
insert into {table} ({alike}, {sums}) select {alike}, {summed} from gone group by {alike} having sum(n) <> 0
"""
# What somebody else holds is late the next time; until then due_at tells it.
_LATE = """
update findings_finding set late = true where id in (
  select id from findings_finding where not late and resolved_at is null and due_at <= statement_timestamp()
  order by id limit %s for update skip locked)
"""
AT_ONCE = 20_000


def settle(account: Account) -> None:
    """One row for all that is alike, none for nothing; under the account's lock. What others add meanwhile stays as it is."""
    for model in (FindingCount, AccountFindings, PrincipalCount, ReviewCount):
        _settle(model, "account_id = %s", account.pk)


def settle_totals() -> None:
    """The same of all accounts, which has no lock: the worker's tick does it."""
    for model in (FindingTotal, DayTotal):
        _settle(model, "true")


def _settle(model: type[Alike], which: str, *given: Any) -> None:
    """What another one takes away first, only that one adds again."""
    columns = [field.column for field in model._meta.concrete_fields]
    sums = [name for name in SUMS[1:] if name in columns]
    sql = _SETTLE.format(
        table=model._meta.db_table,
        which=which,
        alike=", ".join(name for name in columns if name not in SUMS),
        sums=", ".join(sums),
        summed=", ".join(f"sum({name})" for name in sums),
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, given)


def note_late() -> int:
    """Whose day is over since the worker last looked; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_LATE, [AT_ONCE])
        return int(cursor.rowcount)
