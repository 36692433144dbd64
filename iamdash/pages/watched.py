"""Whether and since when CloudTrail's events of accounts were read: without it, silence on a page would pass for peace."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from collectors.models import Account
from findings.analysis.facts import Facts
from findings.rules.sessions import NEXT_STEP, READS
from iamdash.access.prepared import prepared
from iamdash.pages.gaps import Gaps


@dataclass(frozen=True)
class Watched:
    """accounts: how many; unwatched: of them, those whose events nobody read without a gap. since: from when on those of all the
    others were. gap: what the last reading lacked, as the end of a sentence, "" for nothing."""

    accounts: int
    unwatched: int
    since: datetime | None
    gap: str

    next_step = NEXT_STEP

    @property
    def at_all(self) -> bool:
        return self.accounts > self.unwatched


def watched(accounts: QuerySet[Account]) -> Watched:
    """Two queries."""
    with prepared():
        since = dict(accounts.order_by().values_list("pk", "trailwatch__since"))
        gaps = Gaps(accounts, *READS)
    told = Counter(filter(None, (gaps.of_any(pk, READS) for pk in since)))
    known = [at for at in since.values() if at is not None]
    return Watched(
        accounts=len(since),
        unwatched=len(since) - len(known),
        since=max(known, default=None),
        gap="; ".join(f"{gap} in {n} accounts" if n > 1 else gap for gap, n in told.items()),
    )


def watched_by(facts: Facts) -> Watched:
    """The same of the account of a page's facts, which know it (reading.with_use)."""
    since = facts.snapshot.activity_since
    return Watched(1, int(since is None), since, "; ".join(map(str, facts.gaps((), READS))))
