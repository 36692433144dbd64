"""Whole accounts made ready for questions (who can do what, who could get more), kept in the process while they are as they were.

Only what the operator's transaction may see is asked for, so an index is made and found again only by those in whose scope
the account is.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock

from django.db.models import Max

from collectors.models import Account, Principal
from findings.analysis.who_can import Index
from iamdash.pages.narrowing import Narrowing
from iamdash.pages.reading import whole, whole_for

KEPT = 300_000_000  # bytes in the memory of a process, by the two estimates below
OF_HOLDER, OF_DOCUMENT = 2_000, 20_000
PATIENCE = 8.0  # seconds of asking accounts within one request
BATCH = 50  # accounts that are read together
SMALL = 400  # principals of an account that is made ready within a page, in about a second

Stamp = tuple[object, ...]
_entries: OrderedDict[int, Entry] = OrderedDict()
_big: dict[int, Stamp] = {}  # accounts that were found to be big, and as of when
_lock = Lock()


@dataclass(frozen=True)
class Entry:
    """stamp: changes with each collection and each change of what binds the account."""

    stamp: Stamp
    index: Index

    @property
    def size(self) -> int:
        return OF_HOLDER * len(self.index.holders) + OF_DOCUMENT * len(self.index.facts.snapshot.documents)


def ready(account: Account) -> Index:
    """Kept, or made and kept."""
    (stamp,) = _stamps([account]).values()
    return _kept(account.pk, stamp) or _made(account, stamp)


def at_hand(account: Account) -> Index | None:
    """The account's index where it is kept or quickly made; None for a big account: ask `ready`."""
    (stamp,) = _stamps([account]).values()
    index = _kept(account.pk, stamp)
    return index or (None if _is_big(account, stamp) else _made(account, stamp))


def _is_big(account: Account, stamp: Stamp) -> bool:
    if _big.get(account.pk) == stamp:
        return True
    big = Principal.present.filter(account=account)[: SMALL + 1].count() > SMALL
    if big:
        _big[account.pk] = stamp
    return big


def asked(
    accounts: Sequence[Account], actions: Collection[str], patience: float = PATIENCE
) -> Iterator[tuple[Account, Index]]:
    """Indexes that answer for these actions only, of the accounts in order, up to the first that there is no time for; one at
    least. Those that are not kept are made and forgotten, a batch at a time, so that memory is bounded however many there are.
    """
    stamps = _stamps(accounts)
    narrowing = Narrowing(actions)
    until = time.monotonic() + patience
    for start in range(0, len(accounts), BATCH):
        batch = accounts[start : start + BATCH]
        kept = {account.pk: index for account in batch if (index := _kept(account.pk, stamps[account.pk]))}
        made = whole_for([account for account in batch if account.pk not in kept], narrowing)
        for number, account in enumerate(batch, start):
            if number and time.monotonic() > until:
                return
            yield account, kept.get(account.pk) or Index(next(made)[1])


def _made(account: Account, stamp: Stamp) -> Index:
    ((_, facts),) = whole([account])
    index = Index(facts)
    _keep(account.pk, Entry(stamp, index))
    return index


def _stamps(accounts: Sequence[Account]) -> dict[int, Stamp]:
    rows = Account.objects.filter(pk__in=[account.pk for account in accounts]).order_by()
    told = rows.values_list("pk", Max("coverage__observed_at"), "accountguardrails__digest")
    stamps = {pk: (collected, bound) for pk, collected, bound in told}
    return {account.pk: stamps.get(account.pk, (None, None)) for account in accounts}


def _kept(pk: int, stamp: Stamp) -> Index | None:
    with _lock:
        entry = _entries.get(pk)
        if entry is None or entry.stamp != stamp:
            return None
        _entries.move_to_end(pk)
        return entry.index


def _keep(pk: int, entry: Entry) -> None:
    with _lock:
        _entries[pk] = entry
        while len(_entries) > 1 and sum(e.size for e in _entries.values()) > KEPT:
            _entries.popitem(last=False)
