"""Judges an account: one consistent reading of the inventory, every rule, and what follows for the stored findings.

Reading and judging happen in one REPEATABLE READ transaction, writing in a second one under the account's lock. They
are not one transaction on purpose: at REPEATABLE READ, one that waits for the lock would then compare with findings
and finish its job by a view from before the wait. Findings are read under the lock, so a judgement meets what is
stored now; should the inventory have moved meanwhile, its collection has queued another judgement.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction
from msgspec.structs import replace

from collectors import queue, records
from collectors.models import Account
from collectors.models.snapshot import read_snapshot
from findings.analysis.facts import Facts, Settings
from findings.analysis.places import places_of
from findings.engine import (
    account_day,
    counted,
    daily,
    decided,
    external_access,
    grouping,
    guarding,
    guardrails,
    identity_center,
    posture,
    proposed,
    provenance,
    reconcile,
    recorded,
    review_follow,
    right_sizing,
    sessions,
    states,
    timeline,
)
from findings.engine.elsewhere import behind
from findings.models import KeySighting
from findings.rules.judgement import Judgement, judge_facts

__all__ = ["Judgement", "facts_of", "judge_account", "judge_facts"]


def judge_account(
    account_id: int, as_of: datetime, settings: Settings | None = None, claim: queue.Claim | None = None
) -> dict[str, int] | None:
    """Bring an account's findings up to date with its inventory as of a moment. account_id: the row's, not AWS's.

    Returns counts {"opened", "reopened", "resolved", "changed", "severity", "open", "unknown"}. With a claim the job is
    finished in the same transaction; None when the claim no longer stands, and then nothing was written.
    """
    account = Account.objects.get(pk=account_id)
    judged = judge_facts(facts_of(account, as_of, settings))
    with transaction.atomic():
        queue.lock(account.pk)
        if claim is not None and not queue.holds(claim):
            return None
        findings, counts = reconcile.reconcile(account, judged)
        counts["unknown"] = states.write(account, judged)
        posture.write(account, judged, findings)
        guardrails.write(account, judged.facts)
        grouping.follow(account, judged.facts.snapshot)
        guarding.write(account, judged.facts)
        external_access.write(account, judged.facts)
        identity_center.write(account, judged.facts)
        provenance.write(account, as_of, judged.facts)
        proposed.write(account, judged.facts)
        recorded.write(account, judged.facts)
        recorded.watch(account, judged.facts)
        sessions.write(account, judged.facts)
        right_sizing.follow(account, judged.facts)
        review_follow.confirm(account, judged.facts)
        daily.write(account, as_of, findings)
        account_day.write_ended(account, as_of, findings)
        account_day.write(account, as_of, judged, findings)
        timeline.write(account, as_of, judged.facts)
        counted.settle(account)
        if claim is not None:
            queue.done(claim, calls=0, counts=counts)
    return counts


def facts_of(account: Account, as_of: datetime, settings: Settings | None = None) -> Facts:
    """What the account's inventory tells, in one consistent reading."""
    with _one_view():
        snapshot = replace(read_snapshot(account, as_of), key_sightings=_sightings(account))
        if settings is None:
            place = next(place for place in places_of(snapshot) if place.aws_id == account.aws_id)
            settings = decided.settings_of(account, place)
        return Facts(snapshot, settings, elsewhere=behind(account, snapshot))


def _sightings(account: Account) -> tuple[records.KeySighting, ...]:
    return tuple(one.as_record for one in KeySighting.objects.filter(account=account).order_by("pk"))


@contextmanager
def _one_view() -> Iterator[None]:
    """All queries inside see the same state. A caller's own transaction is left as it is: its level cannot change any
    more."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
        yield
