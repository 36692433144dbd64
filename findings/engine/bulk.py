"""One action on many findings, and its undo. Each is a few statements whatever the number; the rows that it adds name it.

ids: keys of findings; those that are not seen, or are resolved where that matters, are left out. by: the operator's name.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from collectors.models import Account
from findings.engine import exceptions
from findings.engine.deriving import ENDED, derive
from findings.models import Acceptance, Assignment, Finding, JudgementRequest, Note

MOST = 10_000  # findings that one action may change
UNDO = timedelta(hours=1)

_ACCEPT = """
insert into findings_acceptance (account_id, scope, target, code, subject_id, subject_name, part, tag, family, severity,
  reason, owner, expires_at, needs_approval, approved_by, set_by, ended_by, bulk)
select f.account_id, 'account', '', f.code, f.subject_id, f.subject_name, f.part, '', '', f.severity,
  %(reason)s, %(owner)s, %(until)s, %(approval)s, '', %(by)s, '', %(bulk)s
from findings_finding f where f.id = any(%(ids)s) and f.resolved_at is null
"""
_ACCEPT_AGAIN = """
insert into findings_acceptance (account_id, scope, target, code, subject_id, subject_name, part, tag, family, severity,
  reason, owner, expires_at, needs_approval, approved_by, approved_at, set_by, ended_by)
select account_id, scope, target, code, subject_id, subject_name, part, tag, family, severity,
  reason, owner, expires_at, needs_approval, approved_by, approved_at, set_by, ''
from findings_acceptance where ended_bulk = %(bulk)s and ended_by = %(by)s and ended_at > now() - %(undo)s and expires_at > now()
returning id
"""
_END_ACCEPTED = """
select a.id from findings_acceptance a
where a.ended_at is null and a.id in (select acceptance_id from findings_finding where id = any(%(ids)s))
and not exists (select from findings_finding f where f.acceptance_id = a.id and not f.id = any(%(ids)s))
and (a.account_id is not null or %(wide)s)
"""
_SAME = "s.account_id = f.account_id and s.code = f.code and s.subject_id = f.subject_id and s.part = f.part"
_END_ASSIGNED = f"""
update findings_assignment s set ended_at = now(), ended_by = %(by)s, ended_bulk = %(bulk)s
from findings_finding f where f.id = any(%(ids)s) and s.ended_at is null and {_SAME}
"""  # noqa: S608 - constants of this module
_ASSIGN = """
insert into findings_assignment (account_id, code, subject_id, part, "to", set_by, ended_by, bulk)
select f.account_id, f.code, f.subject_id, f.part, %(to)s, %(by)s, '', %(bulk)s
from findings_finding f where f.id = any(%(ids)s)
"""
_ASSIGN_AGAIN = """
insert into findings_assignment (account_id, code, subject_id, part, "to", set_by, set_at, ended_by)
select account_id, code, subject_id, part, "to", set_by, set_at, ''
from findings_assignment where ended_bulk = %(bulk)s and ended_by = %(by)s and ended_at > now() - %(undo)s
on conflict do nothing
"""
# The assignee that a finding shows is that of the row that stands.
_SHOW_ASSIGNED = f"""
with moved as (
  update findings_finding f set assignee = x."to" from (
    select f.id, coalesce((select s."to" from findings_assignment s where s.ended_at is null and {_SAME}), '') as "to"
    from findings_finding f where f.id = any(%(ids)s) order by f.id for update) x
  where x.id = f.id and f.assignee <> x."to" returning f.id, f.account_id, f.assignee)
insert into findings_findingevent (account_id, finding_id, at, kind, detail)
select account_id, id, now(), 'assigned', jsonb_build_object('to', assignee, 'by', %(by)s::text) from moved
"""  # noqa: S608 - constants of this module
_NOTE = """
insert into findings_note (account_id, code, subject_id, part, text, set_by, ended_by, bulk)
select f.account_id, f.code, f.subject_id, f.part, %(text)s, %(by)s, '', %(bulk)s
from findings_finding f where f.id = any(%(ids)s)
"""
_TELL_NOTED = """
insert into findings_findingevent (account_id, finding_id, at, kind, detail)
select f.account_id, f.id, now(), 'noted', jsonb_build_object('by', %(by)s::text)
from findings_finding f where f.id = any(%(ids)s)
"""
_OF_BULK = f"""
select f.id from findings_finding f join findings_assignment s on {_SAME}
where s.bulk = %(bulk)s or s.ended_bulk = %(bulk)s
"""  # noqa: S608 - constants of this module


@dataclass(frozen=True)
class Done:
    """bulk: names what was done, for the undo. n: findings that changed."""

    bulk: uuid.UUID
    n: int


def accept(ids: Sequence[int], reason: str, owner: str, until: datetime, by: str) -> tuple[Done, bool]:
    """Each for itself, as bad as it is now. Also whether that waits for somebody's approval."""
    accounts = Account.objects.filter(pk__in=Finding.objects.filter(pk__in=ids).order_by().values("account").distinct())
    approval, bulk = exceptions.limits(accounts).approval, uuid.uuid4()
    given = {"ids": list(ids), "reason": reason, "owner": owner, "until": until, "by": by, "bulk": bulk}
    with transaction.atomic():
        n = _run(_ACCEPT, given | {"approval": approval})
        if not approval:
            JudgementRequest.ask(derive("f.id = any(%(ids)s)", given, ()), by)
    return Done(bulk, n), approval


def approve(bulk: uuid.UUID, by: str) -> int:
    """What one action asked for. Returns how many acceptances begin."""
    waiting = Acceptance.objects.filter(bulk=bulk, needs_approval=True, approved_at=None, ended_at=None)
    with transaction.atomic():
        some = list(waiting.exclude(set_by=by).filter(expires_at__gt=Now()).values_list("pk", flat=True))
        Acceptance.objects.filter(pk__in=some).update(approved_by=by, approved_at=Now())
        JudgementRequest.ask(derive(_COVERED, {"some": some}, ()), by)
    return len(some)


def reopen(ids: Sequence[int], by: str, *, wide: bool) -> tuple[Done, int]:
    """End acceptances that hide none but these. wide: those of no single account too. Also how many stay accepted by others."""
    bulk = uuid.uuid4()
    with transaction.atomic():
        before = Finding.objects.filter(pk__in=ids, status=Finding.Status.ACCEPTED).count()
        exceptions.end(_keys(_END_ACCEPTED, {"ids": list(ids), "wide": wide}), by, bulk)
        stay = Finding.objects.filter(pk__in=ids, status=Finding.Status.ACCEPTED).count()
    return Done(bulk, before - stay), stay


def assign(ids: Sequence[int], to: str, by: str) -> Done:
    """to "": whoever owns the account answers."""
    given = {"ids": list(ids), "to": to, "by": by, "bulk": uuid.uuid4()}
    with transaction.atomic():
        _run(_END_ASSIGNED, given)
        if to:
            _run(_ASSIGN, given)
        n = _run(_SHOW_ASSIGNED, given)
    return Done(given["bulk"], n)


def note(ids: Sequence[int], text: str, by: str) -> Done:
    given = {"ids": list(ids), "text": text, "by": by, "bulk": uuid.uuid4()}
    with transaction.atomic():
        n = _run(_NOTE, given)
        _run(_TELL_NOTED, given)
    return Done(given["bulk"], n)


def undo(bulk: uuid.UUID, by: str) -> bool:
    """What `by` did within the last hour is as it was before. False: there is nothing of it that could be undone."""
    given = {"bulk": bulk, "by": by, "undo": UNDO}
    with transaction.atomic():
        done = [_unaccept(bulk, by), _reaccept(given), _reassign(given), _ended(Note, bulk, by)]
    return any(done)


def _recent(rows: QuerySet[Any], by: str) -> QuerySet[Any]:
    return rows.filter(set_by=by, ended_at=None, set_at__gt=Now() - UNDO)


def _ended(model: Any, bulk: uuid.UUID, by: str) -> int:
    return int(_recent(model.objects.filter(bulk=bulk), by).update(ended_at=Now(), ended_by=by))


def _unaccept(bulk: uuid.UUID, by: str) -> int:
    some = list(_recent(Acceptance.objects.filter(bulk=bulk), by).values_list("pk", flat=True))
    return exceptions.end(some, by) if some else 0


def _reaccept(given: dict[str, Any]) -> int:
    """Those that the action ended begin again; it can be undone once."""
    some = _keys(_ACCEPT_AGAIN, given)
    if some:
        Acceptance.objects.filter(ended_bulk=given["bulk"], ended_by=given["by"]).update(ended_bulk=None)
        JudgementRequest.ask(derive(_COVERED, {"some": some}, (), ENDED), given["by"])
    return len(some)


# Findings that acceptances may hide: derive then asks them whole.
_COVERED = """
f.id in (select f.id from findings_acceptance n join findings_finding f on f.resolved_at is null
  and (n.account_id is null or f.account_id = n.account_id)
  and (n.subject_id = '' or f.subject_id = n.subject_id) and (n.code = '' or f.code = n.code)
  where n.id = any(%(some)s))
"""


def _reassign(given: dict[str, Any]) -> int:
    ids = _keys(_OF_BULK, given)
    ended = _ended(Assignment, given["bulk"], given["by"])
    again = _run(_ASSIGN_AGAIN, given)
    if again:
        Assignment.objects.filter(ended_bulk=given["bulk"], ended_by=given["by"]).update(ended_bulk=None)
    _run(_SHOW_ASSIGNED, given | {"ids": ids})
    return ended + again


def _run(sql: str, given: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return int(cursor.rowcount)


def _keys(sql: str, given: dict[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return [key for (key,) in cursor.fetchall()]
