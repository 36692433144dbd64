"""Many findings at once: assign, accept, reopen, write a note; and take that back. The address says which findings.

A GET asks and shows what it would change; the POST of the same address does it, if there are still as many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from collectors.models import Account
from findings.engine import bulk
from findings.engine.exceptions import limits
from findings.models import Acceptance, Assignment, Finding, Note
from findings.vocabulary import Severity
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.pages.filters import Asked
from iamdash.pages.findings import FILTERS, FindingList
from iamdash.pages.severities import WORST_FIRST
from iamdash.pages.work_forms import AcceptForm, Act, AssignForm, NoteForm, ReopenForm
from iamdash.pages.written import numbers

TITLES = {"assign": "Assign findings", "accept": "Accept findings", "reopen": "Reopen findings", "note": "Write a note"}
OWN = ("pick", "all", "act")  # parameters of this page, beside the list's
PICKS = 500


@dataclass(frozen=True)
class Chosen:
    """Findings that the address names: one by one, or all that the list's filters leave."""

    ids: list[int]
    asked: Asked

    @property
    def too_many(self) -> bool:
        return len(self.ids) > bulk.MOST

    @cached_property
    def _counts(self) -> list[tuple[int, int, str, str, int]]:
        names = ("account", "severity", "status", "account__name")
        found = Finding.objects.filter(pk__in=self.ids).order_by().values_list(*names)
        return list(found.annotate(n=Count("pk")))

    @property
    def by_severity(self) -> list[tuple[Severity, int]]:
        found = Counter[int]()
        for _, severity, _, _, n in self._counts:
            found[severity] += n
        return [(severity, found[severity]) for severity in WORST_FIRST if found[severity]]

    @property
    def by_account(self) -> list[tuple[str, int]]:
        found = Counter[str]()
        for _, _, _, name, n in self._counts:
            found[name] += n
        return found.most_common(10)

    @property
    def by_status(self) -> Mapping[str, int]:
        found = Counter[str]()
        for _, _, status, _, n in self._counts:
            found[status] += n
        return found

    @property
    def accounts(self) -> list[Account]:
        return list(Account.objects.filter(pk__in={row[0] for row in self._counts}))


def chosen(get: QueryDict) -> Chosen:
    """What is no number is left out, and findings that are not seen."""
    rest = get.copy()
    for name in OWN:
        rest.pop(name, None)
    asked = FindingList.read(rest)
    found = Finding.objects.order_by()
    found = asked.narrowed(found) if get.get("all") else found.filter(pk__in=numbers(get.getlist("pick")[:PICKS]))
    return Chosen(list(found.values_list("pk", flat=True)[: bulk.MOST + 1]), asked)


@needs(Role.ANALYST)
@require_http_methods(["GET", "HEAD", "POST"])
def work(request: HttpRequest) -> HttpResponse:
    act, some = request.GET.get("act", ""), chosen(request.GET)
    context: dict[str, Any] = {"chosen": some, "act": act, "title": TITLES.get(act), "most": bulk.MOST}
    if act not in TITLES or not some.ids or some.too_many:
        return render(request, "findings/work.html", context | {"title": "Work on findings"})
    form = _form(act, some, request)
    if request.method == "POST" and form.is_valid():
        if request.POST.get("n") == str(len(some.ids)):
            _told(request, *_do(act, some, form, request))
            return redirect(reverse("findings") + some.asked.url())
        context["moved"] = True
    return render(request, "findings/work.html", context | {"form": form}, status=422 if form.errors else 200)


def _form(act: str, some: Chosen, request: HttpRequest) -> Act:
    data = request.POST or None
    if act == "accept":
        return AcceptForm(limits(some.accounts), data, initial={"owner": request.user.username})
    return {"assign": AssignForm, "note": NoteForm, "reopen": ReopenForm}[act](data)


def _do(act: str, some: Chosen, form: Any, request: HttpRequest) -> tuple[bulk.Done, str]:
    """With what to say."""
    ids, by, data = some.ids, request.user.username, form.cleaned_data
    if act == "assign":
        to = by if "me" in request.POST else data["to"]
        done = bulk.assign(ids, to, by)
        return (
            done,
            f"{_n(done.n)} {'is' if done.n == 1 else 'are'} now {f'of {to}' if to else 'of whoever owns the account'}.",
        )
    if act == "note":
        done = bulk.note(ids, data["text"], by)
        return done, f"The note is written on {_n(done.n)}."
    if act == "reopen":
        done, stay = bulk.reopen(ids, by, wide=request.user.all_accounts)
        more = f" {_n(stay)} stay{'s' if stay == 1 else ''} accepted, by acceptances that hide more." if stay else ""
        return done, f"{_n(done.n)} {'is' if done.n == 1 else 'are'} open again.{more}"
    done, pending = bulk.accept(ids, data["reason"], data["owner"], form.expires_at, by)
    if pending:
        return done, f"{_n(done.n)} {'waits' if done.n == 1 else 'wait'} for another operator to approve that."
    return done, f"{_n(done.n)} {'is' if done.n == 1 else 'are'} accepted until {data['until']}."


def _n(n: int) -> str:
    return f"{n:,} finding{'' if n == 1 else 's'}"


def _told(request: HttpRequest, done: bulk.Done, words: str) -> None:
    url = reverse("findings-bulk", args=[done.bulk])
    link = format_html(' <a href="{}">Undo</a>', url) if done.n else ""
    messages.success(request, format_html("{}{}", words, link))


@needs(Role.ANALYST)
@require_POST
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    return _one(request, "assign", pk)


@needs(Role.ANALYST)
@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    return _one(request, "note", pk)


def _one(request: HttpRequest, act: str, pk: int) -> HttpResponse:
    """Of one finding, from its page."""
    finding = get_object_or_404(Finding, pk=pk)
    some = Chosen([finding.pk], FILTERS.read(QueryDict()))
    form = _form(act, some, request)
    if form.is_valid():
        _told(request, *_do(act, some, form, request))
    for errors in form.errors.values():
        messages.error(request, " ".join(errors))
    return redirect(reverse("finding", args=[pk]) + "#work")


@dataclass(frozen=True)
class Made:
    """What one action on many findings did, by its rows. n: of them that stand, or that it ended."""

    what: str
    by: str
    at: Any
    n: int
    pending: bool = False

    @property
    def fresh(self) -> bool:
        return timezone.now() - self.at < bulk.UNDO


def made(one: UUID) -> Made:
    """Raises Http404."""
    ways = (
        (Acceptance.objects.filter(bulk=one), "accepted", "set"),
        (Assignment.objects.filter(bulk=one), "assigned", "set"),
        (Note.objects.filter(bulk=one), "noted down on", "set"),
        (Acceptance.objects.filter(ended_bulk=one), "opened again", "ended"),
        (Assignment.objects.filter(ended_bulk=one), "given back to the owner of the account", "ended"),
    )
    for rows, what, how in ways:
        if (first := rows.order_by("pk").first()) is not None:
            pending = isinstance(first, Acceptance) and first.needs_approval and first.approved_at is None
            return Made(what, getattr(first, f"{how}_by"), getattr(first, f"{how}_at"), rows.count(), pending)
    raise Http404("Nothing was done under this name, or it was undone.")


@needs(Role.ANALYST)
@require_http_methods(["GET", "HEAD", "POST"])
def done(request: HttpRequest, bulk_id: UUID) -> HttpResponse:
    """What was done, and its undo by whoever did it; or the approval by another one."""
    one, by = made(bulk_id), request.user.username
    if request.method == "POST":
        if "approve" in request.POST:
            n = bulk.approve(bulk_id, by)
            messages.success(request, f"{n:,} acceptance{'' if n == 1 else 's'} approved.")
        elif bulk.undo(bulk_id, by):
            messages.success(request, "It is as it was before.")
        else:
            messages.error(request, "This cannot be undone any more, or somebody else did it.")
        return redirect("findings")
    return render(request, "findings/done.html", {"made": one, "mine": one.by == by, "hour": bulk.UNDO})
