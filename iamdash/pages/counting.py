"""What a list counts: rows of each tab and of each option of its facets, in as few passes as there are.

A list may name a table of counts (findings/models/counted.py): sums of its `n` tell the same as counting rows, wherever all that
is asked lies in its columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db.models import Model, Q, QuerySet, Sum

from iamdash.pages.facets import By, Counts, Facet, Option, counts, counts_within
from iamdash.pages.filters import Asked, Tab
from iamdash.pages.searching import NAMED, Many

MOST = 100_000
WHOLE = (Tab("", "", Q(), counted=Q()),)  # of a list without tabs
Found = tuple[Sequence[Counts], bool]  # what a facet counts by, and whether that is of all rows


@dataclass(frozen=True)
class Counting:
    """rows: all of the list. table: of counts, None for none. limit: rows that are counted; of more the list says so."""

    asked: Asked
    rows: QuerySet[Any]
    table: type[Model] | None = None
    limit: int = MOST

    @property
    def many(self) -> bool:
        """Whether the list has so many rows that nobody counts them."""
        return next(n for tab, n in zip(self._all_tabs, self._of_tabs, strict=True) if tab is self._tab) is None

    def tabs(self) -> list[int | None]:
        """Rows of each tab with the other filters on; of a list without tabs, of the list. None: more than anybody counts.

        One query; beside a table of counts one more for each tab that it does not tell.
        """
        return self._of_tabs

    def options(self, facet: Facet) -> list[Option]:
        """Counts leave out the facet's own choice, so that they tell what choosing another option would show. Where there are too
        many rows, options are what some of them have, and tell no number."""
        if facet.kept and self._told_tab() and self._told() and not self._chosen(facet):
            return facet.of_kept(self._sums[facet.kept], self.asked.narrowed(self.rows))
        if facet.alone or not facet.by:
            return [] if self.many else facet.options(self.asked.narrowed(self.rows, but=facet.name))
        together = facet in self._shared
        found, whole = (self._together if together else self._count([facet], facet.name))[facet.name]
        return facet.of(found) if whole else [replace(one, n=None) for one in facet.of(found)]

    @property
    def most(self) -> int:
        """Rows that are counted of the list, where there are as many."""
        return NAMED if self._finds_many else self.limit

    @cached_property
    def _finds_many(self) -> bool:
        return isinstance(self.asked.sought(self.rows), Many)

    @property
    def _all_tabs(self) -> Sequence[Tab]:
        return self.asked.filters.tabs or WHOLE

    @property
    def _tab(self) -> Tab:
        return self.asked.tab or WHOLE[0]

    @cached_property
    def _of_tabs(self) -> list[int | None]:
        if self._told():
            return list(self._kept_tabs())
        if self._one_pass:
            return list(self._one_pass[0])
        n = counts(self.asked.narrowed(self.rows).order_by(), (Q(),), most=self.most + 1)[0].total()
        return [n if tab is self._tab and n <= self.most else None for tab in self._all_tabs]

    def _kept_tabs(self) -> Iterator[int]:
        left = self.asked.narrowed(self.rows, tab=False).order_by()
        for tab in self._all_tabs:
            rest = tab.where if tab.counted is None else tab.beside
            yield self._sums.get(f"tab_{tab.slug}", 0) + (0 if rest is None else left.filter(rest).count())

    @cached_property
    def _sums(self) -> Mapping[str, int]:
        """Of the table of counts: tabs, and what facets that are alone keep, in the tab. One query."""
        asked = {
            f"tab_{tab.slug}": Sum(tab.n, default=0, filter=tab.counted)
            for tab in self._all_tabs
            if tab.counted is not None
        }
        kept = {one.kept for one in self.asked.filters.facets if one.kept}
        asked |= {name: Sum(name, default=0, filter=self._tab.counted) for name in kept if self._told_tab()}
        found: dict[str, int] = self._narrowed_table("").aggregate(**asked)
        return found

    @cached_property
    def _one_pass(self) -> tuple[list[int], dict[str, Found]] | None:
        """Rows of tabs, and what facets without a choice of their own count in the tab; None: there are too many rows."""
        left = self.asked.narrowed(self.rows, tab=False).order_by()
        if self._told() or self._finds_many or left.values("pk")[self.limit : self.limit + 1]:
            return None
        tabs = [tab.where for tab in self._all_tabs]
        by = [*tabs, *_by(self._shared)]
        whole, in_tab = counts_within(left, by, self._all_tabs.index(self._tab))
        return [one[True] for one in whole[: len(tabs)]], _of_each(self._shared, in_tab[len(tabs) :])

    @cached_property
    def _shared(self) -> Sequence[Facet]:
        """Facets that count the same rows, in one pass. A table of counts has put together already what is alike."""
        some = [one for one in self.asked.filters.facets if one.offered and one.by and not one.alone]
        return [one for one in some if not self._chosen(one) and (self._told() or not one.apart)]

    @cached_property
    def _together(self) -> Mapping[str, Found]:
        return self._one_pass[1] if self._one_pass else self._count(self._shared)

    def _count(self, facets: Sequence[Facet], but: str = "") -> dict[str, Found]:
        told = [one for one in facets if self._told_tab() and self._told(but) and self._columns.issuperset(one.by)]
        rest = [one for one in facets if one not in told]
        found: dict[str, Found] = {}
        if told:
            found |= _of_each(told, self._kept_counts(_by(told), but))
        if rest:
            most = min(NAMED, self.limit) if self.many else self.limit
            some = counts(self.asked.narrowed(self.rows, but=but).order_by(), _by(rest), most=most + 1)
            found |= _of_each(rest, some, whole=some[0].total() <= most)
        return found

    def _kept_counts(self, by: Sequence[By], but: str) -> Sequence[Counts]:
        tab = self._tab
        kept = counts(self._narrowed_table(but).filter(tab.counted or Q()), by, tab.n)
        if tab.beside is not None:
            rest = self.asked.narrowed(self.rows, tab=False, but=but).filter(tab.beside)
            for whole, more in zip(kept, counts(rest.order_by(), by), strict=True):
                whole.update(more)
        return kept

    def _chosen(self, facet: Facet) -> bool:
        return bool(self.asked.chosen.get(facet.name))

    @cached_property
    def _columns(self) -> frozenset[Any]:
        return frozenset(field.name for field in self.table._meta.concrete_fields) if self.table else frozenset()

    def _told(self, but: str = "") -> bool:
        """Whether the table of counts knows all that is asked, apart from the tab and the facet named."""
        chosen = [one for one in self.asked.filters.facets if self._chosen(one) and one.name != but]
        return bool(
            self.table and not self.asked.q and all(one.by and self._columns.issuperset(one.by) for one in chosen)
        )

    def _told_tab(self) -> bool:
        return self.asked.tab is None or self.asked.tab.counted is not None

    def _narrowed_table(self, but: str) -> QuerySet[Any]:
        table: Any = self.table
        return self.asked.narrowed(table.objects.order_by(), tab=False, but=but)


def _by(facets: Sequence[Facet]) -> list[By]:
    return [one for facet in facets for one in facet.by]


def _of_each(facets: Sequence[Facet], found: Sequence[Counts], *, whole: bool = True) -> dict[str, Found]:
    each = iter(found)
    return {facet.name: ([next(each) for _ in facet.by], whole) for facet in facets}
