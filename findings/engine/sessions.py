"""Who was behind each session, for the pages; only differences are written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from collectors.models import Account, UsageSession
from collectors.models.partitions import ensure_months
from collectors.records import Actor, Session
from findings.analysis.activity import signs
from findings.analysis.facts import Facts
from findings.models import SessionVerdict
from findings.rules import sessions as rule

BATCH = 1_000
FIELDS = ("at", "actor", "sign_in", "who", "confidence", "machine", "lineage", "text", "reasons")
LONGEST = 2_048
WHO = {True: SessionVerdict.Who.PERSON, False: SessionVerdict.Who.PROGRAM, None: SessionVerdict.Who.UNTOLD}
Identity = tuple[Any, ...]


def write(account: Account, facts: Facts) -> None:
    """Of the sessions that the facts hold. Inside the caller's transaction."""
    if not facts.snapshot.sessions:
        return
    ids = _ids(account, min(one.day for one in facts.snapshot.sessions))
    rows = SessionVerdict.objects.filter(account=account).values_list("pk", *FIELDS)
    stored = {pk: _mark(told) for pk, *told in rows.iterator()}
    changed = [
        SessionVerdict(session_id=ids[key], account=account, day=key[2], **dict(zip(FIELDS, told, strict=True)))
        for key, told in _verdicts(facts)
        if key in ids and stored.get(ids[key]) != _mark(told)
    ]
    ensure_months(SessionVerdict, {row.day for row in changed})
    SessionVerdict.objects.bulk_create(
        changed, BATCH, update_conflicts=True, unique_fields=["session", "day"], update_fields=FIELDS
    )


def _ids(account: Account, oldest: date) -> dict[Identity, int]:
    columns = ("principal__unique_id", "principal__actor", "day", "name", "key")
    rows = UsageSession.objects.filter(account=account, day__gte=oldest).values_list("pk", *columns)
    return {tuple(key): pk for pk, *key in rows.iterator()}


def _mark(told: list[Any]) -> int:
    """Of a row, to compare by: the rows themselves would be as big as all that was judged."""
    *columns, reasons = told
    return hash((*columns, *reasons))


def _verdicts(facts: Facts) -> Iterator[tuple[Identity, list[Any]]]:
    """The identity of each session, and the columns named in FIELDS."""
    principals = (*facts.snapshot.roles, *facts.snapshot.users)
    machines = {one.unique_id for one in principals if rule.machine(one, facts)}
    for one in facts.snapshot.sessions:
        found, lineage = facts.activity.verdict(one), _lineage(one, facts)
        yield (
            (one.principal_id, one.actor.value, one.day, one.name, one.key_id),
            [
                one.last_at,
                one.actor.value,
                one.sign_in.value,
                WHO[found.human].value,
                found.confidence.value,
                one.principal_id in machines,
                lineage,
                _text(one, lineage),
                list(found.reasons),
            ],
        )


def _lineage(session: Session, facts: Facts) -> str:
    lineage = facts.activity.lineage
    behind = lineage.behind(session) if session.actor is Actor.ROLE else None
    return signs.path(behind, session, lineage)[:LONGEST] if behind else ""


def _text(one: Session, lineage: str) -> str:
    names = (one.principal_arn or one.principal_id, one.principal_id, one.name, one.key_id)
    others = (one.source_identity, one.federated_user, *one.networks, *one.agents, lineage)
    return "\n".join(dict.fromkeys(filter(None, (*names, *others)))).lower()
