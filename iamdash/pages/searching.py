"""What a text search means: its rows one by one where they are few, so that all else of a page is asked of these."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

NAMED = 5_000  # rows that a search names one by one
INDEXED = 3  # letters from which an index of trigrams tells more than nothing


class Many(Q):
    """Holds for more rows than that: a page shows some of them, and says that it does not count them."""


def one_of(keys: Sequence[Any], column: str = "pk") -> Q:
    """Rows with these keys, of their own or of what the column names."""
    return Q(**{f"{column}__among": keys}) if keys else Q(pk__in=())


def contains(q: str, columns: Sequence[str]) -> Q:
    return reduce(or_, (Q(**{f"{column}__icontains": q}) for column in columns))


def few(rows: QuerySet[Any], meant: Q) -> Q:
    """meant: a condition that holds for rows. One query."""
    return named(list(rows.filter(meant).order_by().values_list("pk", flat=True)[: NAMED + 1]), meant)


def named(keys: Sequence[Any], meant: Q) -> Q:
    """keys: of the rows for which meant holds, as far as anybody looked: one more than NAMED is enough."""
    return Many(meant) if len(keys) > NAMED else one_of(keys)


def pattern(q: str, least: int = INDEXED) -> str:
    """For like and ilike: q anywhere; at the beginning where it has fewer letters than that, by default than an index needs."""
    plain = re.sub(r"([\\%_])", r"\\\1", q)
    return f"%{plain}%" if len(q) >= least else f"{plain}%"


def found_by(function: str, *given: Any) -> list[int]:
    """Ids that a function of the database found (collectors/models/sought.py)."""
    with connection.cursor() as cursor:
        cursor.execute(f"select {function}({', '.join(['%s'] * len(given))})", given)
        return [key for (key,) in cursor.fetchall()]
