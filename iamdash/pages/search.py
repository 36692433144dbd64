"""Where is it? One box for names, ARNs, ids of keys and accounts, and rules; over all that the operator sees.

Each list is asked by its own filters, so the number beside a list is what it shows. A text that names exactly one thing (an ARN,
the id of a key, a role or an account, the code of a rule) leads to its page at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from collectors.models import AccessKey, Account, Policy, Principal
from findings.rules import registry
from iamdash.pages import entities, recent
from iamdash.pages.accounts import AccountList
from iamdash.pages.entities import Named
from iamdash.pages.filters import LONGEST_SEARCH, Filters
from iamdash.pages.findings import FILTERS as FINDINGS
from iamdash.pages.keys import KeyList
from iamdash.pages.lists import ListPage
from iamdash.pages.policies import PolicyList
from iamdash.pages.principals import PrincipalList

SHORTEST = 2
SHOWN = 5  # of a group
LOOKED = 50  # rows of a name that the best are taken from
COUNTED = 1000  # beyond it, the list counts
ACCOUNT = re.compile(r"\d{12}", re.ASCII)
UNIQUE = re.compile(r"A[A-Z0-9]{15,127}", re.ASCII)
ARN = re.compile(r"arn:[a-z-]+:([a-z0-9-]+):[^:]*:(\d{12})?:(.+)", re.ASCII)


@dataclass(frozen=True)
class Group:
    """n: rows of the list behind `url`; more: there are more than were counted. url "": there is no such list."""

    slug: str
    title: str
    rows: list[Named]
    n: int = 0
    url: str = ""

    @property
    def more(self) -> bool:
        return self.n > COUNTED

    @property
    def said(self) -> str:
        return f"more than {COUNTED:,}" if self.more else f"all {self.n:,}"


@dataclass(frozen=True)
class Kind:
    """A list, its column of names, and how a row is called."""

    page: type[ListPage]
    route: str
    column: str
    named: Callable[[Any], Named]

    def found(self, q: str) -> Group:
        """Names that begin with it first, then those that hold it, then what else the list finds. Up to four queries."""
        page = self.page()
        asked = page.filters.read(QueryDict(urlencode({"q": q})))
        qs = asked.narrowed(page.queryset())
        if not asked.q:
            qs = qs.none()
        rows = self._best(page.related(qs), q)
        n = len(rows) if len(rows) < SHOWN else qs[: COUNTED + 1].count()
        return Group(self.route, page.title, [self.named(row) for row in rows], n, reverse(self.route) + asked.url())

    def _best(self, qs: QuerySet[Any], q: str) -> list[Any]:
        """Three questions, so that an index of names answers the first two of a long list."""
        begins, holds = Q(**{f"{self.column}__istartswith": q}), Q(**{f"{self.column}__icontains": q})
        found: list[Any] = []
        for which in (begins, holds & ~begins, ~holds):
            if len(found) < SHOWN:
                some = sorted(qs.filter(which)[:LOOKED], key=lambda row: len(getattr(row, self.column)))
                found += some[: SHOWN - len(found)]
        return found


KINDS = (
    Kind(PrincipalList, "principals", "name", entities.of_principal),
    Kind(KeyList, "keys", "unique_id", entities.of_key),
    Kind(PolicyList, "policies", "name", entities.of_policy),
    Kind(AccountList, "accounts", "name", entities.of_account),
)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The results as a page; for htmx as options of the box in the frame. Without a text: what was opened last."""
    q = _text(request.GET.get("q", ""))
    partial = bool(request.htmx)
    exact = meant(q) if q else None
    if exact and not partial:
        return redirect(exact.url)
    context = {"q": q, "groups": list(groups(request, q, exact)), "findings": _findings(q), "shortest": SHORTEST}
    response = render(request, "search/_options.html" if partial else "search/page.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _text(given: str) -> str:
    """What no list would look for is no text."""
    asked = Filters(sorts=FINDINGS.sorts, search=("pk",)).read(QueryDict(urlencode({"q": given[: LONGEST_SEARCH + 1]})))
    return asked.q


def _findings(q: str) -> str:
    """Only a link: there may be millions of findings to look through."""
    return f"{reverse('findings')}?{urlencode({'q': q})}" if len(q) >= SHORTEST else ""


def groups(request: HttpRequest, q: str, exact: Named | None) -> Iterator[Group]:
    if not q:
        yield from _some(Group("recent", "Opened last", recent.shown(request.user)))
        return
    if exact:
        yield Group("exact", "Go to", [exact])
    if len(q) < SHORTEST:
        return
    for kind in KINDS:
        yield from _some(kind.found(q))
    yield from _some(Group("rules", "Rules", rules(q)))


def _some(group: Group) -> Iterator[Group]:
    if group.rows:
        yield group


def rules(q: str) -> list[Named]:
    low = q.lower()
    found = [one for one in registry.rules() if any(low in text.lower() for text in (one.code, one.slug, one.title))]
    return [entities.of_rule(one.code) for one in found[:SHOWN]]


def meant(q: str) -> Named | None:
    """The one thing that the text names; None where it names none that the operator sees, or several."""
    if ACCOUNT.fullmatch(q):
        return _only(Account.objects.filter(aws_id=q), entities.of_account)
    if q.upper() in registry.catalogue():
        return entities.of_rule(q.upper())
    if UNIQUE.fullmatch(q):
        return _by(Q(unique_id=q))
    return _of_arn(q)


def _by(which: Q) -> Named | None:
    for model, named in (
        (AccessKey, entities.of_key),
        (Principal, entities.of_principal),
        (Policy, entities.of_policy),
    ):
        if found := _only(model.objects.filter(which).select_related("account"), named):
            return found
    return None


def _only(rows: QuerySet[Any], named: Callable[[Any], Named]) -> Named | None:
    found = list(rows[:2])
    return named(found[0]) if len(found) == 1 else None


def _of_arn(q: str) -> Named | None:
    """A principal, a policy, the role behind a session, or the account of an ARN."""
    parts = ARN.fullmatch(q)
    if parts is None:
        return None
    service, aws_id, rest = parts.groups()
    principals = Principal.present.select_related("account")
    if service == "sts" and rest.startswith("assumed-role/"):
        return _only(
            principals.filter(account__aws_id=aws_id, type="role", name=rest.split("/")[1]), entities.of_principal
        )
    if service == "iam" and rest == "root":
        return _only(Account.objects.filter(aws_id=aws_id), entities.of_account)
    policies = Policy.present.select_related("account")
    return _only(principals.filter(arn=q), entities.of_principal) or _only(policies.filter(arn=q), entities.of_policy)
