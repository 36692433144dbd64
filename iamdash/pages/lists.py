"""A list page: filters -> one page of rows -> the whole page, its table alone for htmx, or an export of the same query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views import View

from iamdash.pages import exports, keyset
from iamdash.pages.facets import Facet, Option
from iamdash.pages.filters import Asked, Filters
from iamdash.pages.tables import ListTable, Ordered

BATCH = 1000  # rows of an export that are in memory at once


@dataclass(frozen=True)
class TabView:
    label: str
    url: str
    n: int
    current: bool


@dataclass(frozen=True)
class OptionView:
    option: Option
    url: str
    current: bool


@dataclass(frozen=True)
class FacetView:
    facet: Facet
    options: list[OptionView]

    @property
    def n_chosen(self) -> int:
        return sum(o.current for o in self.options)


@dataclass(frozen=True)
class Shown:
    """What a list's templates get as `list`. total: rows of the whole list, not of this page."""

    asked: Asked
    name: str
    title: str
    table: ListTable
    total: int
    tabs: list[TabView]
    facets: list[FacetView]
    next_url: str
    previous_url: str

    @property
    def noun(self) -> str:
        """The rows' name in the singular."""
        return f"{self.name[:-3]}y" if self.name.endswith("ies") else self.name.removesuffix("s")

    @property
    def counted(self) -> str:
        return self.noun if self.total == 1 else self.name

    @property
    def clear_url(self) -> str:
        none = dict.fromkeys((f.name for f in self.asked.filters.facets), ())
        return self.asked.url(q="", **none)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Parameters that the search form must carry."""
        return parse_qsl(self.asked.url(q="").removeprefix("?"))

    @property
    def export_urls(self) -> dict[str, str]:
        return {"CSV": self.asked.url(export="csv"), "JSON lines": self.asked.url(export="jsonl")}


class ListPage(View):
    """Subclass it with the attributes below and `queryset`; `related`, `attach` and `extra` are optional (see findings.py).

    name: what the rows are, in the plural ("findings"); it also names the export's file.
    folder holds page.html (extends base.html) and _table.html (extends components/list.html).
    fields: name -> function of a row, for exports; values keep their types in JSON.
    """

    http_method_names = ("get", "head")
    name: str
    title: str
    folder: str
    table: type[ListTable]
    filters: Filters
    fields: exports.Fields
    size = 50

    def queryset(self) -> QuerySet[Any]:
        """All rows of the list in the operator's scope, unordered; annotations that sorts or facets need included."""
        raise NotImplementedError

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        """qs with what the table and the export read beside the row itself."""
        return qs

    def attach(self, rows: Sequence[Any]) -> None:
        """Give rows what one query for many of them learns best; called for a page, and for each batch of an export."""

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        """More for the templates: what was checked, what is unknown."""
        return {}

    def get(self, request: HttpRequest) -> HttpResponseBase:
        asked = self.filters.read(request.GET)
        if asked.export:
            return exports.stream(self._all(asked), self.fields, asked.export, self.name, timezone.now())
        shown = self._shown(asked)
        partial = request.htmx and not request.htmx.history_restore_request
        template = f"{self.folder}/_table.html" if partial else f"{self.folder}/page.html"
        more = self.extra(asked, shown.total)  # noqa: S610 (this is not QuerySet.extra)
        response = render(request, template, {"list": shown, **more})
        patch_vary_headers(response, ["HX-Request"])
        return response

    def _all(self, asked: Asked) -> Iterator[Any]:
        order = [f"-{key}" if asked.descending else key for key in asked.keys]
        rows = self.related(asked.narrowed(self.queryset())).order_by(*order).iterator(BATCH)
        while batch := list(islice(rows, BATCH)):
            self.attach(batch)
            yield from batch

    def _shown(self, asked: Asked) -> Shown:
        page = keyset.page(
            asked.narrowed(self.queryset()),
            asked.keys,
            descending=asked.descending,
            after=asked.after,
            before=asked.before,
            size=self.size,
        )
        tabs = self._tabs(asked)
        return Shown(
            asked=asked,
            name=self.name,
            title=self.title,
            table=self.table(Ordered(self._rows(page.ids)), asked=asked, request=self.request),
            total=next((t.n for t in tabs if t.current), 0),
            tabs=tabs,
            facets=[self._facet(asked, facet) for facet in self.filters.facets if facet.offered],
            next_url=asked.url(after=page.after) if page.after else "",
            previous_url=asked.url(before=page.before) if page.before else "",
        )

    def _rows(self, ids: Sequence[Any]) -> list[Any]:
        by_id = self.related(self.queryset()).in_bulk(ids)
        rows = [by_id[i] for i in ids if i in by_id]
        self.attach(rows)
        return rows

    def _tabs(self, asked: Asked) -> list[TabView]:
        """With their counts; a list without tabs has one, whose count is the list's."""
        counts = list(asked.tab_counts(self.queryset()).values())
        if not asked.filters.tabs:
            return [TabView("", "", counts[0], current=True)]
        return [
            TabView(tab.label, asked.url(tab=tab.slug, sort=""), n, tab is asked.tab)
            for tab, n in zip(asked.filters.tabs, counts, strict=True)
        ]

    def _facet(self, asked: Asked, facet: Facet) -> FacetView:
        """Counts leave out the facet's own choice, so that they tell what choosing another option would show."""
        chosen = asked.chosen[facet.name]
        options = facet.options(asked.narrowed(self.queryset(), but=facet.name))
        return FacetView(
            facet,
            [
                OptionView(option, asked.toggled(facet, option.slug), option.slug in chosen)
                for option in options
                if option.n or option.slug in chosen or facet.inline
            ],
        )
