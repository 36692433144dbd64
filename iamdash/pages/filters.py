"""The only URL parser of lists: query string -> what is asked, and back.

Values that mean nothing are kept apart as `ignored`, and the page shows them; a damaged cursor is a 400 (keyset.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict

from collectors.records import clean
from iamdash.pages import carried, columns
from iamdash.pages.facets import Facet
from iamdash.pages.searching import contains, few
from iamdash.pages.written import number

LONGEST_SEARCH = 200
FORMATS = ("csv", "json", "jsonl")
# `view`: the saved view that one came from.
RESERVED = ("tab", "q", "sort", "after", "before", "export", "cols", "view", "more")


@dataclass(frozen=True)
class Tab:
    """A saved query with a count. The first tab of a list is its default and has no `tab` in the URL.

    counted: what `where` says, of the list's table of counts (counting.py); None where that cannot tell. n: the column that
    counts it. beside: rows that are to be counted beside that, few of them; None for none.
    """

    slug: str
    label: str
    where: Q
    sort: str = ""
    counted: Q | None = None
    n: str = "n"
    beside: Q | None = None


@dataclass(frozen=True)
class Sort:
    """keys: NOT NULL columns, without those of the primary key, which are added. descending: a first click sorts so."""

    label: str
    keys: tuple[str, ...]
    descending: bool = False


@dataclass(frozen=True)
class Chip:
    """A condition that is on, and the query string of the list without it."""

    title: str
    label: str
    without: str


@dataclass(frozen=True)
class Asked:
    """What a URL asks of a list, whole and typed. `ignored`: what of it means nothing here, as (name, value).

    cols: columns to show, () for the usual ones. view: id of the saved view it came from, "" for none. more: the facet whose
    options are all wanted. beside: what stays from page to page and is no facet of this one (carried.py).
    """

    filters: Filters
    tab: Tab | None
    q: str
    chosen: Mapping[str, tuple[str, ...]]
    sort: str
    after: str = ""
    before: str = ""
    export: str = ""
    cols: tuple[str, ...] = ()
    view: str = ""
    more: str = ""
    ignored: tuple[tuple[str, str], ...] = ()
    beside: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def sort_by(self) -> Sort:
        return self.filters.sorts[self.sort.removeprefix("-")]

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def keys(self) -> tuple[str, ...]:
        return (*self.sort_by.keys, *self.filters.unique)

    @property
    def narrows(self) -> bool:
        """Whether anything but the tab and the account leaves rows out."""
        return bool(self.q or any(v for k, v in self.chosen.items() if k != "account"))

    def url(self, **changes: Any) -> str:
        """The query string with changes. Another page, sort or filter begins at the first page again."""
        now: dict[str, Any] = {"tab": self.tab.slug if self.tab else "", "q": self.q, **self.chosen, "sort": self.sort}
        now |= {"cols": self.cols, "view": self.view} | dict(self.beside) | changes
        tab = now["tab"]
        if self.filters.tabs and tab == self.filters.tabs[0].slug:
            now["tab"] = ""
        if now["sort"] == self.filters.default_sort(tab):
            now["sort"] = ""
        return "?" + urlencode({k: v for k, v in now.items() if v}, doseq=True)

    def own(self) -> str:
        """The query string of what the list itself is asked, as a view keeps it."""
        return self.url(**{name: () for name, _ in self.beside})

    @cached_property
    def _conditions(self) -> Mapping[str, Q]:
        """By facet; made once, for they may have to look long for what it means."""
        return {f.name: f.where(slugs) for f in self.filters.facets if (slugs := self.chosen.get(f.name))}

    @cached_property
    def _sought(self) -> dict[str, Q]:
        return {}

    def sought(self, qs: QuerySet[Any]) -> Q:
        """What the text means; looked for once. qs: all rows of the list."""
        if self.q and not self._sought:
            search = self.filters.search
            self._sought[self.q] = search(self.q) if callable(search) else few(qs, contains(self.q, search))
        return self._sought.get(self.q, Q())

    def condition(self, facet: str) -> Q:
        """What was chosen of a facet, by its name."""
        return self._conditions.get(facet, Q())

    def toggled(self, facet: Facet, slug: str) -> str:
        chosen = self.chosen.get(facet.name, ())
        if slug in chosen:
            return self.url(**{facet.name: tuple(s for s in chosen if s != slug)})
        return self.url(**{facet.name: (slug,) if facet.single else (*chosen, slug)})

    def chips(self) -> list[Chip]:
        chips = [Chip("Search", self.q, self.url(q=""))] if self.q else []
        return chips + [
            Chip(facet.title, facet.label(slug), self.toggled(facet, slug))
            for facet in self.filters.facets
            for slug in self.chosen.get(facet.name, ())
        ]

    def narrowed(self, qs: QuerySet[Any], *, tab: bool = True, but: str = "") -> QuerySet[Any]:
        """qs, which are all rows of the list, with everything asked, except the tab or the facet named."""
        qs = qs.filter(self.sought(qs))
        for name, condition in self._conditions.items():
            if name != but:
                qs = qs.filter(condition)
        if tab and self.tab:
            qs = qs.filter(self.tab.where)
        return qs


@dataclass(frozen=True)
class Filters:
    """What a list can be asked. search: columns that the text search looks in, or what the text means as a condition. sorts:
    name -> Sort, the first is the default. unique: columns of the primary key, as the last keys of every order. forms: of
    exports."""

    sorts: Mapping[str, Sort]
    facets: Sequence[Facet] = ()
    tabs: Sequence[Tab] = ()
    search: Sequence[str] | Callable[[str], Q] = ()
    searched: str = field(default="")
    unique: tuple[str, ...] = ("pk",)
    forms: tuple[str, ...] = FORMATS

    def default_sort(self, tab: str = "") -> str:
        named = next((t.sort for t in self.tabs if t.slug == tab and t.sort), "")
        name, sort = next(iter(self.sorts.items()))
        return named or ("-" if sort.descending else "") + name

    def read(self, get: QueryDict, offered: columns.Columns = columns.NONE) -> Asked:
        """offered: the columns that the list may show."""
        ignored: list[tuple[str, str]] = []
        tab = self._tab(get, ignored)
        facets = {f.name for f in self.facets}
        beside = {name: values for name, values in carried.read(get).items() if name not in facets}
        known = {*RESERVED, "account", *facets, *beside}
        ignored += [(name, value) for name in get if name not in known for value in get.getlist(name) if value]
        return Asked(
            filters=self,
            tab=tab,
            q=self._search(get, ignored),
            chosen={f.name: _slugs(f, get, ignored) for f in self.facets},
            sort=self._sort(get, tab.slug if tab else "", ignored),
            after=get.get("after", ""),
            before=get.get("before", ""),
            export=_one_of(get, "export", self.forms, ignored),
            cols=_cols(get, offered, ignored),
            view=_view(get, ignored),
            more=_one_of(get, "more", [f.name for f in self.facets if f.offered], ignored),
            ignored=tuple((clean(k)[:80], clean(v)[:80]) for k, v in ignored),
            beside=tuple(beside.items()),
        )

    def _tab(self, get: QueryDict, ignored: list[tuple[str, str]]) -> Tab | None:
        slug = _one_of(get, "tab", [t.slug for t in self.tabs], ignored)
        return next((t for t in self.tabs if t.slug == slug), self.tabs[0] if self.tabs else None)

    def _search(self, get: QueryDict, ignored: list[tuple[str, str]]) -> str:
        q = get.get("q", "").strip()
        if q and (not self.search or len(q) > LONGEST_SEARCH or clean(q) != q):
            ignored.append(("q", q))
            return ""
        return q

    def _sort(self, get: QueryDict, tab: str, ignored: list[tuple[str, str]]) -> str:
        names = [sign + name for name in self.sorts for sign in ("", "-")]
        return _one_of(get, "sort", names, ignored) or self.default_sort(tab)


def _one_of(get: QueryDict, name: str, allowed: Sequence[str], ignored: list[tuple[str, str]]) -> str:
    value = get.get(name, "")
    if not value or value in allowed:
        return value
    ignored.append((name, value))
    return ""


def _cols(get: QueryDict, offered: columns.Columns, ignored: list[tuple[str, str]]) -> tuple[str, ...]:
    given = [v for v in get.getlist("cols") if v]
    ignored += [("cols", v) for v in given if v not in offered.offered]
    return offered.read(given)


def _view(get: QueryDict, ignored: list[tuple[str, str]]) -> str:
    given = get.get("view", "")
    if not given or number(given) is not None:
        return given
    ignored.append(("view", given))
    return ""


def _slugs(facet: Facet, get: QueryDict, ignored: list[tuple[str, str]]) -> tuple[str, ...]:
    given = list(dict.fromkeys(v for v in get.getlist(facet.name) if v))
    ignored += [(facet.name, v) for v in given if not facet.accepts(v)]
    good = [v for v in given if facet.accepts(v)]
    return tuple(good[-1:] if facet.single else good)
