"""A list page: filters -> one page of rows -> the whole page, its table alone for htmx, or an export of the same query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString
from django.views import View

from iamdash.access import audit
from iamdash.access.prepared import prepared
from iamdash.pages import columns, exports, kept, keyset, saved, show
from iamdash.pages.counting import MOST, Counting
from iamdash.pages.facets import MANY, Facet, Option
from iamdash.pages.filters import Asked, Filters
from iamdash.pages.html import format_html
from iamdash.pages.searching import one_of
from iamdash.pages.tables import ListTable, Ordered

EVERY = Q()
BATCH = 1000  # rows of an export that are in memory at once


@dataclass(frozen=True)
class TabView:
    label: str
    url: str
    n: int | None
    current: bool


@dataclass(frozen=True)
class OptionView:
    option: Option
    url: str
    current: bool

    def link(self) -> SafeString:
        """In Python: a page has hundreds of them."""
        one = self.option
        mark = show.mark(one.mark or "tick") if one.mark or self.current else ""
        return format_html(
            '<a class="option {}" href="{}"{}>{}<span class="label">{}</span>{}</a>',
            one.mark,
            self.url,
            format_html(' aria-current="{}"', "true") if self.current else "",
            mark,
            show.name(one.label),
            "" if one.n is None else format_html(' <span class="n">{}</span>', intcomma(one.n)),
        )


@dataclass(frozen=True)
class FacetView:
    """more_url: the list with all options of the facet, "" when they are here. open: they were asked for."""

    facet: Facet
    options: list[OptionView]
    more_url: str = ""
    open: bool = False

    @property
    def n_chosen(self) -> int:
        return sum(o.current for o in self.options)


@dataclass(frozen=True)
class Shown:
    """What a list's templates get as `list`. total: rows of the whole list, not of this page; many: there are more than that,
    and nobody counts how many."""

    asked: Asked
    name: str
    title: str
    table: ListTable
    total: int
    tabs: list[TabView]
    facets: list[FacetView]
    next_url: str
    previous_url: str
    views: saved.Menu | None = None
    many: bool = False

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
        return self.asked.url(q="", view="", **none)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Parameters that the search form must carry."""
        return parse_qsl(self.asked.url(q="").removeprefix("?"))

    @property
    def kept_with_search(self) -> list[tuple[str, str]]:
        """Parameters that the form of columns must carry."""
        return parse_qsl(self.asked.url(cols=()).removeprefix("?"))

    @property
    def columns(self) -> list[tuple[str, str, bool]]:
        """Name, heading and whether it shows, of the columns that may be chosen."""
        offered = self.table.offered()
        shown = offered.shown(self.asked.cols)
        return [(name, heading, name in shown) for name, heading in offered.offered.items()]

    @property
    def usual_columns_url(self) -> str:
        return self.asked.url(cols=())

    @property
    def export_urls(self) -> dict[str, str]:
        return {exports.LABELS[form]: self.asked.url(export=form) for form in self.asked.filters.forms}


class ListPage(View):
    """Subclass it with the attributes below and `queryset`; `related`, `attach` and `extra` are optional (see findings.py).

    name: what the rows are, in the plural ("findings"); it also names the export's file.
    folder holds page.html (extends base.html) and _table.html (extends components/list.html).
    fields: name -> function of a row, for exports; values keep their types in JSON.
    counts: tables that know how many rows there are (counting.py), the smallest first; without, up to `most` are counted.
    """

    http_method_names = ("get", "head")
    name: str
    title: str
    folder: str
    table: type[ListTable]
    filters: Filters
    fields: exports.Fields
    counts: Sequence[type[Model]] = ()
    most = MOST
    first_sort = ""
    size = 50

    def queryset(self) -> QuerySet[Any]:
        """All rows of the list in the operator's scope, unordered; annotations that sorts or facets need included."""
        raise NotImplementedError

    def first(self) -> QuerySet[Any]:
        """Of the rows those that come first in `first_sort`, where an index knows that order of them alone: what fills a page
        is read of these."""
        raise NotImplementedError

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        """qs with what the table and the export read beside the row itself."""
        return qs

    def attach(self, rows: Sequence[Any]) -> None:
        """Give rows what one query for many of them learns best; called for a page, and for each batch of an export."""

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        """More for the templates: what was checked, what is unknown."""
        return {}

    @classmethod
    def read(cls, get: QueryDict) -> Asked:
        return cls.filters.read(get, cls.table.offered())

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if (route := self.route) and (there := saved.opened(request.user, route, request.GET)):
            return redirect(request.path + there)
        asked = self.read(request.GET)
        if asked.export:
            audit.record(request, "exported", self.name, form=asked.export, asked=asked.url())
            return exports.stream(self._all(asked), self._fields(asked), asked.export, self.name, timezone.now())
        shown = self._shown(asked)
        partial = request.htmx and not request.htmx.history_restore_request
        template = f"{self.folder}/_table.html" if partial else f"{self.folder}/page.html"
        more = self.extra(asked, shown.total)  # noqa: S610 (this is not QuerySet.extra)
        response = render(request, template, {"list": shown, **more})
        patch_vary_headers(response, ["HX-Request"])
        return response

    @property
    def route(self) -> str:
        """The name under which views of the list are saved; "" for a list that belongs to one thing."""
        match = self.request.resolver_match
        return match.url_name if match and not match.kwargs else ""

    def _fields(self, asked: Asked) -> exports.Fields:
        if not asked.cols:
            return self.fields
        shown = (self.table.lead, *asked.cols)
        return columns.followed(self.fields, self.table.tells, shown)

    def _all(self, asked: Asked) -> Iterator[Any]:
        order = [f"-{key}" if asked.descending else key for key in asked.keys]
        rows = self.related(asked.narrowed(self.queryset())).order_by(*order).iterator(BATCH)
        while batch := list(islice(rows, BATCH)):
            self.attach(batch)
            yield from batch

    def _shown(self, asked: Asked) -> Shown:
        page = self._page(asked)
        tables = kept.readable(self.counts, self.request.user)
        counting = Counting(asked, self.queryset(), tables, self.most)
        tabs = self._tabs(asked, counting)
        return Shown(
            asked=asked,
            name=self.name,
            title=self.title,
            table=self.table(Ordered(self.rows(page.ids, self.within(page))), asked=asked, request=self.request),
            total=counting.most if counting.many else next((t.n for t in tabs if t.current and t.n), 0),
            many=counting.many,
            tabs=tabs,
            facets=[self._facet(asked, facet, counting) for facet in self.filters.facets if facet.offered],
            next_url=asked.url(after=page.after) if page.after else "",
            previous_url=asked.url(before=page.before) if page.before else "",
            views=saved.menu(self.request.user, route, asked.own(), asked.view) if (route := self.route) else None,
        )

    def _page(self, asked: Asked) -> keyset.Page:
        for rows in self.likely(asked):
            page = self._page_of(asked, rows)
            if page.after:
                return page
        return self._page_of(asked, self.queryset())

    def likely(self, asked: Asked) -> Iterator[QuerySet[Any]]:
        """Rows that come before all others in the order that is asked: a page that they fill is read of them alone. What a text
        means is sought among all rows, so that there `first` is of no use."""
        if asked.sort == self.first_sort and not asked.before and not asked.q:
            yield self.first()

    def _page_of(self, asked: Asked, qs: QuerySet[Any]) -> keyset.Page:
        return keyset.page(
            asked.narrowed(qs),
            asked.keys,
            descending=asked.descending,
            after=asked.after,
            before=asked.before,
            size=self.size,
        )

    def within(self, page: keyset.Page) -> Q:
        """What else holds for the rows of a page and lets the database look into the months alone that they are of."""
        return EVERY

    def rows(self, ids: Sequence[Any], within: Q = EVERY) -> list[Any]:
        """Those with these primary keys, in this order, with all that the fields read. A key without a row is left out."""
        with prepared():
            by_id = {one.pk: one for one in self.related(self.queryset()).filter(within, one_of(ids))}
            rows = [by_id[i] for i in ids if i in by_id]
            self.attach(rows)
            return rows

    def _tabs(self, asked: Asked, counting: Counting) -> list[TabView]:
        """With their counts; a list without tabs has one, whose count is the list's."""
        counts = counting.tabs()
        if not asked.filters.tabs:
            return [TabView("", "", counts[0], current=True)]
        return [
            TabView(tab.label, asked.url(tab=tab.slug, sort="", view=""), n, tab is asked.tab)
            for tab, n in zip(asked.filters.tabs, counts, strict=True)
        ]

    def _facet(self, asked: Asked, facet: Facet, counting: Counting) -> FacetView:
        chosen, every = asked.chosen[facet.name], asked.more == facet.name
        if every:
            facet = replace(facet, shown=MANY)
        options = counting.options(facet)
        shown = [
            OptionView(option, asked.toggled(facet, option.slug), option.slug in chosen)
            for option in options
            if option.n != 0 or option.slug in chosen or facet.inline
        ]
        return FacetView(
            facet, shown, "" if len(options) != facet.shown or every else asked.url(more=facet.name), every
        )
