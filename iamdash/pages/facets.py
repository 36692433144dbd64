"""Facets: the dimensions of a list. Each reads slugs from the URL, narrows a queryset and counts its own options."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Value

from collectors.models import Account

SHOWN = 20


def rows(where: Q | None = None) -> Count:
    """How many rows, of those that a condition holds for. A table's key may be of several columns, which nothing counts."""
    return Count(Value(1), filter=where)


@dataclass(frozen=True)
class Option:
    slug: str
    label: str
    n: int
    mark: str = ""


@dataclass(frozen=True, kw_only=True)
class Facet:
    """name: the URL parameter. single: one value replaces another; else values of a facet are alternatives.

    inline: its options stand in a row of their own; else in a menu. offered False: only links set it; it shows as a chip.
    """

    name: str
    title: str
    single: bool = False
    inline: bool = False
    offered: bool = True

    def accepts(self, slug: str) -> bool:
        raise NotImplementedError

    def where(self, slugs: Sequence[str]) -> Q:
        raise NotImplementedError

    def options(self, qs: QuerySet[Any]) -> list[Option]:
        """Options with how many rows of qs each has; one query."""
        raise NotImplementedError

    def label(self, slug: str) -> str:
        return slug


@dataclass(frozen=True, kw_only=True)
class Choices(Facet):
    """A column with known values. values: slug -> (stored value, label). marked: slugs name severity marks."""

    column: str
    values: Mapping[str, tuple[Any, str]]
    marked: bool = False

    def accepts(self, slug: str) -> bool:
        return slug in self.values

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(**{f"{self.column}__in": [self.values[s][0] for s in slugs]})

    def options(self, qs: QuerySet[Any]) -> list[Option]:
        found = dict(qs.order_by().values_list(self.column).annotate(n=rows()))
        return [
            Option(slug, label, found.get(value, 0), slug if self.marked else "")
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

    def options(self, qs: QuerySet[Any]) -> list[Option]:
        counts = {f"n_{i}": rows(q) for i, (q, _) in enumerate(self.conditions.values())}
        found = qs.order_by().aggregate(**counts)
        return [
            Option(slug, label, n)
            for (slug, (_, label)), n in zip(self.conditions.items(), found.values(), strict=True)
        ]

    def label(self, slug: str) -> str:
        return self.conditions[slug][1]


@dataclass(frozen=True, kw_only=True)
class Texts(Facet):
    """A column with many values: those that match the pattern are accepted, the most frequent are offered."""

    column: str
    pattern: re.Pattern[str]
    naming: Callable[[str], str] = field(default=str)

    def accepts(self, slug: str) -> bool:
        return bool(self.pattern.fullmatch(slug))

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(**{f"{self.column}__in": slugs})

    def options(self, qs: QuerySet[Any]) -> list[Option]:
        found = qs.order_by().values_list(self.column).annotate(n=rows()).order_by("-n", self.column)
        return [Option(value, self.label(value), n) for value, n in found[:SHOWN]]

    def label(self, slug: str) -> str:
        return self.naming(slug)


@dataclass(frozen=True, kw_only=True)
class Accounts(Facet):
    """The account selector as a facet of a list; its parameter stays across pages. column: path to the Account ("account")."""

    name: str = "account"
    title: str = "Account"
    single: bool = True
    column: str = "account"

    def accepts(self, slug: str) -> bool:
        return len(slug) == 12 and slug.isascii() and slug.isdigit()

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(**{f"{self.column}__in": Account.objects.filter(aws_id__in=slugs)})

    def primary_keys(self, slugs: Sequence[str]) -> list[int]:
        return list(Account.objects.filter(aws_id__in=slugs).values_list("pk", flat=True))

    def options(self, qs: QuerySet[Any]) -> list[Option]:
        path = f"{self.column}__"
        found = (
            qs.order_by().values_list(f"{path}aws_id", f"{path}name").annotate(n=rows()).order_by("-n", f"{path}name")
        )
        return [Option(aws_id, name or aws_id, n) for aws_id, name, n in found[:SHOWN]]


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
