"""The counts of findings that triggers keep (models/counted.py), put together again by each judgement."""

from __future__ import annotations

from django.db import connection

from collectors.models import Account

_SETTLE = """
with alike as (
  select account_id, code, practice, severity, subject_type, status, again from findings_findingcount
  where account_id = %s group by 1, 2, 3, 4, 5, 6, 7 having count(*) > 1 or sum(n) = 0),
gone as (
  delete from findings_findingcount c using alike a
  where (c.account_id, c.code, c.practice, c.severity, c.subject_type, c.status, c.again)
    = (a.account_id, a.code, a.practice, a.severity, a.subject_type, a.status, a.again)
  returning c.*)
insert into findings_findingcount (account_id, code, practice, severity, subject_type, status, again, n, n_late)
select account_id, code, practice, severity, subject_type, status, again, sum(n), sum(n_late) from gone
group by 1, 2, 3, 4, 5, 6, 7 having sum(n) <> 0
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
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, [account.pk])


def note_late() -> int:
    """Whose day is over since the worker last looked; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_LATE, [AT_ONCE])
        return int(cursor.rowcount)
