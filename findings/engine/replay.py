"""Puts a past behind an account: observations with their own times, recorded and judged in order (docs/decisions/0006)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db import connection, transaction
from django.db.models import Model

from collectors import queue, records, runner
from collectors.models import Account, Coverage, Version
from collectors.models.inventory import KINDS
from collectors.sources import Source
from findings.engine import judge_account
from findings.models import AccountDay, Change, DailyCount, Finding, PastRuleState, ProvenanceDay, RuleState, Unknown
from findings.rules.judgement import Identity

BATCH = 500
MOVED = (("findings_finding", "id"), ("findings_findingevent", "finding_id"), ("findings_endedinterval", "finding_id"))
CHANGES = (("findings_change", "id"), ("findings_changedentity", "change_id"), ("findings_findingevent", "change_id"))
K = TypeVar("K")
Entry = tuple[Source, records.Covered, records.Part]  # what a source told, and how its APIs went


@dataclass(frozen=True)
class Observation:
    """What the sources gave at one moment."""

    at: datetime
    sources: tuple[Entry, ...]


def replay(account: Account, observations: Iterable[Observation]) -> None:
    """The account's inventory and findings become those of the observations, the last of which is its present.

    One transaction: readers see the account as it was, then with its past. A finding or change that was there keeps its id,
    so that links to it stay good. observations: oldest first, all of the same sources. What other sources told
    is of today, and no past judgement may know of it: it is put aside until the last observation.
    """
    observed = list(observations)
    with transaction.atomic():
        queue.lock(account.pk)
        before, changed = _ids(account), _changes(account)
        aside = _empty(account, [entry for observation in observed for entry in observation.sources])
        for observation in observed:
            if observation is observed[-1]:
                _put_back(aside)
            for source, covered, part in observation.sources:
                runner.record(source, account, covered, part, observation.at)
            judge_account(account.pk, observation.at)
        _keep_ids(MOVED, before, _ids(account))
        _keep_ids(CHANGES, changed, _changes(account))


def _ids(account: Account) -> Mapping[Identity, int]:
    rows = Finding.objects.filter(account=account).values_list("code", "subject_id", "part", "pk")
    return {(code, subject, part): pk for code, subject, part, pk in rows}


def _changes(account: Account) -> Mapping[str, int]:
    return dict(Change.objects.filter(account=account).values_list("key", "pk"))


def _empty(account: Account, entries: Iterable[Entry]) -> list[Model]:
    """Delete what was observed and judged. What operators decided, policy documents and the runs stay.

    Returns the deleted rows that other sources told of.
    """
    sources = {source.name for source, _, _ in entries}
    kinds = {kind.name for kind in KINDS if any(getattr(part, kind.field) is not None for _, _, part in entries)}
    coverage = Coverage.objects.filter(account=account)
    aside: list[Model] = list(coverage.exclude(source__in=sources))
    coverage.delete()
    for kind in KINDS:
        rows = kind.rows(account)
        aside += [] if kind.name in kinds else rows
        rows.delete()
    Version.objects.filter(account=account, kind__in=kinds).delete()
    for model in (Finding, AccountDay, DailyCount, ProvenanceDay, RuleState, PastRuleState, Unknown):
        model.objects.filter(account=account).delete()
    return aside


def _put_back(rows: Iterable[Model]) -> None:
    by_model: defaultdict[type[Model], list[Model]] = defaultdict(list)
    for row in rows:
        by_model[type(row)].append(row)
    for model, some in by_model.items():
        model.objects.bulk_create(some, BATCH)


def _keep_ids(tables: Iterable[tuple[str, str]], before: Mapping[K, int], now: Mapping[K, int]) -> None:
    """The ids of deleted rows are free, and the new ones are all higher: nothing can collide."""
    pairs = [(before[identity], new) for identity, new in now.items() if identity in before]
    moved = {"old": [old for old, _ in pairs], "new": [new for _, new in pairs]}
    with connection.cursor() as cursor:  # references are checked at the end of the transaction
        for table, column in tables:
            cursor.execute(
                f"update {table} set {column} = pair.old "  # noqa: S608 - the names above
                f"from unnest(%(old)s::bigint[], %(new)s::bigint[]) as pair(old, new) where {table}.{column} = pair.new",
                moved,
            )
