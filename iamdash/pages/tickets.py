"""Tickets of findings: opened from a finding or from many, shown beside it, and the hook by which the tracker answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError
from django.db.models import Exists, F, Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from collectors.models.among import AmongRows
from findings.engine import tickets as engine
from findings.models import Finding, Ticket, TicketNews
from iamdash.access.database import seen_accounts
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.notify import tickets as tracking
from iamdash.pages import show
from iamdash.pages.facets import Facet, Option, rows
from iamdash.pages.html import format_html

NOT_SET_UP = "No tracker is set up: docs/operate/tickets.md says how."
States = Ticket.State


@dataclass(frozen=True)
class TicketView:
    """still_there: the tracker says that it is over, and what was collected says otherwise. others: further findings of it."""

    ticket: Ticket
    still_there: bool
    news: list[TicketNews]
    others: int


def of_finding(finding: Finding) -> dict[str, Any]:
    """For the finding's page."""
    same = {"account": finding.account_id, "code": finding.code, "subject_id": finding.subject_id, "part": finding.part}
    found = list(Ticket.objects.filter(**same).order_by("-pk")[:5])
    return {
        "tickets": [_view(one, finding) for one in found],
        "may_ticket": bool(tracking.tracker()) and all(one.state in engine.OVER for one in found),
        "tracker": tracking.tracker(),
    }


def _view(one: Ticket, finding: Finding) -> TicketView:
    done = one.state in engine.OVER
    news = TicketNews.objects.filter(ref=one.ref, account=one.account_id).order_by("-pk")[:10]
    others = Ticket.objects.filter(ref=one.ref).count() - 1
    return TicketView(one, done and finding.resolved_at is None, list(news), others)


def attach(findings: Sequence[Finding]) -> None:
    """ticket: the newest of each, None for none. One query, none for no finding."""
    if not findings:
        return
    subjects = {(one.account_id, one.subject_id) for one in findings}
    found = Ticket.objects.filter(AmongRows(Tuple(F("account"), F("subject_id")), subjects))
    newest = {(one.account_id, one.code, one.subject_id, one.part): one for one in found.order_by("pk")}
    for one in findings:
        one.ticket = newest.get((one.account_id, one.code, one.subject_id, one.part))  # type: ignore[attr-defined]


def said(ticket: Ticket | None, *, resolved: bool = False) -> SafeString | str:
    """ " · ticket OPS-12, done" for the second line of a row."""
    if ticket is None:
        return ""
    key = show.hidden(ticket.key) or "asked for"
    name = format_html('<a href="{}" rel="noreferrer">{}</a>', ticket.url, key) if ticket.url else key
    state = f", {ticket.get_state_display().lower()}" if ticket.state != States.ASKED else ""
    still = ", still there" if ticket.state == States.DONE and not resolved else ""
    return format_html(" · ticket {}{}{}", name, state, still)


@dataclass(frozen=True, kw_only=True)
class TicketFacet(Facet):
    """Findings by the state of a ticket of theirs. Tickets are few: the database begins with them."""

    name: str = "ticket"
    title: str = "Ticket"

    def accepts(self, slug: str) -> bool:
        return slug in States

    def where(self, slugs: Sequence[str]) -> Q:
        return Q(_having(state__in=slugs))

    def options(self, qs: QuerySet[Any]) -> list[Option]:
        if not Ticket.objects.exists():
            return []
        counts = {f"n_{state.value}": rows(Q(_having(state=state))) for state in States}
        found = qs.filter(_having()).order_by().aggregate(**counts)
        return [Option(state.value, state.label, found[f"n_{state.value}"]) for state in States]

    def label(self, slug: str) -> str:
        return States(slug).label


def _having(**which: Any) -> Exists:
    return Exists(Ticket.objects.filter(**engine.of_finding(), **which))


@needs(Role.ANALYST)
@require_POST
def open_one(request: HttpRequest, pk: int) -> HttpResponse:
    finding = get_object_or_404(Finding, pk=pk)
    _open(request, [finding])
    return redirect(reverse("finding", args=[pk]) + "#tickets")


@needs(Role.ANALYST)
@require_http_methods(["GET", "HEAD", "POST"])
def open_many(request: HttpRequest) -> HttpResponse:
    """One ticket for the findings that the address names (pages/work.py). A GET asks."""
    from iamdash.pages.work import chosen

    some = chosen(request.GET)
    too_many = len(some.ids) > engine.MOST
    if request.method == "POST" and some.ids and not too_many:
        _open(request, list(Finding.objects.filter(pk__in=some.ids).order_by("pk")))
        return redirect(reverse("findings") + some.asked.url())
    context = {"chosen": some, "too_many": too_many, "most": engine.MOST, "tracker": tracking.tracker()}
    return render(request, "findings/ticket.html", context)


def _open(request: HttpRequest, findings: list[Finding]) -> None:
    if not tracking.tracker():
        messages.error(request, NOT_SET_UP)
        return
    _, n = engine.opened(findings, tracking.tracker(), request.user.username)
    if n:
        told = f"A ticket for {n} finding{'' if n == 1 else 's'} is asked for; {tracking.tracker()} is told within a minute."
        messages.success(request, told)
    else:
        messages.info(request, "There is a ticket that is not done already.")


@csrf_exempt
@login_not_required
@require_POST
def hook(request: HttpRequest) -> HttpResponse:
    """The tracker says how a ticket stands. No session: the signature counts, and is checked before anything is looked up."""
    body = request.read(tracking.LONGEST + 1)
    if len(body) > tracking.LONGEST:
        return _answer(413, f"At most {tracking.LONGEST} bytes.")
    now = timezone.now()
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        one = tracking.heard(headers, body, now)
    except PermissionError:
        return _answer(401, "The signature is missing, wrong or too old.")
    except tracking.SaidError as error:
        return _answer(422, str(error))
    return _hear(one, now)


def _hear(one: engine.Heard, now: Any) -> HttpResponse:
    """Whoever signed speaks for all accounts: the ticket's row tells which it is about."""
    try:
        with seen_accounts("*"):
            became, found = engine.hear(one, now)
    except engine.UnknownTicketError:
        return _answer(404, "There is no such ticket.")
    except engine.TooOftenError:
        return _answer(429, f"At most {engine.A_MINUTE} messages a minute about one ticket.")
    except IntegrityError:
        return _answer(409, "A finding of it has another ticket by now, or the same message is being read.")
    statuses = [row.now for row in found]  # type: ignore[attr-defined]
    return JsonResponse({"ok": True, "ignored": became, "open": sum(s in ("open", "accepted") for s in statuses)})


def _answer(status: int, error: str) -> HttpResponse:
    return HttpResponse(json.dumps({"ok": False, "error": error}), status=status, content_type="application/json")
