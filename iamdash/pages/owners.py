"""What does each owner have to do? Findings of their accounts: open by severity, overdue, new, accepted; and what is mine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Sum
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from collectors.models import Account
from findings.models import AccountFindings, Finding
from findings.vocabulary import Severity
from iamdash.pages import narrowed, show
from iamdash.pages.exceptions import SOON
from iamdash.pages.facets import Accounts, rows
from iamdash.pages.filters import Filters, Sort
from iamdash.pages.findings import NEW, OPEN
from iamdash.pages.grouped import NOBODY, Sets, by_owner, ou_facet, owner_facet
from iamdash.pages.severities import WORST_FIRST, counts
from iamdash.pages.work_facets import JUST_OVERDUE, OVERDUE

Status = Finding.Status
SCOPE = Filters(sorts={"worst": Sort("Worst", ("pk",))}, facets=(Accounts(), ou_facet(), owner_facet()))


@dataclass
class Sums:
    """Numbers of accounts. open: by severity, without accepted ones. ending: accepted, for two weeks more at most."""

    open: dict[Severity, int] = field(default_factory=lambda: dict.fromkeys(Severity, 0))
    overdue: int = 0
    new: int = 0
    accepted: int = 0
    ending: int = 0

    @property
    def total(self) -> int:
        return sum(self.open.values())

    def add(self, other: Sums) -> None:
        for severity, n in other.open.items():
            self.open[severity] += n
        for name in ("overdue", "new", "accepted", "ending"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


def sums(accounts: Iterable[int]) -> dict[int, Sums]:
    """By key of the account. Four queries: one of counts that are kept, and three that an index answers each."""
    found: defaultdict[int, Sums] = defaultdict(Sums)
    wanted = {"account__in": list(accounts)}
    counted = AccountFindings.objects.filter(**wanted).exclude(status=Status.RESOLVED)
    told = counted.values_list("account", "severity", "status").annotate(total=Sum("n"), late=Sum("n_late"))
    for account, severity, status, n, late in told:
        if status == Status.OPEN:
            found[account].open[Severity(severity)] += n
            found[account].overdue += late
        else:
            found[account].accepted += n
    some = Finding.objects.filter(**wanted).order_by()
    ending = some.filter(acceptance__expires_at__lte=Now() + SOON)
    for name, which in (("ending", ending), ("overdue", some.filter(JUST_OVERDUE)), ("new", some.filter(NEW))):
        for account, n in which.values_list("account").annotate(n=rows()):
            setattr(found[account], name, getattr(found[account], name) + n)
    return dict(found)


@dataclass(frozen=True)
class Line:
    """An owner, or an account of one. narrow: parameters of the lists that it leads to; url: of its own page, "" for none."""

    name: str
    accounts: int
    sums: Sums
    narrow: dict[str, str]
    request: HttpRequest
    url: str = ""

    @property
    def chips(self) -> Any:
        return counts(self.sums.open, self._list())

    def _list(self, **more: str) -> str:
        return show.address(self.request, "findings", **{**self.narrow, **more})

    @property
    def accounts_url(self) -> str:
        return show.address(self.request, "accounts", **self.narrow)

    @property
    def links(self) -> Iterator[tuple[int, str]]:
        """Overdue, new, accepted, ending."""
        yield self.sums.overdue, self._list(tab="overdue")
        yield self.sums.new, self._list(tab="new")
        yield self.sums.accepted, self._list(tab="accepted")
        yield self.sums.ending, show.address(self.request, "findings-exceptions", tab="soon")


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """With `owner`: the accounts of that one."""
    owner = request.GET.get("owner", "")
    scope = narrowed.read(request, SCOPE)
    sets = _sets(scope.accounts)
    if owner and owner not in sets:
        raise Http404("No account that you see has this owner.")
    lines = _accounts(request, sets[owner][1]) if owner else _owners(request, sets)
    mine = Finding.objects.filter(OPEN, assignee=request.user.username)
    context = {
        "scope": scope,
        "owner": sets[owner][0] if owner else "",
        "narrow": {"owner": owner} if owner else {},
        "lines": sorted(lines, key=_worst_first),
        "mine": mine.count(),
        "mine_overdue": mine.filter(OVERDUE).count(),
        "named": bool(by_owner()),
    }
    return render(request, "findings/owners.html", context)


def _worst_first(line: Line) -> tuple[Any, ...]:
    return *(-line.sums.open[severity] for severity in WORST_FIRST), line.name


def _sets(accounts: list[int] | None) -> Sets:
    """Owner -> name and accounts; of some accounts alone where the frame chose these."""
    seen = Account.objects.all() if accounts is None else Account.objects.filter(pk__in=accounts)
    pks = list(seen.values_list("pk", flat=True))
    if not by_owner():
        return {NOBODY: ("Nobody", pks)} if pks else {}
    some = ((slug, name, sorted(set(mine) & set(pks))) for slug, (name, mine) in by_owner().items())
    return {slug: (name, mine) for slug, name, mine in some if mine}


def _owners(request: HttpRequest, sets: Sets) -> Iterator[Line]:
    found, named = sums(pk for _, pks in sets.values() for pk in pks), bool(by_owner())
    for slug, (name, pks) in sets.items():
        whole = Sums()
        for pk in pks:
            if pk in found:
                whole.add(found[pk])
        url = show.address(request, "findings-owners", owner=slug) if named else ""
        yield Line(name, len(pks), whole, {"owner": slug} if named else {}, request, url)


def _accounts(request: HttpRequest, pks: list[int]) -> Iterator[Line]:
    found = sums(pks)
    for pk, aws_id, name in Account.objects.filter(pk__in=pks).values_list("pk", "aws_id", "name"):
        url = show.address(request, "account", aws_id)
        yield Line(name, 1, found.get(pk, Sums()), {"account": aws_id}, request, url)
