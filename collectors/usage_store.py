"""An aggregate of CloudTrail's events into the database, with the ledger of the objects it was made of, in one transaction.

So an object counts once however often it is listed or its task is run, and there is no moment at which one is written and not
the other. Writers lock their accounts in order, and then only one writes of an account: two workers never wait crosswise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from collectors.activity import Aggregate, admin
from collectors.activity.tally import NAMES, REST, Tally
from collectors.models import (
    Account,
    LookedUpEvent,
    TrailObject,
    TrailWatch,
)
from collectors.models.partitions import ensure_months
from collectors.usage_rows import Writer
from collectors.usage_sql import BATCH

OWN_NAME = re.compile(r"\d{12}_CloudTrail_[a-z0-9-]+_\d{8}T\d{4}Z_\w{16}\.json(?:\.gz)?\Z")


@dataclass(frozen=True)
class Read:
    """An object that was read, and what became of it. account: AWS's id. key: ledger_key() of its name."""

    account: str
    key: str
    day: date
    etag: str
    size: int
    tally: Tally


@dataclass(frozen=True)
class LookedUp:
    """Events that LookupEvents gave, by id, with their times. account: AWS's id. read_at: when the last object of it was read,
    as far as the reader knew."""

    account: str
    events: Mapping[str, datetime]
    read_at: datetime | None


class OverlapError(Exception):
    """Some of the objects were added up already, by another worker. Nothing was written; read the others again."""


def store(
    total: Aggregate,
    objects: Sequence[Read],
    looked: LookedUp | None = None,
    looked_to: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Write it all or nothing. Events of accounts that nobody registered are left out. Raises OverlapError.

    looked: the events, where they come of no object. looked_to: account -> the last event of looked_up() that the reader of the
    objects passed over. Returns {"objects", "events", "left_out"}: the last counts events of other accounts.
    """
    with transaction.atomic():
        told = {read.account for read in objects} | ({looked.account} if looked else set())
        accounts = _locked(told | {p.account for p in total.everybody.principals})
        _enter(objects, accounts)
        if looked:
            _enter_events(looked, accounts)
        _nothing_new({accounts[one]: last for one, last in (looked_to or {}).items() if one in accounts})
        writer = Writer(total, accounts)
        writer.write()
        for aws_id, pk in accounts.items():
            _note(pk, [read.tally for read in objects if read.account == aws_id], writer.cut[pk])
    events = sum(use.n for use in total.uses.values())
    return {"objects": len(objects), "events": events - writer.left_out, "left_out": writer.left_out}


def ledger_key(key: str, blob_digest: str = "") -> str:
    """The name under which the ledger knows an object: CloudTrail's own name of a file, which ends in letters of chance, wherever
    the file lies and by whichever road it comes; else its whole key, or its content's digest where that is given."""
    name = key.rpartition("/")[2]
    return name if OWN_NAME.match(name) else blob_digest or key


def known(account_pk: int, keys: Iterable[str]) -> set[str]:
    """Those of the keys that the ledger has."""
    return set(TrailObject.objects.filter(account=account_pk, key__in=list(keys)).values_list("key", flat=True))


def known_events(account_pk: int, ids: Iterable[str]) -> set[str]:
    """Those of the events that were looked up already."""
    return set(
        LookedUpEvent.objects.filter(account=account_pk, event_id__in=list(ids)).values_list("event_id", flat=True)
    )


def last_looked_up(account_pk: int) -> int:
    """The last row of the account's events that were looked up; 0: there is none."""
    rows = LookedUpEvent.objects.filter(account=account_pk).order_by("-id")
    return rows.values_list("id", flat=True).first() or 0


def looked_up(account_pk: int, since: date | None = None) -> tuple[frozenset[str], int]:
    """Ids of the events from that day on that LookupEvents brought, and the last row of the account's: for store()."""
    rows, last = LookedUpEvent.objects.filter(account=account_pk), last_looked_up(account_pk)
    late = rows.filter(at__date__gte=since - timedelta(days=1)) if since else rows
    return frozenset(late.filter(id__lte=last).values_list("event_id", flat=True).iterator()), last


def _enter_events(looked: LookedUp, accounts: dict[str, int]) -> None:
    pk = accounts.get(looked.account)
    if pk is None or not looked.events:
        return
    if twice := known_events(pk, looked.events):
        raise OverlapError(f"{len(twice)} events of {looked.account} were looked up already.")
    newer = Q(read_at__gt=looked.read_at) if looked.read_at else Q()
    if TrailObject.objects.filter(newer, account=pk).exists():
        raise OverlapError(f"Files of {looked.account} were read meanwhile.")
    ensure_months(LookedUpEvent, {at.date() for at in looked.events.values()})
    rows = (LookedUpEvent(account_id=pk, event_id=one, at=at) for one, at in sorted(looked.events.items()))
    LookedUpEvent.objects.bulk_create(rows, BATCH)


def _nothing_new(looked_to: dict[int, int]) -> None:
    """Raises OverlapError where events were looked up that the reader did not know of."""
    for pk, last in looked_to.items():
        if LookedUpEvent.objects.filter(account=pk, id__gt=last).exists():
            raise OverlapError("Events were looked up meanwhile.")


def _locked(aws_ids: set[str]) -> dict[str, int]:
    """AWS's id -> primary key, of those that are registered; nobody else writes of them until the transaction ends."""
    rows = Account.objects.filter(aws_id__in=aws_ids).order_by("pk").select_for_update(no_key=True)
    return dict(rows.values_list("aws_id", "pk"))


def _enter(objects: Sequence[Read], accounts: dict[str, int]) -> None:
    for aws_id, pk in accounts.items():
        if twice := known(pk, (read.key for read in objects if read.account == aws_id)):
            raise OverlapError(f"{len(twice)} objects of {aws_id} were read already.")
    rows = [
        TrailObject(
            account_id=accounts[read.account],
            key=read.key,
            day=read.day,
            etag=read.etag[:128],
            size=read.size,
            events=read.tally.events,
            rejected=read.tally.rejected.total(),
            problem=(read.tally.problem or "")[:256],
        )
        for read in sorted(objects, key=lambda r: (r.account, r.key))
        if read.account in accounts
    ]
    ensure_months(TrailObject, {row.day for row in rows})
    TrailObject.objects.bulk_create(rows, BATCH)


def _note(account_pk: int, tallies: list[Tally], cut: int) -> None:
    """Add what was odd to what is known of the account; names are bounded as in a Tally."""
    both = Tally()
    for tally in tallies:
        both.add(tally)
    noted = both.noted + both.rejected + Counter({admin.CUT: cut})
    if not noted:
        return
    watch, _ = TrailWatch.objects.get_or_create(account_id=account_pk)
    for name, n in noted.items():
        name = name if name in watch.noted or len(watch.noted) < NAMES else REST
        watch.noted[name] = watch.noted.get(name, 0) + n
    watch.save(update_fields=["noted"])
