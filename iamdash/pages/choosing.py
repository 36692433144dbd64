"""Whose data is shown? One control in the frame: all accounts, an OU, or an account. What is chosen stands in the address.

The frame names what is chosen; what could be is asked for when the control is opened, or on a page of its own without a script.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_safe

from collectors.models import Account
from collectors.records import clean
from findings.analysis.places import Scope
from iamdash.access.scope import once
from iamdash.pages import carried
from iamdash.pages.filters import LONGEST_SEARCH
from iamdash.pages.grouped import OUS
from iamdash.pages.scopes import named, stand
from iamdash.pages.searching import contains

BEGUN_ANEW = ("account", "ou", "after", "before", "export", "more")  # parameters that another choice leaves
OFFERED, OF_A_PAGE = 10, 200  # of accounts, and of OUs


@dataclass(frozen=True)
class Chosen:
    """What the frame shows of it. now: parameters of the choice; at: the page that another one leads to, with all it is asked."""

    words: str
    now: Sequence[tuple[str, str]]
    at: str


def chosen(request: HttpRequest, at: str) -> Chosen:
    """at: the path that a choice leads to; another page than this is asked the period alone."""
    read = carried.read(request.GET)
    now = [(name, value) for name in ("account", "ou") for value in read.get(name, ())]
    if at == reverse("choose"):
        return Chosen(words(request), now, leading(*_page_of(request.GET.get("at", ""))))
    days = QueryDict(urlencode({"days": read.get("days", ())}, doseq=True))
    return Chosen(words(request), now, leading(at, request.GET if at == request.path else days))


def words(request: HttpRequest) -> str:
    """What is chosen, "" for all accounts. One query where it is an account; up to three where it is an OU. Once a request."""
    return once("what the frame chose", lambda: " in ".join(filter(None, (_account(request), _units(request)))))


def _account(request: HttpRequest) -> str:
    aws_id = carried.account_chosen(request)
    return (Account.objects.filter(aws_id=aws_id).values_list("name", flat=True).first() or aws_id) if aws_id else ""


def _units(request: HttpRequest) -> str:
    units = carried.read(request.GET).get("ou", ())
    known = named(Scope.OU) if units else {}
    return " or ".join(known.get(unit, f"OU {unit}") for unit in units)


def leading(path: str, asked: QueryDict, **choice: str) -> str:
    """A page with what it was asked and a choice: of an account, of an OU, or none."""
    query = asked.copy()
    for name in BEGUN_ANEW:
        query.pop(name, None)
    query.update(choice)
    return f"{path}?{query.urlencode()}" if query else path


@dataclass(frozen=True)
class Option:
    label: str
    under: str
    url: str
    current: bool


@dataclass(frozen=True)
class Group:
    """n: how many there are; the first of them are options."""

    title: str
    options: Sequence[Option]
    n: int

    @property
    def more(self) -> int:
        return self.n - len(self.options)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """`at`: the page that is chosen for, with its query; `q`: what is looked for. For htmx the options alone."""
    q = clean(request.GET.get("q", "")).strip()[:LONGEST_SEARCH]
    partial = request.htmx and not request.htmx.history_restore_request
    choices = Choices(
        carried.read(request.GET), *_page_of(request.GET.get("at", "")), q, OFFERED if partial else OF_A_PAGE
    )
    groups = [one for one in choices.groups() if one.options]
    context = {"groups": groups, "q": q, "n": sum(one.n for one in groups), "everything": choices.everything}
    response = render(request, f"choosing/{'_options' if partial else 'page'}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _page_of(at: str) -> tuple[str, QueryDict]:
    """A page of ours and what it is asked; the Overview for what is none."""
    path, _, query = at.partition("?")
    try:
        resolve(path)
    except Resolver404:
        return reverse("overview"), QueryDict()
    good = url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return (path, QueryDict(query)) if good else (reverse("overview"), QueryDict())


@dataclass(frozen=True)
class Choices:
    """now: what is chosen. path, asked: of the page that a choice leads to. most: options of a group."""

    now: Mapping[str, Sequence[str]]
    path: str
    asked: QueryDict
    q: str
    most: int

    def groups(self) -> Iterator[Group]:
        """OUs that hold the chosen account, unless something is looked for; then all OUs and accounts, as far as they match."""
        if not self.q:
            yield self._group("Around it", self._around())
        yield self._group("OUs", self._units())
        found = self._accounts()
        yield Group("Accounts", [self._of_account(one) for one in found[: self.most]], found.count())

    @property
    def everything(self) -> Option:
        return Option("All accounts", "", leading(self.path, self.asked), not {"account", "ou"} & self.now.keys())

    def _group(self, title: str, found: Sequence[Option]) -> Group:
        return Group(title, found[: self.most], len(found))

    def _around(self) -> list[Option]:
        """From the account up."""
        chosen = Account.objects.filter(aws_id__in=self.now.get("account", ())).first()
        units = stand()[chosen.pk].place.ous if chosen else ()
        return [self._of_unit(unit) for unit in reversed(units) if unit in OUS.sets()]

    def _units(self) -> list[Option]:
        looked = self.q.casefold()
        found = sorted((words, unit) for unit, (words, _) in OUS.sets().items() if looked in words.casefold())
        return [self._of_unit(unit) for _, unit in found]

    def _accounts(self) -> QuerySet[Account]:
        """By name or id, which may be written with dashes."""
        rows = Account.objects.order_by("name", "aws_id")
        aws_id = self.q.replace("-", "") or self.q
        return rows.filter(contains(self.q, ("name",)) | contains(aws_id, ("aws_id",))) if self.q else rows

    def _of_unit(self, unit: str) -> Option:
        words, accounts = OUS.sets()[unit]
        n = len(accounts)
        url, current = (
            leading(self.path, self.asked, ou=unit),
            self.now.get("ou") == (unit,) and "account" not in self.now,
        )
        return Option(words, f"{n:,} account{'' if n == 1 else 's'}", url, current)

    def _of_account(self, one: Account) -> Option:
        url, current = leading(self.path, self.asked, account=one.aws_id), self.now.get("account") == (one.aws_id,)
        return Option(one.name or one.aws_id, one.aws_id, url, current)
