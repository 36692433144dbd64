"""Facets: the dimensions of a list. Each reads slugs from the URL, narrows a queryset and counts its own options."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, TypeAlias

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet, Value

from collectors.models import Account

SHOWN = 20  # options of a long facet, until more are asked for
MANY = 500
CONDITION = "counted_"  # how the columns of conditions begin


def rows(where: Q | None = None) -> Count:
    """How many rows, of those that a condition holds for. A table's key may be of several columns, which nothing counts."""
    return Count(Value(1), filter=where)


By: TypeAlias = str | Q  # a column, or a condition
Counts: TypeAlias = Counter[Any]  # value of a column, or whether a condition holds -> rows


def counts(qs: QuerySet[Any], by: Sequence[By], weight: str = "", most: int | None = None) -> list[Counts]:
    """Rows of qs by each of these, in one pass; of so many at most. weight: a column whose sum counts instead. Arrays are counted
    as tuples."""
    return _counted(qs, by, weight, None, most)[0]


def counts_within(qs: QuerySet[Any], by: Sequence[By], within: int) -> tuple[list[Counts], list[Counts]]:
    """The same, and once more of those rows only for which a condition of `by` holds. within: its number."""
    return _counted(qs, by, "", within, None)


def _counted(
    qs: QuerySet[Any], by: Sequence[By], weight: str, within: int | None, most: int | None
) -> tuple[list[Counts], list[Counts]]:
    """By each of these, all rows and those within; `by` may name a column twice."""
    asked, names = _named(qs, by)
    columns = list(dict.fromkeys(names))
    whole: list[Counts] = [Counter() for _ in columns]
    part: list[Counts] = [Counter() for _ in columns]
    at = [columns.index(name) for name in names]
    only = "true" if within is None else f"c{at[within]}"
    for which, value, n, n_within in _rows(
        asked.values_list(*columns, *filter(None, [weight]))[:most], only, bool(weight)
    ):
        whole[which][value], part[which][value] = n, n_within or 0
    return [whole[n] for n in at], [part[n] for n in at]


def _named(qs: QuerySet[Any], by: Sequence[By]) -> tuple[QuerySet[Any], list[str]]:
    """Conditions as annotations of qs, and the name of each."""
    names = [one if isinstance(one, str) else f"{CONDITION}{n}" for n, one in enumerate(by)]
    conditions = {name: one for name, one in zip(names, by, strict=True) if not isinstance(one, str)}
    return qs.annotate(**{name: ExpressionWrapper(one, BooleanField()) for name, one in conditions.items()}), names


Row: TypeAlias = tuple[int, Any, int, int | None]  # number of the column, value, rows, rows for which `only` holds


def _rows(asked: QuerySet[Any], only: str, weighed: bool) -> Iterator[Row]:
    """asked: columns, and the weight where there is one."""
    try:
        sql, params = asked.query.sql_with_params()
    except EmptyResultSet:  # a condition that nothing can meet
        return
    columns = asked._fields[:-1] if weighed else asked._fields
    names = [f"c{n}" for n in range(len(columns))]
    conditions = [name for name, column in zip(names, columns, strict=True) if column.startswith(CONDITION)]
    with connection.cursor() as cursor:
        if conditions == names:
            cursor.execute(_packed(sql, names, conditions, weighed), params)
            yield from _of_conditions(cursor.fetchall(), len(names), None if only == "true" else names.index(only))
        else:
            cursor.execute(_grouped(_alike(sql, names, conditions, weighed), names, only), params)
            for which, *values, n, n_within in cursor:
                value = values[which]
                yield which, tuple(value) if isinstance(value, list) else value, n, n_within


def _of_conditions(packed: Sequence[tuple[int, int]], n: int, only: int | None) -> Iterator[Row]:
    """Where nothing but conditions is asked for. packed: bits, and how many rows; n: of conditions; only: the number of one."""
    for which in range(n):
        for holds in (True, False):
            some = [(bits, rows) for bits, rows in packed if bool(bits & 1 << which) is holds]
            within = sum(rows for bits, rows in some if only is None or bits & 1 << only)
            yield which, holds, sum(rows for _, rows in some), within


def _alike(sql: str, names: list[str], conditions: list[str], weighed: bool) -> str:
    """What is alike in all columns, put together, which is much less."""
    again = {name: f"bits & {1 << n} <> 0" for n, name in enumerate(conditions)}
    each = ", ".join(again.get(name, name) for name in names)
    return f"select {each}, n from ({_packed(sql, names, conditions, weighed)}) as packed"  # noqa: S608 - names of our own


def _packed(sql: str, names: list[str], conditions: list[str], weighed: bool) -> str:
    """Rows (columns that are no conditions, bits, n). Conditions are bits of one number, since each column more takes its time
    with each row; one that is unknown does not hold."""
    rest = [name for name in names if name not in conditions]
    bits = " + ".join(f"case when {name} then {1 << n}::bigint else 0 end" for n, name in enumerate(conditions)) or "0"
    given, n = ([*names, "w"], "sum(w)") if weighed else (names, "count(*)")
    return f"""
select {", ".join([*rest, f"{bits} as bits"])}, {n} as n from ({sql}) as asked({", ".join(given)})
group by {", ".join([*rest, "bits"])}
"""  # noqa: S608 - compiled by Django, and names of our own


def _grouped(alike: str, names: list[str], only: str) -> str:
    """Rows (number of the column, all columns, rows, rows for which `only` holds) of what is alike, with how many rows it is."""
    each = ", ".join(names)
    number = " ".join(f"when grouping({name}) = 0 then {n}" for n, name in enumerate(names))
    return f"""
select case {number} end, {each}, sum(n)::bigint, (sum(n) filter (where {only}))::bigint from ({alike}) as alike({each}, n)
group by grouping sets ({", ".join(f"({name})" for name in names)})
"""  # noqa: S608 - compiled by Django, and names of our own


@dataclass(frozen=True)
class Option:
    """n: None where nobody counts."""

    slug: str
    label: str
    n: int | None
    mark: str = ""


@dataclass(frozen=True, kw_only=True)
class Facet:
    """name: the URL parameter. single: one value replaces another; else values of a facet are alternatives.

    inline: its options stand in a row of their own; else in a menu. offered False: only links set it; it shows as a chip.
    shown: how many options are read of a facet that may have any number. by: what its options count, so that a list counts all
    its facets at once (counting.py); alone: an index answers it better by itself; apart: it has so many values that rows are
    counted by them in a pass of their own, since together with others hardly any would be alike; kept: a column of a table of
    counts that tells most of a facet that is alone, and of_kept adds the rest. counted: the same facet of tables of counts, where
    their columns are called otherwise. nothing: said where it has no option.
    """

    alone: ClassVar[bool] = False
    kept: ClassVar[str] = ""
    apart: ClassVar[bool] = False

    name: str
    title: str
    single: bool = False
    inline: bool = False
    offered: bool = True
    shown: int = SHOWN
    counted: Facet | None = None
    nothing: str = "Nothing to choose: no row has any"

    @property
    def told(self) -> Facet:
        """As tables of counts have it."""
        return self.counted or self

    def accepts(self, slug: str) -> bool:
        raise NotImplementedError

    def where(self, slugs: Sequence[str]) -> Q:
        raise NotImplementedError

    @property
    def by(self) -> Sequence[By]:
        return ()

    def of(self, found: Sequence[Counts]) -> list[Option]:
        """Options with how many rows each has. found: in the order of `by`."""
        raise NotImplementedError

    def of_kept(self, n: int, qs: QuerySet[Any]) -> list[Option]:
        """The same, of the sum of `kept` and of the rows of qs."""
        raise NotImplementedError

    def options(self, qs: QuerySet[Any]) -> list[Option]:
        """The same, of the rows of qs; one query."""
        return self.of(counts(qs.order_by(), self.by) if self.by else ())

    def label(self, slug: str) -> str:
        return slug


def of_counts(facet: Facet, **change: Any) -> Facet:
    """The facet, which tables of counts tell by what is changed of it."""
    return replace(facet, counted=replace(facet, **change))


@dataclass(frozen=True, kw_only=True)
class OfColumn(Facet):
    """By the values of one column, or path to one."""

    column: str

    @property
    def by(self) -> Sequence[By]:
        return (self.column,)


@dataclass(frozen=True, kw_only=True)
class Choices(OfColumn):
    """A column with known values. values: slug -> (stored value, label). marked: slugs name severity marks."""

    values: Mapping[str, tuple[Any, str]]
    marked: bool = False

    def accepts(self, slug: str) -> bool:
        return slug in self.values

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(**{f"{self.column}__in": [self.values[s][0] for s in slugs]})

    def of(self, found: Sequence[Counts]) -> list[Option]:
        return [
            Option(slug, label, found[0][value], slug if self.marked else "")
            for slug, (value, label) in self.values.items()
        ]

    def label(self, slug: str) -> str:
        return self.values[slug][1]


@dataclass(frozen=True, kw_only=True)
class Conditions(Facet):
    """Options that are each a condition of their own: slug -> (condition, label)."""

    conditions: Mapping[str, tuple[Q, str]]

    def accepts(self, slug: str) -> bool:
        return slug in self.conditions

    def where(self, slugs: Sequence[str]) -> Q:
        either = Q()
        for slug in slugs:
            either |= self.conditions[slug][0]
        return either

    @property
    def by(self) -> Sequence[By]:
        return tuple(condition for condition, _ in self.conditions.values())

    def of(self, found: Sequence[Counts]) -> list[Option]:
        each = zip(self.conditions.items(), found, strict=True)
        return [Option(slug, label, one[True]) for (slug, (_, label)), one in each]

    def label(self, slug: str) -> str:
        return self.conditions[slug][1]


@dataclass(frozen=True, kw_only=True)
class Texts(OfColumn):
    """A column with many values: those that match the pattern are accepted, the most frequent are offered."""

    pattern: re.Pattern[str]
    naming: Callable[[str], str] = field(default=str)

    def accepts(self, slug: str) -> bool:
        return bool(self.pattern.fullmatch(slug))

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(**{f"{self.column}__in": slugs})

    def of(self, found: Sequence[Counts]) -> list[Option]:
        """Without rows that have no value."""
        most = sorted((-n, value) for value, n in found[0].items() if value)
        return [Option(value, self.label(value), -n) for n, value in most[: self.shown]]

    def label(self, slug: str) -> str:
        return self.naming(slug)


@dataclass(frozen=True, kw_only=True)
class Accounts(OfColumn):
    """The account selector as a facet of a list; its parameter stays across pages. column: path to the Account ("account")."""

    apart: ClassVar[bool] = True
    name: str = "account"
    title: str = "Account"
    single: bool = True
    column: str = "account"

    def accepts(self, slug: str) -> bool:
        return len(slug) == 12 and slug.isascii() and slug.isdigit()

    def where(self, slugs: Sequence[str]) -> Q:
        """Of one account that it is that one: then an index that begins with the account tells the order of a list too."""
        wanted = Account.objects.filter(aws_id__in=slugs)
        return Q(
            **{self.column: wanted.order_by().values("pk")[:1]} if len(slugs) == 1 else {f"{self.column}__in": wanted}
        )

    def primary_keys(self, slugs: Sequence[str]) -> list[int]:
        return list(Account.objects.filter(aws_id__in=slugs).values_list("pk", flat=True))

    def of(self, found: Sequence[Counts]) -> list[Option]:
        """Without rows of no account. One query."""
        most = sorted((-n, pk) for pk, n in found[0].items() if pk is not None)[: self.shown]
        accounts = Account.objects.only("aws_id", "name").in_bulk([pk for _, pk in most])
        options = [Option(one.aws_id, one.name or one.aws_id, -n) for n, pk in most if (one := accounts.get(pk))]
        return sorted(options, key=lambda one: (-(one.n or 0), one.label))


@dataclass(frozen=True, kw_only=True)
class Between(Facet):
    """Days of a column of moments, both included, UTC: "2026-11-01..2026-11-07"; either may be left out. Only links set it."""

    column: str
    single: bool = True
    offered: bool = False

    def accepts(self, slug: str) -> bool:
        try:
            first, last = _days(slug)
        except ValueError:
            return False
        return bool(first or last)

    def where(self, slugs: Sequence[str]) -> Q:
        first, last = _days(slugs[-1])
        found = Q(**{f"{self.column}__gte": _midnight(first)}) if first else Q()
        return found & Q(**{f"{self.column}__lt": _midnight(last + timedelta(days=1))}) if last else found

    def label(self, slug: str) -> str:
        first, last = _days(slug)
        return f"{first or 'ever'} to {last or 'now'}"


@dataclass(frozen=True, kw_only=True)
class Bound(Between):
    """One day (UTC) that a stretch begins or ends with, so that a form can ask for it. begins: it is the first; else the last."""

    begins: bool

    def accepts(self, slug: str) -> bool:
        return ".." not in slug and super().accepts(self._stretch(slug))

    def where(self, slugs: Sequence[str]) -> Q:
        return super().where([self._stretch(slugs[-1])])

    def label(self, slug: str) -> str:
        return slug

    def _stretch(self, slug: str) -> str:
        return f"{slug}.." if self.begins else f"..{slug}"


def _days(slug: str) -> tuple[date | None, date | None]:
    """Raises ValueError."""
    first, sign, last = slug.partition("..")
    if not sign or not slug.isascii():
        raise ValueError(slug)
    found = tuple(date.fromisoformat(one) if one else None for one in (first, last))
    if any(one and one.year > 9000 for one in found):
        raise ValueError(slug)
    return found[0], found[1]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
