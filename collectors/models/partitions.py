"""Monthly range partitions: one migration operation, one function in the database (DESIGN 13b). No extension.

Grants and row-level security stand on the parent, through which everybody reads and writes; nobody but the owner has a right on
a partition itself.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


class CreatePartitioned(migrations.CreateModel):
    """CreateModel whose table is PARTITION BY RANGE (by). The model stays the one definition of the table."""

    def __init__(
        self, name: str, fields: Any, options: Any = None, bases: Any = None, managers: Any = None, *, by: str
    ) -> None:
        super().__init__(name, fields, options, bases, managers)
        self.by = by

    def deconstruct(self) -> Any:
        name, args, kwargs = super().deconstruct()
        return name, args, {**kwargs, "by": self.by}

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        schema_editor.sql_create_table = f"{type(schema_editor).sql_create_table} PARTITION BY RANGE ({self.by})"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            del schema_editor.sql_create_table


# Made and attached, so that readers are not kept waiting: PARTITION OF would take the strongest lock on the parent. It runs with
# the owner's rights for the worker, and does nothing but this for tables that are partitioned.
ENSURE_MONTH = """
create function ensure_month(parent regclass, day date) returns void language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
declare
  month date := date_trunc('month', day);
  after date := date_trunc('month', day) + interval '1 month';
  part text := (select relname from pg_class where oid = parent and relkind = 'p') || to_char(day, '_YYYYMM');
begin
  if part is null then raise 'not partitioned: %', parent; end if;
  if to_regclass('public.' || part) is not null then return; end if;
  perform pg_advisory_xact_lock(hashtext(part));
  if to_regclass('public.' || part) is not null then return; end if;
  execute format('create table public.%I (like %s including all, check (day >= %L and day < %L))', part, parent, month, after);
  execute format('alter table %s attach partition public.%I for values from (%L) to (%L)', parent, part, month, after);
end $$;
revoke all on function ensure_month from public;
"""
FORGET_ENSURE_MONTH = "drop function ensure_month"


def ensure_months(table: str, days: set[date]) -> None:
    """Partitions for all of the days, in their order, so that two who make them do not wait for each other crosswise."""
    with connection.cursor() as cursor:
        for month in sorted({day.replace(day=1) for day in days}):
            cursor.execute("select ensure_month(%s::regclass, %s)", [table, month])
