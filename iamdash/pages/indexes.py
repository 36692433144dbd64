"""Accounts made ready for questions about who can do what, kept in the process as long as they are as they were.

Only what the operator's transaction may see is asked for, so an index is made and found again only by those in whose scope
the account is.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from django.db.models import Max

from collectors.models import Account, Coverage, Principal
from findings.analysis.who_can import Index
from iamdash.pages.reading import facts_of

KEPT = 60_000  # principals in memory, about 200 MB
PATIENCE = 6.0  # seconds of making indexes within one request; what is left is asked again


@dataclass(frozen=True)
class Entry:
    stamp: datetime | None
    index: Index


_entries: OrderedDict[int, Entry] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True)
class Ready:
    """An account with its index; None: there was no time to make it."""

    account: Account
    index: Index | None


def ready(accounts: Iterable[Account]) -> Iterator[Ready]:
    """The accounts in order. Collected never: an index without principals."""
    accounts = list(accounts)
    told = Coverage.objects.filter(account__in=accounts).order_by().values("account").annotate(at=Max("observed_at"))
    stamps = dict(told.values_list("account", "at"))
    until = time.monotonic() + PATIENCE
    for account in accounts:
        stamp = stamps.get(account.pk)
        index = _kept(account.pk, stamp)
        if index is None and time.monotonic() < until:
            index = Index(facts_of(Principal.present.filter(account=account), account))
            _keep(account.pk, Entry(stamp, index))
        yield Ready(account, index)


def _kept(pk: int, stamp: datetime | None) -> Index | None:
    with _lock:
        entry = _entries.get(pk)
        if entry is None or entry.stamp != stamp:
            return None
        _entries.move_to_end(pk)
        return entry.index


def _keep(pk: int, entry: Entry) -> None:
    with _lock:
        _entries[pk] = entry
        while len(_entries) > 1 and sum(len(e.index.holders) for e in _entries.values()) > KEPT:
            _entries.popitem(last=False)
