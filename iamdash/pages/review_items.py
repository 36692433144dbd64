"""What is up for review, in one table: who, what was decided, and what came of it. The same decision for many at once."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import django_tables2 as tables
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from findings.analysis.reviewing.confirming import State
from findings.analysis.reviewing.items import Which
from findings.engine import review_work
from findings.engine.review_work import Decided
from findings.models import Review, ReviewDecision, Reviewer, ReviewItem
from findings.models.decided import STANDS
from findings.models.review import Verdict
from findings.vocabulary import Severity
from iamdash.access.models import Operator, Role
from iamdash.pages import show
from iamdash.pages.facets import Accounts, Choices, Conditions, Counts, Facet, OfColumn, Option, Texts
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.grouped import ou_facet, owner_facet
from iamdash.pages.lists import ListPage
from iamdash.pages.review_forms import BulkForm
from iamdash.pages.reviews import CLOSED, visible
from iamdash.pages.severities import WORST_FIRST
from iamdash.pages.tables import ListTable
from iamdash.pages.written import numbers

MOST = 5_000  # items of one bulk decision
UNDECIDED = Q(verdict="")
TAKING = Q(verdict__in=[Verdict.REVOKE, Verdict.REDUCE])
KINDS = {"principal": "Role or user", "key": "Access key", "trust": "Outsider in a role"}


def what(item: ReviewItem) -> str:
    """ "role", "key of ann", "way in for 999999999999"."""
    if item.kind == "key":
        return f"access key of {item.name}"
    if item.kind == "trust":
        outsider = item.evidence.get("outsider", {})
        return f"way in for {outsider.get('vendor') or outsider.get('account') or outsider.get('principal', 'an outsider')}"
    return item.type


def called(item: ReviewItem) -> str:
    return item.subject_id if item.kind == "key" else item.name


def names_of(operator: Operator) -> list[str]:
    """Under which an operator may be known in AWS: the name, the mail address, and what stands before its @."""
    mail = operator.email.lower()
    return list(dict.fromkeys(name for name in (operator.username.lower(), mail, mail.partition("@")[0]) if name))


def is_own(item: ReviewItem, operator: Operator) -> bool:
    return bool(set(item.people) & set(names_of(operator)))


def own(operator: Operator) -> Q:
    """Items that are the operator's own access."""
    return reduce(or_, (Q(people__contains=[name]) for name in names_of(operator)))


def assigned(operator: Operator) -> Exists:
    """Items of accounts that the operator is named for."""
    return Exists(_reviewers().filter(reviewer=operator.username))


def _reviewers() -> QuerySet[Reviewer]:
    return Reviewer.objects.filter(STANDS, review=OuterRef("review"), account=OuterRef("account"))


def decidable(items: QuerySet[ReviewItem], operator: Operator) -> QuerySet[ReviewItem]:
    """Those that the operator may decide: any that an analyst sees, else those that they are named for; never their own."""
    items = items.exclude(own(operator))
    return items if operator.may(Role.ANALYST) else items.filter(assigned(operator))


def outcome(item: ReviewItem) -> SafeString:
    """What collections saw of a decision that takes access away. item.decision: the one that stands."""
    decision = item.decision
    if decision is None or decision.verdict == Verdict.KEEP:
        return SafeString()
    found = getattr(decision, "outcome", None)
    state = State(found.state) if found else State.WAITING
    mark = {State.GONE: "resolved", State.STILL: "high", State.BACK: "critical"}.get(state, "info")
    seen = format_html(
        '{}<span class="under">{}</span>', show.state(mark, state.label), show.name(found.said if found else "")
    )
    if found and found.unknown:
        return format_html('{}<span class="under">{}</span>', seen, show.unknown(show.hidden(found.unknown)))
    return seen


class ItemTable(ListTable):
    lead = "name"
    caption = "What is up for review"
    fixed = ("chosen",)
    tells = {
        "name": ("kind", "type", "name", "arn", "access", "in", "principal_kind", "administrator", "last_used"),
        "worst": ("worst_finding",),
        "decision": ("decision", "parts", "reason", "by", "at"),
        "outcome": ("seen",),
    }

    chosen = tables.Column("", accessor="pk", attrs={"td": {"class": "tight"}})
    name = tables.Column("Access")
    worst = tables.Column("Worst finding", attrs={"td": {"class": "tight"}})
    account = tables.Column()
    decision = tables.Column("Decision", empty_values=(), accessor="pk")
    outcome = tables.Column("Seen since", empty_values=(), accessor="pk")

    def render_chosen(self, record: ReviewItem) -> SafeString:
        return format_html(
            '<input type="checkbox" name="item" value="{}" form="bulk" aria-label="Choose {}">',
            record.pk,
            show.hidden(called(record)),
        )

    def render_name(self, record: ReviewItem) -> SafeString:
        url = show.address(self.request, "reviews-item", record.review_id, record.pk)
        why = ", ".join(Which(name).label.lower() for name in record.sets)
        return format_html(
            '<a class="lead" href="{}" hx-boost="false">{}</a><span class="under">{} · {}</span>',
            url,
            show.name(called(record)),
            show.hidden(what(record)),
            why,
        )

    def render_worst(self, record: ReviewItem) -> SafeString:
        return show.severity(record.worst) if record.worst else format_html('<span class="muted">{}</span>', "none")

    def render_account(self, record: ReviewItem) -> SafeString:
        url = show.address(self.request, "account", record.account.aws_id)
        return format_html('<a href="{}" hx-boost="false">{}</a>', url, show.name(record.account.name))

    def render_decision(self, record: ReviewItem) -> SafeString:
        decision = record.decision
        if decision is None:
            return format_html('<span class="muted">{}</span>', "undecided")
        return format_html(
            '{}<span class="under">by {}: {}</span>',
            decision.get_verdict_display(),
            show.name(decision.set_by),
            show.name(decision.reason),
        )

    def render_outcome(self, record: ReviewItem) -> SafeString:
        return outcome(record)


class OfReviewer(Texts):
    """By who is named to review."""

    def where(self, slugs: Any) -> Q:
        return Q(Exists(_reviewers().filter(reviewer__in=slugs)))

    def options(self, qs: QuerySet[Any]) -> list[Option]:
        return []


@dataclass(frozen=True, kw_only=True)
class InSet(OfColumn):
    """By the sets of the campaign that an item is in; there are few combinations, so the database counts those."""

    column: str = "sets"

    def accepts(self, slug: str) -> bool:
        return slug in {one.value for one in Which}

    def where(self, slugs: Sequence[str]) -> Q:
        return reduce(or_, (Q(**{f"{self.column}__contains": [slug]}) for slug in slugs))

    def of(self, found: Sequence[Counts]) -> list[Option]:
        each: Counter[str] = Counter()
        for sets, n in found[0].items():
            each.update(dict.fromkeys(json.loads(sets), n))
        return [Option(one.value, self.label(one.value), each[one.value]) for one in Which]

    def label(self, slug: str) -> str:
        return Which(slug).label


def _facets() -> tuple[Facet, ...]:

    states = {one.value: (Q(state=one.value), one.label) for one in State}
    return (
        Choices(name="kind", title="Kind", column="kind", values={k: (k, v) for k, v in KINDS.items()}, inline=True),
        InSet(name="in", title="In it as"),
        Choices(
            name="worst",
            title="Worst finding",
            column="worst",
            values={s.slug: (s.value, s.label) for s in WORST_FIRST} | {"none": (0, "None")},
        ),
        Choices(
            name="decision",
            title="Decision",
            column="verdict",
            values={v.value: (v.value, v.label) for v in Verdict},
        ),
        Conditions(
            name="seen",
            title="Seen since",
            conditions={**states, "unknown": (Q(unsure=True), "Not known now")},
        ),
        Accounts(),
        ou_facet(offered=False),
        owner_facet(),
        OfReviewer(name="reviewer", title="Reviewer", column="pk", pattern=re.compile(r".{1,150}"), offered=False),
    )


FILTERS = Filters(
    sorts={
        "worst": Sort("Worst first", ("worst",), descending=True),
        "name": Sort("Name", ("name",)),
        "account": Sort("Account", ("account__name",)),
    },
    tabs=(
        Tab("undecided", "Undecided", UNDECIDED),
        Tab("taken", "To be taken away", TAKING),
        Tab("all", "All", Q()),
    ),
    facets=_facets(),
    search=("name", "arn", "subject_id"),
    searched="name, ARN or id",
)


class ItemList(ListPage):
    name = "items"
    title = "Items"
    folder = "reviews/items"
    table = ItemTable
    filters = FILTERS
    review: Review
    fields = {
        "account": lambda i: i.account.aws_id,
        "account_name": lambda i: i.account.name,
        "kind": lambda i: i.kind,
        "type": lambda i: i.type,
        "name": lambda i: i.name,
        "id": lambda i: i.subject_id,
        "arn": lambda i: i.arn,
        "access": what,
        "in": lambda i: ", ".join(i.sets),
        "principal_kind": lambda i: i.evidence.get("who", {}).get("kind"),
        "administrator": lambda i: bool(i.evidence.get("may", {}).get("admin")) if "may" in i.evidence else None,
        "last_used": lambda i: next((at for _, at in i.evidence.get("used", {}).get("by", ())), None),
        "worst_finding": lambda i: Severity(i.worst).slug if i.worst else None,
        "unknown": lambda i: "; ".join(i.evidence.get("unknown", ())),
        "as_of": lambda i: i.frozen_at,
        "decision": lambda i: i.decision.verdict if i.decision else "undecided",
        "parts": lambda i: ", ".join(i.decision.parts) if i.decision else None,
        "reason": lambda i: i.decision.reason if i.decision else None,
        "by": lambda i: i.decision.set_by if i.decision else None,
        "at": lambda i: i.decision.set_at if i.decision else None,
        "seen": lambda i: _seen(i),
        "evidence_sha256": lambda i: i.digest,
    }

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:  # type: ignore[override]
        self.review = get_object_or_404(visible(), pk=pk)
        return super().get(request)

    def queryset(self) -> QuerySet[ReviewItem]:
        return ReviewItem.objects.filter(review=self.review).order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account")

    def attach(self, rows: Any) -> None:
        attach_decisions(rows)

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        open_now = self.review.closed_at is None
        may = open_now and (self.request.user.may(Role.ANALYST) or is_named(self.review, self.request.user))
        return {"review": self.review, "bulk": BulkForm() if may else None, "query": asked.url(), "most": MOST}


def _seen(item: ReviewItem) -> str | None:
    decision = item.decision
    if decision is None or decision.verdict == Verdict.KEEP:
        return None
    found = getattr(decision, "outcome", None)
    return f"{found.state}: {found.unknown or found.said}" if found else State.WAITING.value


def is_named(review: Review, operator: Operator) -> bool:
    return Reviewer.objects.filter(STANDS, review=review, reviewer=operator.username).exists()


def attach_decisions(rows: list[ReviewItem]) -> None:
    """decision: the one that stands, None for none. One query."""
    standing = ReviewDecision.objects.filter(STANDS, item__in=rows).select_related("outcome")
    found = {one.item_id: one for one in standing}
    for row in rows:
        row.decision = found.get(row.pk)


@require_POST
def decide_many(request: HttpRequest, pk: int) -> HttpResponse:
    """Of the chosen items, or of all that the address asks for."""
    review = get_object_or_404(visible(), pk=pk)
    form = BulkForm(request.POST)
    asked = FILTERS.read(request.GET)
    back = reverse("reviews-items", args=[pk]) + asked.url()
    if review.closed_at:
        messages.error(request, CLOSED)
    elif not form.is_valid():
        messages.error(request, " ".join(error for errors in form.errors.values() for error in errors))
    else:
        _decide_many(request, review, asked, form)
    return redirect(back)


def _decide_many(request: HttpRequest, review: Review, asked: Asked, form: BulkForm) -> None:
    wanted = _wanted(request, review, asked)
    items = list(decidable(wanted, request.user).order_by("pk")[: MOST + 1])
    if not items:
        messages.error(request, "None of these is yours to decide.")
        return
    decided = Decided(Verdict(form.cleaned_data["verdict"]), form.cleaned_data["reason"])
    try:
        with transaction.atomic():
            n = review_work.decide(items[:MOST], decided, request.user.username)
    except IntegrityError:
        messages.error(request, "Somebody else decided or closed it just now. Look again.")
        return
    left = f" The first {MOST:,} were; do it again for the others." if len(items) > MOST else ""
    without = len(items[:MOST]) - n
    skipped = f" {without} had no suggestion." if without else ""
    messages.success(request, f"{decided.verdict.label}: {n:,} item{'' if n == 1 else 's'}.{skipped}{left}")


def _wanted(request: HttpRequest, review: Review, asked: Asked) -> QuerySet[ReviewItem]:
    items = ReviewItem.objects.filter(review=review)
    if request.POST.get("all") == "yes":
        return asked.narrowed(items)
    return items.filter(pk__in=numbers(request.POST.getlist("item")))
