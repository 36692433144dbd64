"""Keyset pages: the URL carries the last row's sort key; no COUNT, no OFFSET.

Sort keys are never NULL, all in one direction, and end in the primary key, each of its columns, so that row comparison is a
total order.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import BadRequest, ValidationError
from django.db.models import F, Field, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

from collectors.records import clean

DAMAGED = "The page address is damaged. Open the list again from its first page."


@dataclass(frozen=True)
class Page:
    """Primary keys in order, what the rows are ordered by first, and the cursors of the pages beside it (None: there is none)."""

    ids: list[Any]
    by: list[Any]
    after: str | None
    before: str | None


def page(
    qs: QuerySet[Any], keys: Sequence[str], *, descending: bool, after: str = "", before: str = "", size: int = 50
) -> Page:
    """The rows after (or before) a cursor. keys: fields or annotations of qs, then "pk" or the columns that it is made of."""
    back = bool(before) and not after
    down = descending != back
    if cursor := after or before:
        lookup = TupleLessThan if down else TupleGreaterThan
        qs = qs.filter(lookup(Tuple(*map(F, keys)), _values(qs, keys, cursor)))
    order = (F(k).desc() if down else F(k).asc() for k in keys)
    rows = list(qs.order_by(*order).values_list(*keys)[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    if back:
        rows.reverse()
    width = len(qs.model._meta.pk_fields)
    return Page(
        [row[-1] if width == 1 else row[-width:] for row in rows],
        [row[0] for row in rows],
        after=_cursor(rows[-1]) if rows and (more or back) else None,
        before=_cursor(rows[0]) if rows and (after or (back and more)) else None,
    )


def _cursor(values: Sequence[Any]) -> str:
    text = json.dumps(values, default=lambda moment: moment.isoformat(), separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _values(qs: QuerySet[Any], keys: Sequence[str], cursor: str) -> tuple[Any, ...]:
    """The cursor's values in the types of their fields; BadRequest for anything that `_cursor` did not make."""
    try:
        values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if not isinstance(values, list) or len(values) != len(keys) or clean(values) != values:
            raise BadRequest(DAMAGED)
        return tuple(_value(_field(qs, key), value) for key, value in zip(keys, values, strict=True))
    except (binascii.Error, ValueError, TypeError, RecursionError, ValidationError):
        raise BadRequest(DAMAGED) from None


def _value(field: Field[Any, Any], given: Any) -> Any:
    value = field.to_python(given)
    naive = isinstance(value, datetime) and value.tzinfo is None
    if value is None or naive or isinstance(given, float | list | dict):
        raise ValueError(given)
    return value


def _field(qs: QuerySet[Any], key: str) -> Field[Any, Any]:
    if key in qs.query.annotations:
        return qs.query.annotations[key].output_field
    *path, last = key.split("__")
    model = qs.model
    for name in path:
        model = model._meta.get_field(name).related_model
    return model._meta.pk if last == "pk" else model._meta.get_field(last)
