"""Which access reviews are under way, how far is each, and did what was revoked go?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from typing import Any

import django_tables2 as tables
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Now, TruncDate
from django.utils.safestring import SafeString

from collectors.models import Account
from findings.analysis.reviewing.confirming import State
from findings.models import Review, ReviewAccount, ReviewCount, Reviewer
from findings.models.decided import STANDS
from findings.models.review import Verdict
from iamdash.pages import show
from iamdash.pages.facets import Conditions, Facet, Option, Texts
from iamdash.pages.filters import Asked, Filters, Sort, Tab
from iamdash.pages.grouped import reaching
from iamdash.pages.html import format_html, format_html_join
from iamdash.pages.lists import ListPage
from iamdash.pages.review_items import InSet
from iamdash.pages.reviews import Campaign, campaigns, may_start, state_of, visible
from iamdash.pages.tables import ListTable

TODAY = TruncDate(Now(), tzinfo=UTC)
TO_FREEZE = Q(Exists(ReviewAccount.objects.filter(review=OuterRef("pk"), frozen_at=None, error="")))
RUNNING = Q(closed_at=None)
LEFT = (State.STILL, State.BACK)  # what was revoked and is there


def _seen(state: State) -> Q:
    counted = ReviewCount.objects.filter(review=OuterRef("pk"), state=state).values("review")
    return Q(Exists(counted.annotate(total=Sum("n")).filter(total__gt=0)))


def holding(accounts: set[int]) -> Q:
    return Q(Exists(ReviewAccount.objects.filter(review=OuterRef("pk"), account__in=accounts)))


def naming(reviewers: Sequence[str]) -> Q:
    """In which one of these is named to review something."""
    return Q(Exists(Reviewer.objects.filter(STANDS, review=OuterRef("pk"), reviewer__in=reviewers)))


class OfReviewer(Texts):
    def where(self, slugs: Sequence[str]) -> Q:
        return naming(slugs)

    def options(self, qs: QuerySet[Any]) -> list[Option]:
        return []


class ReviewTable(ListTable):
    """Of rows with their Campaign as `campaign`. Its numbers are of all accounts that the operator sees, whatever is chosen."""

    lead = "title"
    caption = "Access reviews"
    tells = {
        "title": ("id", "review", "which", "for"),
        "state": ("state", "closed_by", "closed_at"),
        "decided": ("items", "decided", "accounts_without_evidence"),
        "taken": (Verdict.REVOKE.value, Verdict.REDUCE.value),
        "left": tuple(one.value for one in State),
        "evidence": ("evidence_of", "started_by"),
        "due": ("due_on",),
    }

    title = tables.Column("Review")
    state = tables.Column(accessor="campaign__state")
    decided = tables.Column(accessor="pk")
    taken = tables.Column("Revoked", accessor="pk")
    left = tables.Column("Still there or back", accessor="pk")
    evidence = tables.Column("Evidence of", accessor="starts_on")
    due = tables.Column("Due", accessor="due_on", attrs={"td": {"class": "moment"}})

    def render_title(self, record: Review) -> SafeString:
        return format_html(
            '<a class="lead" href="{}" hx-boost="false">{}</a><span class="under">{}</span>',
            show.address(self.request, "review", record.pk),
            show.name(record.title),
            ", ".join(which.label.lower() for which in record.sets),
        )

    def render_state(self, record: Any) -> SafeString:
        return state_of(record.campaign)

    def render_decided(self, record: Any) -> SafeString:
        whole, broken = record.campaign.whole, record.campaign.broken
        told = SafeString()
        if broken:
            lost = f"the evidence of {broken:,} account{'' if broken == 1 else 's'} could not be taken down"
            told = format_html('<span class="under">{}</span>', show.unknown(lost))
        if not whole.items:
            yet = " yet" if record.campaign.state in ("freezing", "planned") else ""
            return format_html('<span class="muted">no items{}</span>{}', yet, told)
        return format_html(
            '{} %<span class="under">{} of {}</span>{}',
            whole.percent,
            f"{whole.decided:,}",
            self._items(record, f"{whole.items:,}", tab="all"),
            told,
        )

    def render_taken(self, record: Any) -> SafeString:
        n = record.campaign.whole.taken
        return self._items(record, f"{n:,}", tab="taken") if n else format_html('<span class="muted">{}</span>', "none")

    def render_left(self, record: Any) -> SafeString:
        states = record.campaign.whole.states
        found = [(one, states[one.value]) for one in LEFT if states[one.value]]
        told = ((self._items(record, f"{n:,} {one.label.lower()}", tab="taken", seen=one.value),) for one, n in found)
        return format_html_join("", "<div>{}</div>", told)

    def render_evidence(self, record: Review) -> SafeString:
        return format_html('{}<span class="under">by {}</span>', f"{record.starts_on}", show.name(record.made_by))

    def render_due(self, record: Review) -> str:
        return f"{record.due_on}"

    def _items(self, record: Review, words: str, **asked: str) -> SafeString:
        """A link to items of all accounts, as the numbers are."""
        url = show.address(self.request, "reviews-items", record.pk, account="", **asked)
        return format_html('<a href="{}" hx-boost="false">{}</a>', url, words)


def _facets() -> tuple[Facet, ...]:
    started = ~TO_FREEZE
    states = {
        "planned": (TO_FREEZE & Q(starts_on__gt=TODAY), "Planned"),
        "freezing": (TO_FREEZE & Q(starts_on__lte=TODAY), "Taking down evidence"),
        "open": (started & Q(due_on__gte=TODAY), "Open"),
        "overdue": (started & Q(due_on__lt=TODAY), "Overdue"),
    }
    running = {slug: (RUNNING & where, label) for slug, (where, label) in states.items()}
    return (
        Conditions(name="state", title="State", inline=True, single=True, conditions=running),
        InSet(name="which", title="What is reviewed", column="which"),
        Conditions(
            name="seen",
            title="Seen since",
            conditions={one.value: (_seen(one), one.label) for one in State},
        ),
        OfReviewer(name="reviewer", title="Reviewer", column="pk", pattern=re.compile(r".{1,150}"), offered=False),
        *reaching(holding),
    )


class ReviewList(ListPage):
    name = "reviews"
    title = "Access reviews"
    folder = "reviews/reviews"
    table = ReviewTable
    filters = Filters(
        sorts={
            "evidence": Sort("Evidence of", ("starts_on",), descending=True),
            "due": Sort("Due", ("due_on",)),
            "title": Sort("Name", ("title",)),
        },
        tabs=(
            Tab("running", "Under way", RUNNING),
            Tab("closed", "Closed", ~RUNNING),
            Tab("all", "All", Q()),
        ),
        facets=_facets(),
        search=("title", "note", "made_by"),
        searched="name, note, or who started it",
    )
    fields = {
        "id": lambda r: r.pk,
        "review": lambda r: r.title,
        "for": lambda r: ", ".join(r.campaign.for_whom),
        "which": lambda r: ", ".join(r.which),
        "state": lambda r: r.campaign.state,
        "evidence_of": lambda r: r.starts_on,
        "due_on": lambda r: r.due_on,
        "accounts": lambda r: r.campaign.whole.accounts,
        "items": lambda r: r.campaign.whole.items,
        "decided": lambda r: r.campaign.whole.decided,
        "accounts_without_evidence": lambda r: r.campaign.broken,
        **{one.value: (lambda r, one=one: r.campaign.whole.verdicts[one.value]) for one in Verdict},
        **{one.value: (lambda r, one=one: r.campaign.whole.states[one.value]) for one in State},
        "started_by": lambda r: r.made_by,
        "closed_by": lambda r: r.closed_by or None,
        "closed_at": lambda r: r.closed_at,
    }

    def queryset(self) -> QuerySet[Review]:
        return visible().order_by()

    def attach(self, rows: Sequence[Any]) -> None:
        """campaign. Three queries."""
        of: dict[int, Campaign] = {one.review.pk: one for one in campaigns(list(rows))}
        for row in rows:
            row.campaign = of[row.pk]

    def extra(self, asked: Asked, total: int) -> dict[str, Any]:
        me = self.request.user
        mine = 0 if asked.chosen["reviewer"] else visible().filter(RUNNING, naming([me.username])).count()
        return {"may_start": may_start(me) and Account.objects.exists(), "mine": mine}
