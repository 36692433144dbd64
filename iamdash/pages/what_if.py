"""What would a guardrail have blocked? Asked of an SCP, RCP or permissions boundary before it is applied, of what was used in the
last 90 days. Nothing of it is kept: who wants to see it again asks again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from collectors.models import Account, TrailWatch
from collectors.records import Actor
from findings.analysis.what_if import Candidate, Kind, UsedRow, Verdict
from findings.analysis.what_if.baselines import BASELINES, BY_ID, Given
from findings.analysis.what_if.model import ACTION, PRINCIPAL, RESOURCE
from findings.analysis.what_if.pasted import doubts
from findings.analysis.what_if.unheard import unheard
from findings.engine.decided import allowed_regions
from findings.engine.what_if import AT_ONCE, DAYS, Answer, Concerned, Total, WhatIf
from findings.policy.layers import By
from iamdash.access import audit
from iamdash.access.database import seeing_all
from iamdash.pages import carried, exports, narrowed
from iamdash.pages.filters import FORMATS
from iamdash.pages.what_if_effects import Effects, effects
from iamdash.pages.what_if_forms import Ask
from iamdash.pages.what_if_places import ALL, Places, places

SHOWN = 100  # rows of a table
OF_PRINCIPALS = 50  # whose rows are looked at for it
LISTED = 20
UNKNOWN = {
    RESOURCE: "resource not recorded",
    ACTION: "IAM action not known",
    PRINCIPAL: "principal not known",
}


class OfSeen:
    """A what-if over accounts that the operator sees, asked with the rights of one who sees all.

    Under row-level security each of millions of rows of use is asked whose it is, against a list that is taken apart for each
    of them: 20 s for 1,000 accounts, where this takes 5. So it is asked once, of the accounts; the statements of WhatIf name
    them, and read what is theirs alone (engine/what_if_rows.py, Scope).
    """

    def __init__(self, candidate: Candidate, accounts: Mapping[int, str]) -> None:
        seen = dict(Account.objects.filter(pk__in=accounts).values_list("pk", "aws_id"))
        with seeing_all():
            self.asked = WhatIf(candidate, seen, timezone.now().date(), whole=True)
            self.answer = self.asked.answer()
        self.since = self.asked.scope.since

    def concerned(self, principals: Sequence[int], verdict: Verdict) -> Iterator[Concerned]:
        for start in range(0, len(principals), AT_ONCE):
            with seeing_all():
                some = list(self.asked.concerned(principals[start : start + AT_ONCE], verdict))
            yield from some


@dataclass(frozen=True)
class Line:
    """A row of use in words. linked: a role or user, which has a page of its own where it is known."""

    row: UsedRow
    name: str
    linked: bool
    account: str
    why: tuple[str, ...]
    hangs: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """rows: the first, of the principals with most calls. more: whether there are others."""

    total: Total
    accounts: int
    rows: Sequence[Line]
    more: bool


@dataclass(frozen=True)
class Heard:
    """Accounts by how far their trail was read. late: since a day within the window; since: the latest of these days."""

    accounts: int
    none: int
    late: int
    since: date | None


FIELDS: exports.Fields = {
    "outcome": lambda one: one.outcome.verdict.value,
    "account": lambda one: one.row.account,
    "principal": lambda one: one.row.arn or None,
    "principal_id": lambda one: one.row.principal_id,
    "principal_type": lambda one: one.row.actor.value,
    "action": lambda one: one.row.action,
    "event": lambda one: one.row.event,
    "region": lambda one: one.row.region,
    "resources": lambda one: list(one.row.resources),
    "calls": lambda one: one.row.n,
    "last": lambda one: one.row.last.isoformat(),
    "hangs_on": lambda one: list(one.outcome.keys),
    "by": lambda one: [said(by) for by in one.outcome.by],
}


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponseBase:
    known = places()
    if request.method != "POST":
        form = Ask(known, initial=_begun(request, known))
        return render(request, "guardrails/what_if.html", _context(request, form, known))
    form = Ask(known, request.POST)
    if not form.is_valid() or form.candidate is None:
        return render(request, "guardrails/what_if.html", _context(request, form, known), status=422)
    accounts = known.places[form.cleaned_data["place"]].accounts
    if (wanted := request.POST.get("export", "")) in FORMATS:
        rows = _all(form.candidate, accounts)
        audit.record(request, "exported", "what-if", form=wanted)
        return exports.stream(rows, FIELDS, wanted, "what-if", timezone.now())
    return _answered(request, form, known, accounts)


def _context(request: HttpRequest, form: Ask, known: Places) -> dict[str, Any]:
    """scope: of a form that begins with what the frame chose, and of an answer, which says what it is of."""
    of_place = request.method == "POST" or _chosen(request) in known.places
    scope = {"scope": narrowed.read(request)} if of_place else {}
    return {"form": form, "baselines": BASELINES, "places": known, "days": DAYS, **scope}


def _begun(request: HttpRequest, known: Places) -> dict[str, Any]:
    """What the form holds at first: a baseline, where the address names one."""
    place = request.GET.get("place") or _chosen(request) or ALL
    told: dict[str, Any] = {"place": place, "principals": "*"}
    baseline = BY_ID.get(request.GET.get("baseline", ""))
    if baseline is None:
        return told
    organizations = {one for one in known.organizations.values() if one}
    own = organizations.pop() if len(organizations) == 1 else ""
    chosen = known.places.get(place) or known.places[ALL]
    given = Given(sorted(allowed_regions(Account.objects.filter(pk__in=chosen.accounts))), own)
    return told | {"kind": baseline.kind.value, "document": json.dumps(baseline.document(given), indent=2)}


def _chosen(request: HttpRequest) -> str:
    """The account, or the one OU, that the frame chose; "" for none."""
    chosen = carried.read(request.GET)
    found = chosen.get("account") or chosen.get("ou") or ()
    return found[0] if len(found) == 1 else ""


def _answered(request: HttpRequest, form: Ask, known: Places, accounts: dict[int, str]) -> HttpResponse:
    candidate = form.candidate
    assert candidate is not None
    what_if = OfSeen(candidate, accounts)
    answer = what_if.answer
    names = dict(Account.objects.filter(pk__in=accounts).values_list("aws_id", "name"))
    context = _context(request, form, known) | {
        "candidate": candidate,
        "answer": answer,
        "boundary": candidate.kind is Kind.BOUNDARY,
        "blocked": _table(what_if, answer, answer.blocked, Verdict.BLOCKED, names),
        "undecidable": _table(what_if, answer, answer.undecidable, Verdict.UNDECIDABLE, names),
        "keys": sorted(((hanging(key), n) for key, n in answer.keys.items()), key=lambda one: -one[1]),
        "effects": _effects(candidate, accounts, what_if.since),
        "heard": heard(accounts, what_if.since),
        "unheard": unheard(candidate),
        "doubts": doubts(candidate.document),
        "n_accounts": len(accounts),
        "since": what_if.since,
        "listed": LISTED,
    }
    return render(request, "guardrails/what_if.html", context)


def _table(what_if: OfSeen, answer: Answer, total: Total, verdict: Verdict, names: Mapping[str, str]) -> Table:
    some = total.most()[:OF_PRINCIPALS]
    rows = list(what_if.concerned(some, verdict)) if some else []
    more = len(rows) > SHOWN or len(total.calls) > OF_PRINCIPALS
    return Table(total, answer.accounts(total), [line(one, names) for one in rows[:SHOWN]], more)


def line(one: Concerned, names: Mapping[str, str]) -> Line:
    row = one.row
    name = row.arn.partition("/")[2].rpartition("/")[2] or row.arn.rpartition(":")[2] or row.principal_id or "not told"
    return Line(
        row,
        name,
        row.actor in (Actor.ROLE, Actor.USER) and bool(row.principal_id),
        names.get(row.account, row.account),
        tuple(said(by) for by in one.outcome.by),
        tuple(hanging(key) for key in one.outcome.keys),
    )


def _effects(candidate: Candidate, accounts: dict[int, str], since: date) -> Effects:
    return effects(candidate, list(Account.objects.filter(pk__in=accounts).order_by("name", "aws_id")), since)


def _all(candidate: Candidate, accounts: dict[int, str]) -> Iterator[Concerned]:
    """For exports, in a transaction of their own."""
    what_if = OfSeen(candidate, accounts)
    answer = what_if.answer
    for total, verdict in ((answer.blocked, Verdict.BLOCKED), (answer.undecidable, Verdict.UNDECIDABLE)):
        yield from what_if.concerned(total.most(), verdict)


def heard(accounts: dict[int, str], since: date) -> Heard:
    watched = dict(TrailWatch.objects.filter(account__in=accounts).values_list("account", "since"))
    begun = [at.date() for at in watched.values() if at is not None]
    late = [day for day in begun if day > since + timedelta(days=1)]
    return Heard(len(accounts), len(accounts) - len(begun), len(late), max(late, default=None))


def hanging(key: str) -> str:
    """A condition key, or what else is not known, in words."""
    return UNKNOWN.get(key, key)


def said(by: By) -> str:
    """ "statement 1 (OtherRegions)", or that no statement allows it."""
    if not by.statement:
        return "no statement allows it"
    return f"statement {by.statement}" + (f" ({by.sid})" if by.sid else "")
