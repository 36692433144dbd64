"""Rows by SQL out of what a query makes, for benchmarks whose data nobody could make one by one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models

NOW = datetime(2026, 11, 24, tzinfo=UTC)
UNITS, OWNERS = 20, 60


def literal(value: Any) -> str:
    return "'" + json.dumps(value).replace("'", "''").replace("%", "%%") + "'::jsonb"


def copy(model: type[models.Model], origin: str, given: dict[str, Any], /, **columns: str) -> None:
    """insert into model select ... from origin; columns that are not named get the model's own default. columns: name -> SQL."""
    table = {}
    for field in model._meta.concrete_fields:
        if field.column in columns:
            table[field.column] = columns.pop(field.column)
        elif not field.primary_key and not field.null and field.db_default is models.NOT_PROVIDED:
            table[field.column] = _default(field)
    if columns:
        raise TypeError(f"{model.__name__} has no {', '.join(columns)}")
    names, values = ", ".join(table), ", ".join(table.values())
    with connection.cursor() as cursor:
        cursor.execute(f"insert into {model._meta.db_table} ({names}) select {values} from {origin}", given)


def _default(field: models.Field[Any, Any]) -> str:
    value = field.get_default()
    if isinstance(field, models.JSONField):
        return literal(value)
    if isinstance(field, models.DurationField):
        return "interval '0'"
    if isinstance(value, bool | int):
        return str(value).lower()
    return f"'{value or ''}'"
