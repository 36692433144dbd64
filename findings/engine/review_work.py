"""What operators do with a campaign: make it, name reviewers, decide, close it. Rows are added and end; what stood stays.

The database refuses decisions and reviewers of a closed campaign (IntegrityError), whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Count, F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Now, TruncDate

from findings.analysis.reviewing.confirming import State
from findings.analysis.reviewing.standing import ALL
from findings.models import Review, ReviewAccount, ReviewDecision, Reviewer, ReviewItem
from findings.models.decided import STANDS
from findings.models.review import Verdict

BATCH = 1000
AT_DUE = "the due date"  # who closed a campaign that nobody did


@dataclass(frozen=True)
class Plan:
    """A campaign to be. accounts: keys of those that it is made for. reviewers: key of the account -> operator's name."""

    title: str
    note: str
    whom: list[str]
    which: list[str]
    starts_on: date
    due_on: date
    confirm_days: int
    accounts: Sequence[int]
    reviewers: Mapping[int, str]


def start(plan: Plan, by: str) -> Review:
    """The worker freezes the items at its next tick on or after starts_on."""
    with transaction.atomic():
        review = Review.objects.create(
            title=plan.title,
            note=plan.note,
            whom=plan.whom,
            which=plan.which,
            starts_on=plan.starts_on,
            due_on=plan.due_on,
            confirm_days=plan.confirm_days,
            n_accounts=len(plan.accounts),
            made_by=by,
        )
        ReviewAccount.objects.bulk_create(
            [ReviewAccount(review=review, account_id=pk) for pk in plan.accounts], batch_size=BATCH
        )
        Reviewer.objects.bulk_create(
            [
                Reviewer(review=review, account_id=pk, reviewer=name, set_by=by)
                for pk, name in plan.reviewers.items()
                if name
            ],
            batch_size=BATCH,
        )
    return review


def delegate(review: Review, accounts: Iterable[int], reviewer: str, reason: str, by: str) -> int:
    """Have another operator review these accounts; returns how many changed hands."""
    with transaction.atomic():
        mine = Reviewer.objects.filter(STANDS, review=review)
        same = set(mine.filter(account__in=list(accounts), reviewer=reviewer).values_list("account", flat=True))
        moved = [pk for pk in accounts if pk not in same]
        mine.filter(account__in=moved).update(ended_by=by, ended_at=Now())
        Reviewer.objects.bulk_create(
            [Reviewer(review=review, account_id=pk, reviewer=reviewer, reason=reason, set_by=by) for pk in moved],
            batch_size=BATCH,
        )
    return len(moved)


@dataclass(frozen=True)
class Decided:
    """parts: of a revocation; () for what each item is as a whole."""

    verdict: Verdict
    reason: str
    parts: tuple[str, ...] = ()


def decide(items: Iterable[ReviewItem], decided: Decided, by: str) -> int:
    """The same of all of them; returns of how many. What stood before ends. REDUCE reaches those that have a suggestion."""
    rows = [row for item in items if (row := _row(item, decided, by))]
    with transaction.atomic():
        for start_at in range(0, len(rows), BATCH):
            batch = rows[start_at : start_at + BATCH]
            standing = ReviewDecision.objects.filter(STANDS, item__in=[row.item_id for row in batch])
            standing.update(ended_by=by, ended_at=Now())
            ReviewDecision.objects.bulk_create(batch)
            state = "" if decided.verdict == Verdict.KEEP else State.WAITING.value
            shown = ReviewItem.objects.filter(pk__in=[row.item_id for row in batch])
            shown.update(verdict=decided.verdict, state=state, unsure=False)
    return len(rows)


def _row(item: ReviewItem, decided: Decided, by: str) -> ReviewDecision | None:
    parts: Sequence[str] = ()
    if decided.verdict == Verdict.REVOKE:
        parts = decided.parts or (item.part,)
    elif decided.verdict == Verdict.REDUCE:
        parts = suggested(item)
        if not parts:
            return None
    return ReviewDecision(
        review_id=item.review_id,
        account_id=item.account_id,
        item=item,
        verdict=decided.verdict,
        parts=list(parts),
        reason=decided.reason,
        set_by=by,
    )


def suggested(item: ReviewItem) -> list[str]:
    return list(item.evidence.get("suggested", ()))


def offered(item: ReviewItem) -> list[tuple[str, str]]:
    """(part, words) of what can be revoked."""
    if found := [(part, words) for part, words in item.evidence.get("parts", ())]:
        return found
    words = {"key": "The access key", "trust": "This outsider's way into the role"}.get(item.kind, "All of it")
    return [(item.part or ALL, words)]


def close(review: Review, by: str) -> bool:
    """False: it was closed already."""
    return bool(Review.objects.filter(pk=review.pk, closed_at=None).update(closed_at=Now(), closed_by=by))


def close_due() -> int:
    """Close the campaigns whose last day is over."""
    over = Review.objects.filter(closed_at=None, due_on__lt=TruncDate(Now()))
    return over.update(closed_at=Now(), closed_by=AT_DUE)


@dataclass(frozen=True)
class Due:
    """What a reviewer still has to do in a campaign. days: until its last day, negative when that is over."""

    review: int
    title: str
    reviewer: str
    undecided: int
    due_on: date
    days: int


def due(today: date, within: int = 7) -> list[Due]:
    """Reviewers with undecided items in campaigns that end within so many days, the soonest first: for reminders.

    reviewer "": nobody is named for the accounts; then any analyst of them may.
    """
    undecided = ReviewItem.objects.filter(review__closed_at=None, verdict="")
    named = Reviewer.objects.filter(STANDS, review=OuterRef("review"), account=OuterRef("account"))
    rows = (
        undecided.annotate(who=Coalesce(Subquery(named.values("reviewer")[:1]), Value("")))
        .values("review", "who", title=F("review__title"), due_on=F("review__due_on"))
        .annotate(n=Count("pk"))
        .order_by("due_on", "review", "who")
    )
    found = (
        Due(row["review"], row["title"], row["who"], row["n"], row["due_on"], (row["due_on"] - today).days)
        for row in rows
    )
    return [one for one in found if one.days <= within]
