"""Rows against what is stored: only differences are written, and a change that is told otherwise keeps its id, for the links
that lead to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import connection
from django.db.models import Q

from collectors.models import Account
from findings.analysis.timeline.merge import SLACK
from findings.engine.timeline.rows import Row
from findings.models import Change, ChangedEntity, FindingEvent

BATCH = 500


def write(account: Account, rows: list[Row], after: datetime | None, events: Mapping[int, str]) -> int:
    """Changes from `after` on become these; events: id of a finding's event -> key of its change. Returns how many were new."""
    wanted = {row.change.key: row for row in rows}
    among = Q() if after is None else Q(at__gte=after) | Q(key__in=wanted)
    stored = {one.key: one for one in Change.objects.filter(among, account=account)}
    same = {key for key, one in stored.items() if key in wanted and wanted[key].change.digest == one.digest}
    new = [row for key, row in wanted.items() if key not in same]
    _keep_ids(new, {key: one for key, one in stored.items() if key not in same})
    Change.objects.filter(pk__in=[one.pk for key, one in stored.items() if key not in same]).delete()
    Change.objects.bulk_create((row.change for row in new), BATCH)
    ChangedEntity.objects.bulk_create((entity for row in new for entity in _entities(row)), BATCH)
    _count([(stored[key], wanted[key].change) for key in sorted(same)])
    keys = {key: stored[key].pk for key in same} | {row.change.key: row.change.pk for row in new}
    _point(events, keys)
    return len(new)


def _keep_ids(new: Iterable[Row], gone: Mapping[str, Change]) -> None:
    """A row takes the id of the change with its key; without, of one of the same entity whose time it falls into, as where a
    collection saw it first and a call is read later."""
    left = dict(gone)
    without = []
    for row in new:
        if was := left.pop(row.change.key, None):
            row.change.pk = was.pk
        else:
            without.append(row)
    if not left or not without:
        return
    among = ChangedEntity.objects.filter(change__in=[one.pk for one in left.values()]).order_by("change", "pk")
    of: defaultdict[tuple[str, str], list[Change]] = defaultdict(list)
    by_pk = {one.pk: one for one in left.values()}
    for kind, unique_id, pk in among.values_list("kind", "unique_id", "change"):
        of[kind, unique_id].append(by_pk[pk])
    for row in without:
        near = (one for entity in row.entities for one in of[entity.kind, entity.unique_id] if _meets(one, row.change))
        if found := next((one for one in near if one.pk in by_pk), None):
            row.change.pk = found.pk
            del by_pk[found.pk]


def _meets(was: Change, now: Change) -> bool:
    """Whether the two can be of one time, as well as clocks agree."""
    before, after = was.since or was.at, now.since or now.at
    return after <= was.at + SLACK and before - SLACK <= now.at


def _entities(row: Row) -> Iterable[ChangedEntity]:
    for entity in row.entities:
        entity.change = row.change
        yield entity


def _count(pairs: Iterable[tuple[Change, Change]]) -> None:
    changed = []
    for was, now in pairs:
        if (was.opened, was.resolved) != (now.opened, now.resolved):
            was.opened, was.resolved = now.opened, now.resolved
            changed.append(was)
    Change.objects.bulk_update(changed, ("opened", "resolved"), BATCH)


def _point(events: Mapping[int, str], keys: Mapping[str, int]) -> None:
    """One statement, however many a first judgement opened; a row that points there already is not written."""
    rows = FindingEvent.objects.filter(pk__in=events).order_by("pk").values_list("pk", "change")
    moved = {pk: keys.get(events[pk]) for pk, stands in rows if stands != keys.get(events[pk])}
    if not moved:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"update {FindingEvent._meta.db_table} e set change_id = given.change_id"  # noqa: S608 - of our own model
            " from unnest(%s::bigint[], %s::bigint[]) as given(id, change_id)"
            " where e.id = given.id",
            [list(moved), list(moved.values())],
        )
