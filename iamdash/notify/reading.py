"""Reads finding events behind a cursor and makes messages of them, each event once and none lost.

Ids are given when a row is written, and seen when its transaction commits: a lower id may appear after a higher one. So a cursor
alone would lose events. Here an event is read as soon as it is seen, and remembered (SeenEvent) until the cursor passes it; and
the cursor passes up to an id only when no transaction can commit a lower one any more. To know that, each look keeps the highest
id that it saw, and then the first transaction id that was not given yet (pg_snapshot_xmax). Whoever holds a lower event id had a
transaction id by then, since all that write events have written something before. So once a later look begins when all of those
have ended (pg_snapshot_xmin), and has read what there is, that id is settled. A transaction that stays open for hours, as a
backup's does, delays the forgetting only, never a message.

Reading, remembering and the messages are one transaction under the lock on Reader's row: a crash leaves all of it to the next
look, and two looks at once are one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from findings.models import Finding, FindingEvent
from iamdash.notify import matching, queue
from iamdash.notify.content import Content
from iamdash.notify.happenings import TELLING, Happening, of_events
from iamdash.notify.models import Channel, Reader, SeenEvent, Told
from iamdash.notify.vocabulary import Kind

BATCH = 2000
OVERDUE_EVERY = timedelta(minutes=10)
ONE = 1


def follow(now: datetime) -> int:
    """Read all that is there. Returns how many events were read."""
    _begin()
    total = 0
    while True:
        with transaction.atomic():
            reader = Reader.objects.select_for_update(skip_locked=True).filter(pk=ONE).first()
            if reader is None:
                return total
            look = Look.now()
            read, late = _read(reader, now), _overdue(reader, now)
            total += read
            if max(read, late) < BATCH:
                _settle(reader, look)
                return total


@dataclass(frozen=True)
class Look:
    """last: the highest event id that is seen. Then: xmin, below which all transactions have ended; xmax, above which none has
    begun."""

    last: int
    xmin: int
    xmax: int

    @classmethod
    def now(cls) -> Look:
        last = FindingEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        with connection.cursor() as cursor:
            cursor.execute(_SNAPSHOT)
            xmin, xmax = cursor.fetchone()
        return cls(last, xmin, xmax)


_SNAPSHOT = "select pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint from pg_current_snapshot() s"


def _begin() -> None:
    """What was before the first look is no news."""
    if not Reader.objects.filter(pk=ONE).exists():
        last = Look.now().last
        Reader.objects.bulk_create([Reader(pk=ONE, settled=last, seen=last)], ignore_conflicts=True)


def _settle(reader: Reader, look: Look) -> None:
    """After everything was read that is seen since the look began. A database that was restored counts transactions anew."""
    if look.xmin >= reader.seen_xmax or reader.seen_xmax > look.xmax:
        reader.settled, reader.seen, reader.seen_xmax = reader.seen, max(look.last, reader.seen), look.xmax
        reader.save(update_fields=["settled", "seen", "seen_xmax"])
        SeenEvent.objects.filter(pk__lte=reader.settled).delete()


def _read(reader: Reader, now: datetime) -> int:
    ids = list(unread(reader.settled).values_list("pk", flat=True)[:BATCH])
    if ids:
        SeenEvent.objects.bulk_create(SeenEvent(pk=pk) for pk in ids)
        asked = matching.rules()
        found = of_events(FindingEvent.objects.filter(pk__in=ids).order_by("pk"), now) if asked else []
        tell(matching.by_channel(found, asked), now)
    return len(ids)


def unread(settled: int) -> QuerySet[FindingEvent]:
    """Events that nobody read, in the order of their ids."""
    seen = Exists(SeenEvent.objects.filter(pk=OuterRef("pk")))
    return FindingEvent.objects.filter(TELLING, ~seen, pk__gt=settled).order_by("pk")


def tell(contents: dict[int, Content], now: datetime) -> None:
    """Put messages into the queue; where a channel is paused, count what passes."""
    silent = Channel.objects.filter(pk__in=contents).exclude(paused_at=None)
    paused = set(silent.select_for_update().order_by("pk").values_list("pk", flat=True))
    for channel, content in sorted(contents.items()):
        if channel in paused:
            Channel.objects.filter(pk=channel).update(passed=F("passed") + content.total)
        else:
            queue.put(channel, content, now)


def _overdue(reader: Reader, now: datetime) -> int:
    """Tell findings whose date passed, once for each date. Looked for only where a rule asks for them."""
    if reader.overdue_at and now - reader.overdue_at < OVERDUE_EVERY:
        return 0
    asked = [rule for rule in matching.rules() if Kind.OVERDUE in rule.kinds]
    found = _overdue_now(now) if asked else []
    tell(matching.by_channel(found, asked), now)
    if len(found) < BATCH:
        Reader.objects.filter(pk=reader.pk).update(overdue_at=now)
    return len(found)


def _overdue_now(now: datetime) -> list[Happening]:
    told = Exists(Told.objects.filter(finding=OuterRef("pk"), due_at=OuterRef("due_at")))
    late = Finding.objects.filter(~told, resolved_at=None, due_at__lte=now)
    rows = list(late.select_related("account").defer("evidence").order_by("due_at", "pk")[:BATCH])
    Told.objects.bulk_create(Told(account_id=row.account_id, finding=row.pk, due_at=row.due_at) for row in rows)
    return [Happening(None, frozenset({Kind.OVERDUE}), row.due_at, row) for row in rows]
