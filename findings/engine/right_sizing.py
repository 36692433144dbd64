"""Confirms what operators marked as applied, from the account's next look at its policies."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from collectors.models import Account
from collectors.records import State
from findings.analysis.facts import Facts
from findings.analysis.right_sizing.applied import Comparison, compare
from findings.models import RightSizing

DETAILS = "iam:GetAccountAuthorizationDetails"
WATCHED = timedelta(days=30)
Marks = RightSizing.State
FOLLOWED = (Marks.APPLIED, Marks.DIFFERS, Marks.CONFIRMED)


def follow(account: Account, facts: Facts) -> None:
    """Inside the caller's transaction; writes only what changed. A confirmed one is looked at until its watch ends."""
    seen_at = _read_at(facts)
    if seen_at is None:
        return
    newest = RightSizing.objects.filter(account=account).order_by("principal_id", "target", "-id")
    newest = newest.distinct("principal_id", "target")
    followed = RightSizing.objects.filter(pk__in=newest.values("pk"), state__in=FOLLOWED, marked_at__lt=seen_at)
    for mark in followed.filter(Q(watch_until=None) | Q(watch_until__gte=facts.as_of)):
        _judge(mark, facts)


def _read_at(facts: Facts) -> datetime | None:
    """When the policies were read; None unless the answer was whole."""
    rows = [c for c in facts.snapshot.coverage if c.api == DETAILS]
    whole = rows and all(c.state is State.COMPLETE for c in rows)
    return min(c.observed_at for c in rows) if whole else None


def _judge(mark: RightSizing, facts: Facts) -> None:
    principals = {p.unique_id: p for p in (*facts.snapshot.roles, *facts.snapshot.users)}
    principal = principals.get(mark.principal_id)
    before = mark.state, mark.detail
    if principal is None:
        mark.state, mark.detail = Marks.GONE, ""
    else:
        found = compare(principal, mark.documents, facts, mark.target == RightSizing.Target.BOUNDARY)
        _set(mark, found, facts.as_of)
    if before != (mark.state, mark.detail):
        mark.save(update_fields=["state", "detail", "confirmed_at", "watch_until"])


def _set(mark: RightSizing, found: Comparison, as_of: datetime) -> None:
    """What cannot be told leaves the state as it is."""
    mark.detail = found.detail
    if found.confirmed is None:
        return
    mark.state = Marks.CONFIRMED if found.confirmed else Marks.DIFFERS
    if found.confirmed and mark.confirmed_at is None:
        mark.confirmed_at, mark.watch_until = as_of, as_of + WATCHED
