"""A lookup for many values: `among`; of columns that are one key together, `AmongRows`."""

from __future__ import annotations

from typing import Any

from django.db.models import CompositePrimaryKey, Field, ForeignObject, Lookup
from django.db.models.fields.tuple_lookups import TupleLookupMixin


@ForeignObject.register_lookup  # which has none of its base's
@Field.register_lookup
class Among(Lookup):  # type: ignore[type-arg] # at run time it takes none
    """One of many, which are given as one array: to write an IN of thousands and to parse it takes longer than to answer it.
    There must be one at least."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, given = self.process_lhs(compiler, connection)
        return f"{column} = any(%s)", (*given, list(self.rhs))


@CompositePrimaryKey.register_lookup
class AmongRows(TupleLookupMixin, Among):
    """The same of several columns: rows with a value for each, which are given as an array a column. An IN of rows is planned,
    and asked, as an OR of them all."""

    def get_prep_lookup(self) -> Any:
        return self.rhs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        columns, given = self.process_lhs(compiler, connection)
        types = (one.output_field.cast_db_type(connection) for one in self.lhs)
        arrays = ", ".join(f"%s::{kind}[]" for kind in types)
        rows = f"select * from unnest({arrays})"  # noqa: S608 - names of types
        return f"{columns} in ({rows})", (*given, *map(list, zip(*self.rhs, strict=True)))
