"""Confirms what reviewers revoked, from each judgement of the account (analysis/reviewing/confirming.py)."""

from __future__ import annotations

from django.db.models import Q

from collectors.models import Account
from findings.analysis.facts import Facts
from findings.analysis.reviewing.confirming import Outcome, follow
from findings.analysis.reviewing.standing import About, sight
from findings.models import ReviewDecision, ReviewItem, ReviewOutcome, ReviewSighting
from findings.models.decided import STANDS
from findings.models.review import Verdict

BATCH = 500
FIELDS = ("state", "said", "since", "unknown")


def confirm(account: Account, facts: Facts) -> None:
    """Inside the caller's transaction; one query where nothing was revoked, and only what changed is written."""
    standing = ReviewDecision.objects.filter(STANDS, ~Q(verdict=Verdict.KEEP), account=account)
    rows, told, items = [], [], []
    for decision in standing.select_related("item", "review", "outcome").order_by("pk"):
        stored = getattr(decision, "outcome", None)
        before = stored.as_outcome if stored else Outcome()
        seen = sight(About(decision.item.subject_id, decision.item.arn), decision.parts, facts)
        after = follow(before, seen, decision.set_at, decision.review.confirm_days)
        if after == before:
            continue
        rows.append(_row(account, decision, after))
        decision.item.state, decision.item.unsure = after.state.value, bool(after.unknown)
        items.append(decision.item)
        if after.since and (stored is None or stored.state != after.state):
            told.append(_sighting(account, decision, after))
    ReviewOutcome.objects.bulk_create(
        rows, BATCH, update_conflicts=True, unique_fields=["decision"], update_fields=FIELDS
    )
    ReviewSighting.objects.bulk_create(told, BATCH)
    ReviewItem.objects.bulk_update(items, ["state", "unsure"], BATCH)


def _row(account: Account, decision: ReviewDecision, one: Outcome) -> ReviewOutcome:
    return ReviewOutcome(
        account=account, decision=decision, state=one.state, said=one.said, since=one.since, unknown=one.unknown
    )


def _sighting(account: Account, decision: ReviewDecision, one: Outcome) -> ReviewSighting:
    return ReviewSighting(account=account, decision=decision, at=one.since, state=one.state, said=one.said)
