"""What a text search means: its rows one by one where they are few, so that all else of a page is asked of these."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

NAMED = 5_000  # rows that a search names one by one
LATE = 100  # rows among which a page of the newest is likely to be
INDEXED = 3  # letters from which an index of trigrams tells more than nothing


class Many(Q):
    """Holds for more rows than that: a page shows some of them, and says that it does not count them."""


def one_of(keys: Sequence[Any], column: str = "pk") -> Q:
    """Rows with these keys, of their own or of what the column names."""
    return Q(**{f"{column}__among": keys}) if keys else Q(pk__in=())


class Dated(Q):
    """Holds for rows that are known with their days. late: the newest of them, whole days, enough for a page."""

    late: Q


def dated(found: Sequence[tuple[Any, date]]) -> Q:
    """Rows with these keys, which are of these days."""
    meant = one_of([key for key, _ in found])
    if len(found) <= LATE:
        return meant
    since, all_of_them = sorted(day for _, day in found)[-LATE], Dated(meant)
    all_of_them.late = Q(one_of([key for key, day in found if day >= since]), day__gte=since)
    return all_of_them


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
    return [key for (key,) in rows_by(function, *given)]


def rows_by(function: str, *given: Any) -> list[tuple[Any, ...]]:
    """The same of a function that tells more of each."""
    with connection.cursor() as cursor:
        asked = f"select * from {function}({', '.join(['%s'] * len(given))})"  # noqa: S608 - a constant of the caller
        cursor.execute(asked, given)
        return cursor.fetchall()
