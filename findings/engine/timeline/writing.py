"""Rows against what is stored: only differences are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import connection
from django.db.models import Q

from collectors.models import Account
from findings.engine.timeline.rows import Row
from findings.models import Change, ChangedEntity, FindingEvent

BATCH = 500


def write(account: Account, rows: list[Row], after: datetime | None, events: Mapping[int, str]) -> int:
    """Changes from `after` on become these; events: id of a finding's event -> key of its change. Returns how many were new."""
    wanted = {row.change.key: row for row in rows}
    among = Q() if after is None else Q(at__gte=after) | Q(key__in=wanted)
    stored = {one.key: one for one in Change.objects.filter(among, account=account)}
    same = {key for key, one in stored.items() if key in wanted and wanted[key].change.digest == one.digest}
    Change.objects.filter(pk__in=[one.pk for key, one in stored.items() if key not in same]).delete()
    new = [row for key, row in wanted.items() if key not in same]
    Change.objects.bulk_create((row.change for row in new), BATCH)
    ChangedEntity.objects.bulk_create((entity for row in new for entity in _entities(row)), BATCH)
    _count([(stored[key], wanted[key].change) for key in sorted(same)])
    keys = {key: stored[key].pk for key in same} | {row.change.key: row.change.pk for row in new}
    _point(events, keys)
    return len(new)


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
