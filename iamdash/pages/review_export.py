"""A campaign as a file that can be verified (findings/analysis/reviewing/chain.py).

It tells what the campaign was made for, its accounts, and each item with its evidence, all decisions, and what was seen later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings

from findings.analysis.reviewing import chain
from findings.models import Review, ReviewAccount, ReviewDecision, ReviewItem

FORMAT = 1
BATCH = 500
Body = dict[str, Any]


def file_name(review: Review, at: datetime) -> str:
    return f"iamdash-review-{review.pk}-{at:%Y-%m-%d}.jsonl"


def public_key() -> str:
    return chain.public_of(chain.key_of(settings.SECRET_KEY))


def lines(review: Review, by: str, at: datetime) -> Iterator[str]:
    """Lazy: it is read while the response is sent, in one transaction."""
    return chain.lines(bodies(review, by, at), chain.key_of(settings.SECRET_KEY))


def bodies(review: Review, by: str, at: datetime) -> Iterator[Body]:
    """An operator of some accounts gets these alone, and the header says that it is not the whole."""
    rows = list(ReviewAccount.objects.filter(review=review).select_related("account").order_by("account__aws_id"))
    yield _header(review, len(rows), by, at)
    for row in rows:
        yield _account(row)
    yield from _items(review, {row.account_id: row.account.aws_id for row in rows})


def _header(review: Review, n: int, by: str, at: datetime) -> Body:
    return {
        "type": "review",
        "format": FORMAT,
        "id": review.pk,
        "name": review.title,
        "note": review.note,
        "whom": review.whom,
        "which": review.which,
        "starts_on": _plain(review.starts_on),
        "due_on": _plain(review.due_on),
        "confirm_days": review.confirm_days,
        "made_by": review.made_by,
        "made_at": _plain(review.made_at),
        "closed_by": review.closed_by,
        "closed_at": _plain(review.closed_at),
        "accounts": n,
        "of_accounts": review.n_accounts,
        "whole": n == review.n_accounts,
        "exported_by": by,
        "exported_at": _plain(at),
    }


def _account(row: ReviewAccount) -> Body:
    return {
        "type": "account",
        "id": row.account.aws_id,
        "name": row.account.name,
        "owner": row.owner,
        "contact": row.contact,
        "frozen_at": _plain(row.frozen_at),
        "items": row.n_items,
        "known": row.evidence,
        "error": row.error,
    }


def _items(review: Review, accounts: Mapping[int, str]) -> Iterator[Body]:
    """In the order in which they were frozen, which is account by account."""
    items = ReviewItem.objects.filter(review=review).order_by("pk")
    after = 0
    while batch := list(items.filter(pk__gt=after)[:BATCH]):
        after = batch[-1].pk
        decisions: dict[int, list[Body]] = {item.pk: [] for item in batch}
        rows = ReviewDecision.objects.filter(item__in=batch).select_related("outcome").prefetch_related("sightings")
        for one in rows.order_by("pk"):
            decisions[one.item_id].append(_decision(one))
        for item in batch:
            yield _item(item, accounts[item.account_id], decisions[item.pk])


def _item(item: ReviewItem, account: str, decisions: list[Body]) -> Body:
    return {
        "type": "item",
        "id": item.pk,
        "account": account,
        "kind": item.kind,
        "subject_type": item.type,
        "subject_id": item.subject_id,
        "part": item.part,
        "name": item.name,
        "arn": item.arn,
        "sets": item.sets,
        "evidence": item.evidence,
        "frozen": item.digest,
        "frozen_at": _plain(item.frozen_at),
        "decision": next((one["verdict"] for one in decisions if not one["ended_at"]), "undecided"),
        "decisions": decisions,
    }


def _decision(one: ReviewDecision) -> Body:
    outcome = getattr(one, "outcome", None)
    return {
        "verdict": one.verdict,
        "parts": one.parts,
        "reason": one.reason,
        "by": one.set_by,
        "at": _plain(one.set_at),
        "ended_by": one.ended_by,
        "ended_at": _plain(one.ended_at),
        "outcome": outcome and {"state": outcome.state, "said": outcome.said, "unknown": outcome.unknown},
        "seen": [{"at": _plain(s.at), "state": s.state, "said": s.said} for s in one.sightings.all()],
    }


def _plain(at: date | datetime | None) -> str | None:
    return at.isoformat() if at else None
