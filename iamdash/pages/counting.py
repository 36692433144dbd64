"""What a list counts: rows of each tab and of each option of its facets, in as few passes as there are.

A list may name tables of counts (findings/models/counted.py): sums of their `n` tell the same as counting rows, wherever all that
is asked lies in the columns of one of them. All know what the list's tabs ask. What none tells, rows do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db.models import Model, Q, QuerySet, Sum

from iamdash.pages.facets import By, Counts, Facet, Option, counts, counts_within
from iamdash.pages.filters import Asked, Tab
from iamdash.pages.kept import columns
from iamdash.pages.searching import NAMED, Many

MOST = 100_000
WHOLE = (Tab("", "", Q(), counted=Q()),)  # of a list without tabs
Found = tuple[Sequence[Counts], bool]  # what a facet counts by, and whether that is of all rows


@dataclass(frozen=True)
class Counting:
    """rows: all of the list. tables: of counts, that with the fewest rows first. limit: rows that are counted; of more the list
    says so."""

    asked: Asked
    rows: QuerySet[Any]
    tables: Sequence[type[Model]] = ()
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
        if not self._finds_many and not self._tab.where:  # it has all rows, and there are too many
            return [None for _ in self._all_tabs]
        n = counts(self.asked.narrowed(self.rows).order_by(), (Q(),), most=self.most + 1)[0].total()
        return [n if tab is self._tab and n <= self.most else None for tab in self._all_tabs]

    def _kept_tabs(self) -> Iterator[int]:
        left = self.asked.narrowed(self.rows, tab=False).order_by()
        for tab in self._all_tabs:
            rest = tab.where if tab.counted is None else tab.beside
            yield self._sums.get(f"tab_{tab.slug}", 0) + (0 if rest is None else left.filter(rest).count())

    @cached_property
    def _sums(self) -> Mapping[str, int]:
        """Of a table of counts: tabs, and what facets that are alone keep, in the tab. One query."""
        asked = {
            f"tab_{tab.slug}": Sum(tab.n, default=0, filter=tab.counted)
            for tab in self._all_tabs
            if tab.counted is not None
        }
        kept = {one.kept for one in self.asked.filters.facets if one.kept}
        asked |= {name: Sum(name, default=0, filter=self._tab.counted) for name in kept if self._told_tab()}
        found: dict[str, int] = self._narrowed(self._table(), "").aggregate(**asked)
        return found

    @cached_property
    def _one_pass(self) -> tuple[list[int], dict[str, Found]] | None:
        """Rows of tabs, and what facets without a choice of their own count in the tab; None: there are too many rows."""
        left = self.asked.narrowed(self.rows, tab=False).order_by()
        if self._told() or self._finds_many or left.values("pk")[self.limit : self.limit + 1]:
            return None
        tabs = [tab.where for tab in self._all_tabs]
        some = [one for one in self._shared if not one.apart]
        by = [*tabs, *_by(some)]
        whole, in_tab = counts_within(left, by, self._all_tabs.index(self._tab))
        return [one[True] for one in whole[: len(tabs)]], _of_each(some, in_tab[len(tabs) :])

    @cached_property
    def _shared(self) -> Sequence[Facet]:
        """Facets that count the same rows."""
        some = [one for one in self.asked.filters.facets if one.offered and one.by and not one.alone]
        return [one for one in some if not self._chosen(one)]

    @cached_property
    def _together(self) -> Mapping[str, Found]:
        found = self._one_pass[1] if self._one_pass else {}
        return found | self._count([one for one in self._shared if one.name not in found])

    def _count(self, facets: Sequence[Facet], but: str = "") -> dict[str, Found]:
        """Those that are apart in a pass of their own, and so those that one table tells."""
        passes: defaultdict[Any, list[Facet]] = defaultdict(list)
        for one in facets:
            passes[self._table(one, but) if self._told_tab() else None, one.apart].append(one)
        found: dict[str, Found] = {}
        for (table, _), some in passes.items():
            found |= self._kept_counts(table, some, but) if table else self._row_counts(some, but)
        return found

    def _row_counts(self, facets: Sequence[Facet], but: str) -> dict[str, Found]:
        most = min(NAMED, self.limit) if self.many else self.limit
        some = counts(self.asked.narrowed(self.rows, but=but).order_by(), _by(facets), most=most + 1)
        return _of_each(facets, some, whole=some[0].total() <= most)

    def _kept_counts(self, table: Any, facets: Sequence[Facet], but: str) -> dict[str, Found]:
        tab, by = self._tab, [one for facet in facets for one in facet.told.by]
        kept = counts(self._narrowed(table, but).filter(tab.counted or Q()), by, tab.n)
        if tab.beside is not None:
            rest = self.asked.narrowed(self.rows, tab=False, but=but).filter(tab.beside)
            for whole, more in zip(kept, counts(rest.order_by(), _by(facets)), strict=True):
                whole.update(more)
        return _of_each(facets, kept)

    def _chosen(self, facet: Facet) -> bool:
        return bool(self.asked.chosen.get(facet.name))

    def _told(self) -> bool:
        """Whether a table of counts knows all that is asked, apart from the tab."""
        return self._table() is not None

    def _told_tab(self) -> bool:
        return self.asked.tab is None or self.asked.tab.counted is not None

    def _table(self, facet: Facet | None = None, but: str = "") -> Any:
        """The first that knows all that is asked, apart from the tab and the facet named, and what a facet counts by; or None."""
        chosen = [one for one in self.asked.filters.facets if self._chosen(one) and one.name != but]
        if self.asked.q or not all(one.by for one in chosen):
            return None
        wanted = {name for one in (*chosen, *([facet] if facet else [])) for name in _columns(one.told.by)}
        return next((table for table, known in self._known.items() if wanted.issubset(known)), None)

    @cached_property
    def _known(self) -> Mapping[type[Model], Collection[str]]:
        return {table: columns(table) for table in self.tables}

    def _narrowed(self, table: Any, but: str) -> QuerySet[Any]:
        rows = table.objects.order_by()
        for facet in self.asked.filters.facets:
            if self._chosen(facet) and facet.name != but:
                told = facet.counted.where(self.asked.chosen[facet.name]) if facet.counted else None
                rows = rows.filter(self.asked.condition(facet.name) if told is None else told)
        return rows


def _by(facets: Sequence[Facet]) -> list[By]:
    return [one for facet in facets for one in facet.by]


def _columns(by: Sequence[By]) -> set[str]:
    """What these read. One that lies in another table is none of a table of counts."""
    return {name for one in by for name in ([one] if isinstance(one, str) else one.referenced_base_fields)}


def _of_each(facets: Sequence[Facet], found: Sequence[Counts], *, whole: bool = True) -> dict[str, Found]:
    each = iter(found)
    return {facet.name: ([next(each) for _ in facet.by], whole) for facet in facets}
