"""A lookup for thousands of values: `among`."""

from __future__ import annotations

from typing import Any

from django.db.models import Field, ForeignObject, Lookup


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
