"""Says of many roles and users at once who is meant to act with them, and takes that back. The address says which ones.

A GET asks and shows what it would change; the POST of the same address does it, if there are still as many. What was done is
named by a signed text in the address of its undo: it holds for an hour, and for who did it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core import signing
from django.db import IntegrityError
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from collectors.models import Principal
from collectors.records.iam import SERVICE_LINKED
from findings.analysis.kinds import Kind
from findings.engine import bulk
from findings.models import KindOverride
from findings.models.decided import STANDS
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.pages.filters import Asked
from iamdash.pages.kind import FOLLOWS, KindForm, replace
from iamdash.pages.principals import PrincipalList
from iamdash.pages.written import numbers

MOST = 200  # at a time: what was done must fit into an address
SALT = "iamdash.kinds"
GONE = "This cannot be undone any more, or somebody else did it."


@dataclass(frozen=True)
class Chosen:
    """Of what the address names those that are there and whose kind is a question."""

    rows: list[Principal]
    asked: Asked

    @property
    def too_many(self) -> bool:
        return len(self.rows) > MOST

    @property
    def by_account(self) -> list[tuple[str, int]]:
        rows = Principal.objects.filter(pk__in=[row.pk for row in self.rows]).order_by()
        return list(rows.values_list("account__name").annotate(n=Count("pk")).order_by("-n", "account__name")[:10])


def chosen(get: QueryDict) -> Chosen:
    rest = get.copy()
    picks = rest.pop("pick", [])
    every = rest.pop("all", [])
    asked = PrincipalList.read(rest)
    rows: QuerySet[Any] = PrincipalList().queryset()
    rows = asked.narrowed(rows) if every else rows.filter(pk__in=numbers(picks[: MOST + 1]))
    rows = rows.filter(gone_at=None).exclude(path__startswith=SERVICE_LINKED)
    return Chosen(list(rows.order_by("pk")[: MOST + 1]), asked)


@needs(Role.ANALYST)
@require_http_methods(["GET", "HEAD", "POST"])
def work(request: HttpRequest) -> HttpResponse:
    some = chosen(request.GET)
    context: dict[str, Any] = {"chosen": some, "most": MOST}
    if not some.rows or some.too_many:
        return render(request, "principals/kinds.html", context)
    form = KindForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if request.POST.get("n") == str(len(some.rows)):
            _do(request, some, form.cleaned_data["kind"], form.cleaned_data["reason"])
            return redirect(reverse("principals") + some.asked.url())
        context["moved"] = True
    return render(request, "principals/kinds.html", context | {"form": form}, status=422 if form.errors else 200)


def _do(request: HttpRequest, some: Chosen, kind: str, reason: str) -> None:
    by = request.user.username
    try:
        done = replace({(row.account_id, row.unique_id): kind for row in some.rows}, reason, by)
    except IntegrityError:
        messages.error(request, "Somebody else set one of them just now. Look again.")
        return
    if not done:
        messages.success(request, "It is so already.")
        return
    words = f"{_n(len(done))}: {Kind(kind).label if kind else 'as declared'}. {FOLLOWS}"
    url = f"{reverse('principals-kinds-undo')}?done={signing.dumps(done, salt=SALT, compress=True)}"
    messages.success(request, format_html('{} <a href="{}">Undo</a>', words, url))


def _n(n: int) -> str:
    return f"{n:,} role{'' if n == 1 else 's'} or user{'' if n == 1 else 's'}"


@needs(Role.ANALYST)
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest) -> HttpResponse:
    """Shows what was done and takes it back: what stood before stands again, as what this operator says."""
    done = _read(request.GET.get("done", ""))
    by = request.user.username
    made = KindOverride.objects.filter(STANDS, pk__in=[new for new, _ in done], set_by=by)
    ended = KindOverride.objects.filter(pk__in=[old for _, old in done], ended_by=by)
    if request.method == "POST":
        _undo(request, made, ended)
        return redirect("principals")
    n = len({(one.account_id, one.principal_id) for rows in (made, ended) for one in rows})
    return render(request, "principals/kinds_done.html", {"n": n})


def _read(text: str) -> list[tuple[int, int]]:
    """Raises Http404 for what is not ours or too old."""
    try:
        return [(int(new), int(old)) for new, old in signing.loads(text, salt=SALT, max_age=bulk.UNDO)]
    except (signing.BadSignature, ValueError, TypeError):
        raise Http404(GONE) from None


def _undo(request: HttpRequest, made: QuerySet[KindOverride], ended: QuerySet[KindOverride]) -> None:
    """Only of those whose kind is as it was left: what somebody set since stays."""
    here = {(one.account_id, one.principal_id) for one in made}
    before = {(one.account_id, one.principal_id): one for one in ended}
    since = KindOverride.objects.filter(STANDS, principal_id__in=[principal for _, principal in before])
    taken = {(one.account_id, one.principal_id) for one in since} - here
    wanted = {key: before[key].kind if key in before else "" for key in here | before.keys() - taken}
    try:
        done = replace(wanted, "as it was before", request.user.username)
    except IntegrityError:
        done = []
    if done:
        messages.success(request, f"{_n(len(done))}: as it was before. {FOLLOWS}")
    else:
        messages.error(request, GONE)
