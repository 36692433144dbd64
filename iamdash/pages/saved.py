"""Saved views as lists use them: which there are for an operator, and where they lead.

A view is a query string that the list's filters read when it is saved and again whenever it is opened: what means nothing any
more shows there as ignored, and the rest holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse

from collectors.models import Account
from iamdash.access.models import Operator, Role
from iamdash.access.prepared import prepared
from iamdash.pages import carried
from iamdash.pages.models import SavedView
from iamdash.pages.written import number

MOST = 50  # of one list, in its menu


@dataclass(frozen=True)
class ViewLink:
    row: SavedView
    url: str
    current: bool
    own: bool


@dataclass(frozen=True)
class Menu:
    """What a list shows of its views. changed: the list is not as the current view has it; query: how it is."""

    list: str
    query: str
    links: list[ViewLink]
    changed: bool

    @property
    def current(self) -> ViewLink | None:
        return next((link for link in self.links if link.current), None)

    @property
    def save_url(self) -> str:
        return f"{reverse('settings-view-add')}?{urlencode({'list': self.list, 'query': self.query})}"

    @property
    def change_url(self) -> str:
        """ "" unless there is something to change, and it is the operator's."""
        if not self.changed or not self.current or not self.current.own:
            return ""
        return f"{reverse('settings-view', args=[self.current.row.pk])}?{urlencode({'query': self.query})}"


def seen(operator: Operator, rows: QuerySet[SavedView]) -> list[SavedView]:
    """Own ones, and shared ones unless they name an account that the operator does not see."""
    with prepared():
        found = list(rows.filter(Q(owner=operator) | Q(shared=True)).select_related("owner").order_by("name", "pk"))
    if operator.all_accounts:
        return found
    named = {row.pk: set(parse_qs(row.query).get("account", ())) for row in found if row.owner_id != operator.pk}
    wanted = set().union(*named.values())
    known = set(Account.objects.filter(aws_id__in=wanted).values_list("aws_id", flat=True)) if wanted else set()
    return [row for row in found if named.get(row.pk, set()) <= known]


def may_change(operator: Operator, row: SavedView) -> bool:
    return row.owner_id == operator.pk or (row.shared and operator.may(Role.ADMIN))


def url(row: SavedView) -> str:
    return reverse(row.list) + query(row)


def query(row: SavedView) -> str:
    return f"?{row.query}&view={row.pk}" if row.query else f"?view={row.pk}"


def stored(address: str) -> str:
    """A query string as it is kept: without the view that it came from, and without a page."""
    get = QueryDict(address.removeprefix("?"), mutable=True)
    for name in ("view", "after", "before", "export", "more"):
        get.pop(name, None)
    return get.urlencode()


def menu(operator: Operator, list_name: str, address: str, current: str) -> Menu:
    """address: as the list reads it. current: the id of a view, "" for none. One query, two for who sees some accounts."""
    now = stored(address)
    rows = seen(operator, SavedView.objects.filter(list=list_name))[:MOST]
    links = [ViewLink(row, query(row), str(row.pk) == current, may_change(operator, row)) for row in rows]
    return Menu(list_name, now, links, any(link.current and not same(link.row.query, now) for link in links))


def same(one: str, other: str) -> bool:
    return _pairs(one) == _pairs(other)


def _pairs(address: str) -> dict[str, Iterable[str]]:
    return {name: sorted(values) for name, values in parse_qs(address).items()}


def opened(operator: Operator, list_name: str, get: QueryDict) -> str:
    """Where an address leads that names nothing but a view and what stays; "" if it is to be shown as it is."""
    named = get.get("view", "")
    stays = carried.read(get)
    if set(get) - {"view", "account", *stays} or number(named) is None:
        return ""
    found = seen(operator, SavedView.objects.filter(list=list_name, pk=named))
    if not found or not found[0].query:
        return ""
    named_there = parse_qs(found[0].query)
    keeps = {name: values for name, values in stays.items() if name not in named_there}
    return query(found[0]) + (f"&{urlencode(keeps, doseq=True)}" if keeps else "")
