"""One access under review: the evidence as it was frozen, what was decided of it, and what came of that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from findings.analysis.reviewing.evidence import LEVELS
from findings.engine import review_work
from findings.engine.review_work import Decided
from findings.models import Review, ReviewAccount, ReviewDecision, ReviewItem
from findings.models.review import Verdict
from iamdash.access.models import Operator
from iamdash.pages import show
from iamdash.pages.finding import moment
from iamdash.pages.review_forms import DecideForm
from iamdash.pages.review_items import (
    UNDECIDED,
    assigned,
    attach_decisions,
    called,
    decidable,
    is_named,
    is_own,
    outcome,
    what,
)
from iamdash.pages.reviews import CLOSED, visible
from iamdash.pages.written import number

OWN = "This is your own access: somebody else reviews it."
NOT_NAMED = "This is for analysts of the account, and for who is named as its reviewer."


@dataclass(frozen=True)
class ServiceRow:
    """levels: numbers of actions in effect, by evidence.LEVELS. known: whether any source tells of its use."""

    name: str
    levels: list[int]
    last: datetime | None
    source: str
    known: bool


@dataclass(frozen=True)
class Shown:
    """The evidence of an item for its template. told: as it is stored."""

    told: dict[str, Any]

    @property
    def services(self) -> list[ServiceRow]:
        rows = self.told.get("may", {}).get("services", ())
        return [ServiceRow(name, levels, moment(last or ""), source, last != "") for name, levels, last, source in rows]

    @property
    def columns(self) -> list[str]:
        return [level.value for level in LEVELS]

    @property
    def levels(self) -> list[tuple[str, int, int]]:
        return [(name, *numbers) for name, numbers in self.told.get("may", {}).get("levels", {}).items()]

    @property
    def used(self) -> list[tuple[str, datetime | None]]:
        return [(source, moment(at or "")) for source, at in self.told.get("used", {}).get("by", ())]

    @property
    def keys(self) -> list[tuple[str, bool, datetime | None]]:
        return [(key, active, moment(at or "")) for key, active, at in self.told.get("become", {}).get("keys", ())]

    @property
    def findings(self) -> list[dict[str, Any]]:
        return [{**one, "since": moment(one["since"])} for one in self.told.get("findings", ())]


@require_safe
def detail(request: HttpRequest, review_id: int, pk: int) -> HttpResponse:
    review, item = _item(review_id, pk)
    refused = _refused(review, item, request.user)
    return render(
        request, "reviews/item.html", _context(request, review, item, None if refused else _form(item), refused)
    )


def _item(review_id: int, pk: int) -> tuple[Review, ReviewItem]:
    review = get_object_or_404(visible(), pk=review_id)
    item = get_object_or_404(ReviewItem.objects.select_related("account"), review=review, pk=pk)
    attach_decisions([item])
    return review, item


def _refused(review: Review, item: ReviewItem, operator: Operator) -> str:
    """Why the operator may not decide it; "" when they may."""
    if review.closed_at:
        return CLOSED
    if is_own(item, operator):
        return OWN
    mine = decidable(ReviewItem.objects.filter(pk=item.pk), operator)
    return "" if mine.exists() else NOT_NAMED


def _form(item: ReviewItem, data: Any = None) -> DecideForm:
    standing = item.decision
    initial = {"verdict": standing.verdict, "parts": standing.parts} if standing else {}
    offered, reducible = review_work.offered(item), bool(review_work.suggested(item))
    return DecideForm(data, offered=offered, reducible=reducible, initial=initial)


def _context(
    request: HttpRequest, review: Review, item: ReviewItem, form: DecideForm | None, refused: str
) -> dict[str, Any]:
    decisions = ReviewDecision.objects.filter(item=item).prefetch_related("sightings").order_by("-pk")
    left = _undecided(review, request.user).count() if not review.closed_at else 0
    return {
        "review": review,
        "item": item,
        "called": show.hidden(called(item)),
        "what": what(item),
        "shown": Shown(item.evidence),
        "told": item.evidence,
        "row": ReviewAccount.objects.filter(review=review, account=item.account).first(),
        "decisions": decisions,
        "outcome": outcome(item),
        "form": form,
        "refused": refused,
        "left": left,
        "skip": reverse("reviews-next", args=[review.pk], query={"after": item.pk}),
    }


def _queue(review: Review, operator: Operator) -> QuerySet[ReviewItem]:
    """Undecided items that are the operator's to decide; who is named for accounts of it begins with those, and ends there."""
    return decidable(_undecided(review, operator), operator)


def _undecided(review: Review, operator: Operator) -> QuerySet[ReviewItem]:
    """With the operator's own, which is dear to leave out of a count of many."""
    items = ReviewItem.objects.filter(UNDECIDED, review=review)
    return items.filter(assigned(operator)) if is_named(review, operator) else items


@require_safe
def following(request: HttpRequest, pk: int) -> HttpResponse:
    """To the next item of the operator's queue, worst first; from its end to its beginning."""
    review = get_object_or_404(visible(), pk=pk)
    after = request.GET.get("after", "")
    found = None if review.closed_at else _next(review, request.user, after)
    if found is None:
        messages.info(request, CLOSED if review.closed_at else "Nothing else is left for you to decide.")
        return redirect("review", pk)
    return redirect("reviews-item", pk, found)


def _next(review: Review, operator: Operator, after: str) -> int | None:
    queue = _queue(review, operator).order_by("-worst", "pk").values_list("pk", flat=True)
    here = ReviewItem.objects.filter(review=review, pk=number(after)).first()
    if here is None:
        return queue.first()
    later = queue.filter(Q(worst__lt=here.worst) | Q(worst=here.worst, pk__gt=here.pk))
    return later.first() or queue.exclude(pk=here.pk).first()


@require_POST
def decide(request: HttpRequest, review_id: int, pk: int) -> HttpResponse:
    review, item = _item(review_id, pk)
    if refused := _refused(review, item, request.user):
        messages.error(request, refused)
        return redirect("reviews-item", review_id, pk)
    form = _form(item, request.POST)
    if not form.is_valid():
        if not request.POST:
            messages.error(request, "Say what you decide, and why.")
            return redirect("reviews-item", review_id, pk)
        return render(request, "reviews/item.html", _context(request, review, item, form, ""), status=422)
    data = form.cleaned_data
    parts = tuple(data.get("parts", ())) if data["verdict"] == Verdict.REVOKE else ()
    try:
        with transaction.atomic():
            review_work.decide([item], Decided(Verdict(data["verdict"]), data["reason"], parts), request.user.username)
    except IntegrityError:
        messages.error(request, "Somebody else decided or closed it just now. Look again.")
        return redirect("reviews-item", review_id, pk)
    messages.success(request, f"{show.hidden(called(item))}: {Verdict(data['verdict']).label.lower()}.")
    return redirect(reverse("reviews-next", args=[review_id], query={"after": pk}))
