"""Statements that write what was added up. Rows come in the order of their keys, so that writers never wait crosswise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection, models

from collectors.activity import resources
from collectors.models import UsageLast, UsagePrincipal, UsageResource

BATCH = 5_000  # rows of one statement

Pair = tuple[int, int]  # ids of a principal and an event

# How a column of a row that is there takes in the same column of a new one.
ADDS = {
    "n": "{t}.n + excluded.n",
    "denied": "{t}.denied + excluded.denied",
    "failed": "{t}.failed + excluded.failed",
    "first_at": "least({t}.first_at, excluded.first_at)",
    "last_at": "greatest({t}.last_at, excluded.last_at)",
    "used_at": "greatest({t}.used_at, excluded.used_at)",  # greatest() passes over nulls
    "denied_at": "greatest({t}.denied_at, excluded.denied_at)",
}


def ids_of(model: type[models.Model], columns: tuple[str, ...], wanted: Iterable[Any]) -> dict[Any, int]:
    """Natural key -> id in a dictionary, of keys new and old. Sorted: writers of two accounts share its pages."""
    keys, found = sorted(set(wanted)), {}
    names, table = ", ".join(columns), model._meta.db_table
    arrays = ", ".join("%s::bigint[]" if name == "account_id" else "%s::text[]" for name in columns)
    given = f"unnest({arrays}) as given({names})"
    more = ", arn" if model is UsagePrincipal else ""
    with connection.cursor() as cursor:
        for at in range(0, len(keys), BATCH):
            part = [list(column) for column in zip(*keys[at : at + BATCH], strict=True)]
            cursor.execute(
                f"insert into {table} ({names}{more}) select {names}{more and ', %s'} from {given} order by {names}"  # noqa: S608
                " on conflict do nothing",
                [*([""] if more else []), *part],
            )
            cursor.execute(f"select t.id, {names} from {given} join {table} t using ({names})", part)  # noqa: S608
            found |= {tuple(key): pk for pk, *key in cursor.fetchall()}
    return found


def upsert(
    model: type[models.Model],
    key: tuple[str, ...],
    columns: tuple[str, ...],
    rows: Iterable[tuple[Any, ...]],
    *,
    replace: bool = False,
) -> None:
    """COPY into a table of the transaction, from there in the order of the key. The rows' keys must be distinct.

    replace: what is there was read and added up before, and the new row stands in its place.
    """
    table, stage = model._meta.db_table, f"stage_{model._meta.model_name}"
    names = ", ".join((*key, *columns))
    takes = {name: f"excluded.{name}" for name in columns} if replace else ADDS
    sets = ", ".join(f"{name} = {takes[name].format(t=table)}" for name in columns if name in takes)
    with connection.cursor() as cursor:
        cursor.execute(
            f"create temporary table {stage} on commit drop as select {names} from {table} with no data"  # noqa: S608
        )
        with cursor.copy(f"copy {stage} ({names}) from stdin") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(
            f"insert into {table} ({names}) select {names} from {stage} order by {', '.join(key)}"  # noqa: S608
            f" on conflict ({', '.join(key)}) do update set {sets}"
        )
        cursor.execute(f"drop table {stage}")


def keep_smallest(pairs: list[Pair], cut: list[Pair]) -> None:
    """Keep the smallest names of each pair, and mark pairs of which some were dropped, here or on the way."""
    if not pairs:
        return
    given = "unnest(%s::bigint[], %s::bigint[]) as given(principal_id, event_id)"
    last, resource = UsageLast._meta.db_table, UsageResource._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "with ranked as (select principal_id, event_id, resource, row_number() over"  # noqa: S608
            f' (partition by principal_id, event_id order by resource collate "C") as place'
            f" from {resource} join {given} using (principal_id, event_id)),"
            f" dropped as (delete from {resource} t using ranked r where r.place > %s and t.principal_id = r.principal_id"
            "  and t.event_id = r.event_id and t.resource = r.resource returning t.principal_id, t.event_id)"
            " select distinct principal_id, event_id from dropped",
            [*map(list, zip(*pairs, strict=True)), resources.MOST],
        )
        marked = sorted({*cut, *cursor.fetchall()})
        if marked:
            cursor.execute(
                f"update {last} t set resources_cut = true from {given} where t.principal_id = given.principal_id"  # noqa: S608
                " and t.event_id = given.event_id",
                list(map(list, zip(*marked, strict=True))),
            )


def stored(model: type[models.Model], keys: Iterable[tuple[Any, ...]], columns: tuple[str, ...]) -> dict[Any, Any]:
    """The rows there are of these keys."""
    wanted = set(keys)
    filters = {f"{name}__in": {key[at] for key in wanted} for at, name in enumerate(columns[:2])}
    rows = model._default_manager.filter(**filters)
    return {key: row for row in rows if (key := tuple(getattr(row, name) for name in columns)) in wanted}
