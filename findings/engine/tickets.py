"""Tickets as rows: opened for findings, told to the tracker, and what it answers. Theirs never resolves a finding."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from findings.models import Finding, Ticket, TicketNews

MOST = 500  # findings of one ticket
OVER = (Ticket.State.DONE, Ticket.State.WONT_DO)
LIVE = ~Q(state__in=OVER)
GONE = "gone"  # what is told of a finding that is no row any more
LEASE = timedelta(minutes=10)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
A_MINUTE = 30  # messages of the tracker about one ticket
In = TicketNews.Way.IN


def of_finding(outer: str = "") -> dict[str, Any]:
    """Conditions by which a ticket's rows are a finding's, or the other way round, in a subquery."""
    return {name: OuterRef(outer + name) for name in ("account", "code", "subject_id", "part")}


def opened(findings: Iterable[Finding], tracker: str, by: str) -> tuple[uuid.UUID, int]:
    """One ticket for all of them that have none that is live; (its ref, of how many findings). None: no ticket."""
    ref = uuid.uuid4()
    rows = [
        Ticket(
            account_id=one.account_id, code=one.code, subject_id=one.subject_id, part=one.part, ref=ref, tracker=tracker,
            opened_by=by,
        )
        for one in findings
    ]  # fmt: skip
    Ticket.objects.bulk_create(rows, ignore_conflicts=True)
    return ref, Ticket.objects.filter(ref=ref).count()


def with_status(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """now: the finding's status, GONE without one."""
    status = Finding.objects.filter(**of_finding()).values("status")[:1]
    return tickets.annotate(now=Coalesce(Subquery(status), Value(GONE)))


def _to_try(now: datetime) -> Q:
    return Q(try_at=None) | Q(try_at__lte=now)


def due(now: datetime) -> list[uuid.UUID]:
    """Tickets of which the tracker knows another status than the findings have, and that may be tried now."""
    rows = with_status(Ticket.objects.filter(_to_try(now))).exclude(told=F("now"))
    return list(rows.order_by("ref").values_list("ref", flat=True).distinct()[:100])


def claim(ref: uuid.UUID, now: datetime) -> list[Ticket]:
    """The ticket's rows, for this worker alone for a while; none when another has them."""
    mine = Ticket.objects.filter(ref=ref)
    if not mine.filter(_to_try(now)).update(try_at=now + LEASE):
        return []
    return list(with_status(mine).select_related("account").order_by("pk"))


def sent(rows: Sequence[Ticket], event: str) -> None:
    for row in rows:
        Ticket.objects.filter(pk=row.pk).update(told=row.now, tries=0, try_at=None, problem="")  # type: ignore[attr-defined]
    _news(rows, TicketNews.Way.OUT, {"event": event})


def failed(rows: Sequence[Ticket], event: str, problem: str, now: datetime, asked: float = 0) -> None:
    """asked: seconds that the tracker wants to be left alone. The log gets a problem once, however often it is tried."""
    tries = max(row.tries for row in rows) + 1
    wait = max(min(FIRST_WAIT * 2 ** min(tries - 1, 20), LONGEST_WAIT), timedelta(seconds=min(asked, 86_400)))
    Ticket.objects.filter(ref=rows[0].ref).update(tries=min(tries, 32_000), try_at=now + wait, problem=problem[:300])
    if rows[0].problem != problem[:300]:
        _news(rows, TicketNews.Way.OUT, {"event": event, "error": problem[:300]})


def _news(rows: Sequence[Ticket], way: TicketNews.Way, detail: dict[str, Any], nonce: str = "") -> None:
    accounts = sorted({row.account_id for row in rows})
    TicketNews.objects.bulk_create(
        [TicketNews(account_id=pk, ref=rows[0].ref, way=way, detail=detail, nonce=nonce) for pk in accounts]
    )


@dataclass(frozen=True)
class Heard:
    """What a tracker says of a ticket. at: when it says so. nonce: of its message. key, url: "" where it does not say."""

    ref: uuid.UUID
    state: str
    key: str
    url: str
    at: datetime
    nonce: str


class UnknownTicketError(Exception):
    pass


class TooOftenError(Exception):
    pass


def hear(one: Heard, now: datetime) -> tuple[str, list[Ticket]]:
    """Take it down. Returns what became of it ("" , "duplicate", "older"), and the rows as they are now.

    Raises UnknownTicketError, TooOftenError; IntegrityError where a finding has another live ticket meanwhile.
    """
    mine = Ticket.objects.filter(ref=one.ref)
    rows = list(with_status(mine).order_by("pk"))
    if not rows:
        raise UnknownTicketError
    heard = TicketNews.objects.filter(ref=one.ref, way=In)
    if heard.filter(nonce=one.nonce).exists():
        return "duplicate", rows
    if heard.filter(at__gt=now - timedelta(minutes=1), account=rows[0].account_id).count() >= A_MINUTE:
        raise TooOftenError
    with transaction.atomic():
        _news(rows, In, {"state": one.state, "key": one.key, "url": one.url}, one.nonce)
        changes: dict[str, Any] = {"state": one.state, "state_at": one.at}
        changes |= {name: said for name in ("key", "url") if (said := getattr(one, name))}
        fresh = mine.filter(Q(state_at=None) | Q(state_at__lte=one.at)).update(**changes)
    return "" if fresh else "older", list(with_status(mine).order_by("pk"))
