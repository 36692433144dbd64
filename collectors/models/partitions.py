"""Monthly range partitions: two migration operations and two functions in the database (DESIGN 13b). No extension.

Grants and row-level security stand on the parent, through which everybody reads and writes; nobody but the owner has a right on
a partition itself. What has no month yet lands in the partition `_rest`, from which ensure_month moves it. A table's own id
stays its primary key for Django; in the database the key holds the partition's column too, as PostgreSQL demands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.db import connection, migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation


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
        with partitioned(schema_editor, self.by):
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class Partition(Operation):
    """Make a table that is there PARTITION BY RANGE (by), with its rows. state: what its model is besides, from then on: unique
    constraints must hold the column `by`. Rows move by one statement, which takes their time and space once."""

    reversible = False
    reduces_to_sql = True

    def __init__(self, name: str, by: str, state: Sequence[Operation] = ()) -> None:
        self.name, self.by, self.state = name, by, state

    def describe(self) -> str:
        return f"Partition {self.name} by month of {self.by}"

    def state_forwards(self, app_label: str, state: Any) -> None:
        for operation in self.state:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        table, names = model._meta.db_table, ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
        schema_editor.execute(f'create temporary table moved as table "{table}"')
        schema_editor.execute(f'drop table "{table}" cascade')
        with partitioned(schema_editor, self.by):
            schema_editor.create_model(model)
        schema_editor.execute(_MONTHS_OF_MOVED.format(table=table, by=self.by))
        schema_editor.execute(_MOVE.format(table=table, names=names))
        schema_editor.execute("drop table moved")
        if isinstance(model._meta.pk, models.AutoField | models.BigAutoField):
            schema_editor.execute(_GO_ON_COUNTING.format(table=table))


_MONTHS_OF_MOVED = """
select ensure_month('{table}', day) from (select distinct date_trunc('month', "{by}")::date from moved) as of (day)"""
_MOVE = 'insert into "{table}" ({names}) overriding system value select {names} from moved'
_GO_ON_COUNTING = """
select setval(pg_get_serial_sequence('{table}', 'id'), max(id)) from "{table}" having max(id) is not null"""


@contextmanager
def partitioned(editor: BaseDatabaseSchemaEditor, by: str) -> Iterator[None]:
    """Tables that the editor creates inside are partitioned, and have a partition for what has no month."""
    whole = editor.table_sql

    def table_sql(model: type[models.Model]) -> tuple[str, Any]:
        sql, parameters = whole(model)
        key = model._meta.pk
        if key.column:  # a composite one holds the column already
            sql = sql.replace(" PRIMARY KEY", "", 1).rstrip().removesuffix(")")
            sql += f', PRIMARY KEY ("{key.column}", "{by}"))'
        table = model._meta.db_table
        rest = f'create table "{table}_rest" partition of "{table}" default'
        return f'{sql} partition by range ("{by}"); {rest}', parameters

    editor.table_sql = table_sql
    try:
        yield
    finally:
        del editor.table_sql


def ensure_months(model: type[models.Model], days: Iterable[date]) -> None:
    """Partitions for all of the days, in their order, so that two who make them do not wait for each other crosswise."""
    with connection.cursor() as cursor:
        for month in sorted({day.replace(day=1) for day in days}):
            cursor.execute("select ensure_month(%s::regclass, %s)", [model._meta.db_table, month])


def settle_months(model: type[models.Model]) -> None:
    """Partitions for this month and the next, by the database's clock, and for all rows that have no month yet."""
    with connection.cursor() as cursor:
        cursor.execute("select settle_months(%s::regclass)", [model._meta.db_table])


def drop_months(model: type[models.Model], keep_days: int) -> list[str]:
    """Drop the months that ended so long ago, by the database's clock; returns the names of their partitions."""
    with connection.cursor() as cursor:
        cursor.execute("select drop_months(%s::regclass, %s)", [model._meta.db_table, keep_days])
        return list(cursor.fetchone()[0])
