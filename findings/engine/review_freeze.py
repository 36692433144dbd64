"""Freezes what a campaign puts before its reviewers: account by account, each in one transaction.

A run takes some accounts only, so that it ends in time; the next one goes on where it stopped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now, TruncDate

from collectors import queue
from collectors.models import Account
from findings.analysis.owners import owner_of
from findings.analysis.reviewing import chain, evidence
from findings.analysis.reviewing.items import Item, OpenFinding, items
from findings.engine.grouping import owners, standings
from findings.models import Finding, Review, ReviewAccount, ReviewItem

log = structlog.get_logger(__name__)
AT_ONCE = 5  # accounts of one run: about as much work as judging them
BATCH = 500
DUE = Q(frozen_at=None, closed_at=None, starts_on__lte=TruncDate(Now()))


def to_ring() -> list[int]:
    """Campaigns whose day has come, no worker works on, and whose bell did not ring lately."""
    silent = Q(rung_at=None) | Q(rung_at__lte=Now() - queue.RING_AGAIN)
    ids = list(Review.objects.filter(DUE & silent & _free()).order_by("pk").values_list("pk", flat=True))
    Review.objects.filter(pk__in=ids, closed_at=None).update(rung_at=Now())
    return ids


def _free() -> Q:
    return Q(started_at=None) | Q(started_at__lte=Now() - queue.LEASE)


def run(pk: int) -> bool:
    """Go on with a campaign; whether there is more to do."""
    mine = Review.objects.filter(pk=pk)
    if not mine.filter(DUE & _free()).update(started_at=Now()):
        return False
    review = mine.get()
    left = ReviewAccount.objects.filter(review=pk, frozen_at=None, error="")
    left.filter(attempt__gte=queue.ATTEMPTS).update(error=queue.LOST)
    waiting = left.select_related("account").order_by("pk")
    some = list(waiting[: AT_ONCE + 1])
    for row in some[:AT_ONCE]:
        _freeze(review, row)
    more = len(some) > AT_ONCE
    still_open = mine.filter(closed_at=None)
    still_open.update(started_at=None, rung_at=Now()) if more else still_open.update(started_at=None, frozen_at=Now())
    return more


def _freeze(review: Review, row: ReviewAccount) -> None:
    """What breaks in one account is told there, and leaves the others alone; also what kills the worker, after some times."""
    mine = ReviewAccount.objects.filter(pk=row.pk)
    mine.update(attempt=F("attempt") + 1)
    try:
        freeze(review, row)
    except Exception as error:
        log.exception("review.broke", review=review.pk, account=row.account_id)
        mine.update(error=f"{type(error).__name__}: {error}"[:500])


def freeze(review: Review, row: ReviewAccount) -> None:
    """The inventory is read in one view. Findings are those of the last judgement, which may be older by a collection."""
    from findings.engine import facts_of

    account, now = row.account, queue.database_now()
    facts, findings = facts_of(account, now), _findings(account)
    owner = owner_of(standings([account])[account.pk], owners())
    with transaction.atomic():
        if not ReviewAccount.objects.select_for_update().filter(pk=row.pk, frozen_at=None).exists():
            return
        found = items(facts, findings, frozenset(review.sets))
        n = 0
        for batch in _batches(_row(review, account, item, now) for item in found):
            n += len(ReviewItem.objects.bulk_create(batch))
        row.owner, row.contact = (owner.name, owner.contact) if owner else ("", "")
        row.frozen_at, row.n_items, row.evidence = now, n, evidence.of_account(facts)
        row.save(update_fields=["owner", "contact", "frozen_at", "n_items", "evidence"])


def _batches(rows: Iterable[ReviewItem]) -> Iterator[list[ReviewItem]]:
    batch: list[ReviewItem] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _row(review: Review, account: Account, item: Item, now: object) -> ReviewItem:
    return ReviewItem(
        review=review,
        account=account,
        kind=item.kind,
        type=item.type,
        subject_id=item.id,
        part=item.part,
        name=item.name,
        arn=item.arn,
        sets=list(item.sets),
        people=list(item.people),
        worst=item.worst,
        evidence=dict(item.evidence),
        digest=chain.digest(item.evidence),
        frozen_at=now,
    )


def _findings(account: Account) -> dict[str, list[OpenFinding]]:
    found: defaultdict[str, list[OpenFinding]] = defaultdict(list)
    rows = Finding.objects.filter(account=account, resolved_at=None).order_by("pk")
    for one in rows.iterator(BATCH):
        services = one.evidence.get("services", []) if one.code in evidence.SUGGESTS else []
        told = OpenFinding(one.pk, one.code, one.severity, one.title, one.opened_at, tuple(services))
        found[one.subject_id].append(told)
    return found
