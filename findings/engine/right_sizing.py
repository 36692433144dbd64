"""Confirms what operators marked as applied, from the account's next look at its policies, and watches for attempts."""

from __future__ import annotations

from datetime import datetime, timedelta

from collectors.models import Account
from collectors.records import Role, State, User
from findings.analysis.facts import Facts
from findings.analysis.right_sizing.applied import Comparison, compare
from findings.analysis.right_sizing.watch import Taken, watch
from findings.analysis.usage import heard
from findings.models import RightSizing

DETAILS = "iam:GetAccountAuthorizationDetails"
WATCHED = timedelta(days=30)
Marks = RightSizing.State
FOLLOWED = (Marks.APPLIED, Marks.DIFFERS, Marks.CONFIRMED, Marks.ALERT)
STANDING = (Marks.CONFIRMED, Marks.ALERT)
JUDGED = ("state", "detail", "attempts", "confirmed_at", "watch_until")


def follow(account: Account, facts: Facts) -> None:
    """Inside the caller's transaction; writes only what changed. What is safe or gone is not looked at any more."""
    seen_at = _read_at(facts)
    if seen_at is None:
        return
    newest = RightSizing.newest().filter(account=account)
    for mark in RightSizing.objects.filter(pk__in=newest.values("pk"), state__in=FOLLOWED, marked_at__lt=seen_at):
        before = _judged(mark)
        _judge(mark, facts)
        if before != _judged(mark):
            mark.save(update_fields=JUDGED)


def _read_at(facts: Facts) -> datetime | None:
    """When the policies were read; None unless the answer was whole."""
    rows = [c for c in facts.snapshot.coverage if c.api == DETAILS]
    whole = rows and all(c.state is State.COMPLETE for c in rows)
    return min(c.observed_at for c in rows) if whole else None


def _judged(mark: RightSizing) -> tuple[object, ...]:
    return tuple(getattr(mark, name) for name in JUDGED)


def _judge(mark: RightSizing, facts: Facts) -> None:
    principals = {p.unique_id: p for p in (*facts.snapshot.roles, *facts.snapshot.users)}
    principal = principals.get(mark.principal_id)
    if principal is None:
        mark.state, mark.detail, mark.attempts = Marks.GONE, "", ""
        return
    found = compare(principal, mark.documents, facts, mark.target == RightSizing.Target.BOUNDARY)
    _confirm(mark, found, facts.as_of)
    if mark.state in STANDING:
        _watch(mark, principal, facts)


def _confirm(mark: RightSizing, found: Comparison, as_of: datetime) -> None:
    """What cannot be told leaves the state as it is. The watch begins anew when what differed is confirmed again: meanwhile
    attempts may have been allowed."""
    mark.detail = found.detail
    if found.confirmed is None:
        return
    if not found.confirmed:
        mark.state, mark.attempts, mark.confirmed_at, mark.watch_until = Marks.DIFFERS, "", None, None
    elif mark.state not in STANDING:
        mark.state, mark.confirmed_at, mark.watch_until = Marks.CONFIRMED, as_of, as_of + WATCHED


def _watch(mark: RightSizing, principal: Role | User, facts: Facts) -> None:
    if mark.confirmed_at is None or mark.watch_until is None:
        return
    taken = Taken(mark.services, mark.lost, mark.narrowed, mark.confirmed_at, mark.watch_until)
    reading, calls = facts.advisor.get(mark.principal_id), facts.activity.uses(principal)
    found = watch(taken, reading, calls, heard(facts), facts.permissions.catalogue)
    mark.attempts = found.said
    if found.tried is not None:
        mark.state = Marks.ALERT if found.tried else Marks.SAFE
