"""Messages in PostgreSQL: put, claimed by a conditional UPDATE, held by a lease, guarded by a fence (TRUST, queue of record).

A channel gets one message after the other. While its first one waits, what happens gathers in one that nobody tried to send yet,
so a receiver that is back after a day gets two messages and not two thousand.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q

from iamdash.notify import content as contents
from iamdash.notify.content import Content
from iamdash.notify.models import Channel, ChannelTarget, Delivery

LEASE = timedelta(minutes=2)
FIRST_WAIT, LONGEST_WAIT, LONGEST_ASKED = timedelta(seconds=15), timedelta(hours=1), timedelta(hours=6)
GIVE_UP = timedelta(hours=24)
ATTEMPTS = 60  # a message that kills its worker is not tried for ever
KEPT, KEPT_FOR = 10, timedelta(days=90)  # attempts and messages that the log shows
UNSENT = Q(state__in=["pending", "failed"])
GONE = "the receiver says that it is gone for good (410)"


@dataclass(frozen=True)
class Outcome:
    """error: "" when it was taken. never: trying again would change nothing. gone: nor would it for any other message. wait:
    seconds that the receiver asked for."""

    error: str = ""
    status: int | None = None
    answer: str = ""
    wait: float = 0
    never: bool = False
    gone: bool = False


def put(channel: int, content: Content, now: datetime) -> None:
    """Into the message of the channel that nobody tried to send, or a new one. Inside the caller's transaction."""
    rows = Delivery.objects.filter(
        channel=channel, reason=Delivery.Reason.ALERT, state=Delivery.State.PENDING, attempt=0
    )
    row = rows.select_for_update(skip_locked=True).order_by("pk").first()
    if row:
        content = contents.merged(contents.read(row.content), content)
    row = row or Delivery(channel_id=channel, reason=Delivery.Reason.ALERT, created_at=now, due_at=now)
    row.content, row.total, row.worst = contents.stored(content), content.total, content.worst
    row.save()


def due(now: datetime) -> list[int]:
    """Messages to send now: the first unsent one of each channel, and every test."""
    unsent = Delivery.objects.filter(UNSENT, channel__ended_at=None)
    alerts = unsent.exclude(reason=Delivery.Reason.TEST).filter(channel__paused_at=None)
    heads = alerts.order_by("channel", "pk").distinct("channel").values_list("pk", flat=True)
    tests = unsent.filter(reason=Delivery.Reason.TEST).values_list("pk", flat=True)
    return list(
        Delivery.objects.filter(_free(now), pk__in=[*heads, *tests]).order_by("pk").values_list("pk", flat=True)
    )


def _free(now: datetime) -> Q:
    return UNSENT & Q(due_at__lte=now) & (Q(lease_until=None) | Q(lease_until__lte=now))


def claim(pk: int, now: datetime) -> Delivery | None:
    """Take a message, or None when somebody has it or it is over."""
    taken = Delivery.objects.filter(_free(now), pk=pk, attempt__lt=ATTEMPTS).update(
        attempt=F("attempt") + 1, fence=F("fence") + 1, lease_until=now + LEASE
    )
    return Delivery.objects.select_related("channel").get(pk=pk) if taken else None


def record(claimed: Delivery, outcome: Outcome, now: datetime) -> None:
    """What came of an attempt; nothing, where another one has begun meanwhile."""
    state, waits = Delivery.State.FAILED, _wait(claimed, outcome)
    if not outcome.error:
        state = Delivery.State.SENT
    elif outcome.never or _over(claimed, now + waits):
        state = Delivery.State.GIVEN_UP
    tried = {"at": now.isoformat(), "status": outcome.status, "error": outcome.error, "answer": outcome.answer}
    held = Delivery.objects.filter(UNSENT, pk=claimed.pk, fence=claimed.fence)
    written = held.update(
        state=state,
        due_at=now + waits,
        lease_until=None,
        sent_at=now if state == Delivery.State.SENT else None,
        attempts=[*claimed.attempts, tried][-KEPT:],
    )
    if written and outcome.gone:
        standing = Channel.objects.filter(pk=claimed.channel_id, paused_at=None)
        standing.update(paused_at=now, paused_by="", paused_why=GONE, passed=0)


def _over(claimed: Delivery, again: datetime) -> bool:
    """Whether the next attempt would be too late, or one too many. A test is for a person who waits."""
    if claimed.reason == Delivery.Reason.TEST:
        return True
    return again - claimed.created_at > GIVE_UP or claimed.attempt >= ATTEMPTS


def _wait(claimed: Delivery, outcome: Outcome) -> timedelta:
    """Twice as long each time, spread so that channels which failed together do not come back together."""
    longest = min(FIRST_WAIT * 2 ** min(claimed.attempt - 1, 20), LONGEST_WAIT)
    asked = min(timedelta(seconds=outcome.wait), LONGEST_ASKED)
    return max(longest * random.uniform(0.5, 1), asked)  # noqa: S311 - nobody gains by guessing it


def end_spent(now: datetime) -> None:
    """Give up what was lost too often in the middle of an attempt, and what a channel that ended still had; forget where those
    led, and where others led before; drop what is too old for the log."""
    lost = UNSENT & Q(attempt__gte=ATTEMPTS) & (Q(lease_until=None) | Q(lease_until__lte=now))
    spent = Delivery.objects.filter(lost | (UNSENT & ~Q(channel__ended_at=None)))
    spent.update(state=Delivery.State.GIVEN_UP, lease_until=None)
    later = Exists(ChannelTarget.objects.filter(channel=OuterRef("channel"), pk__gt=OuterRef("pk")))
    over = ChannelTarget.objects.filter(~Q(channel__ended_at=None) | Q(later)).exclude(sealed=b"")
    over.update(sealed=b"")
    old = Delivery.objects.exclude(UNSENT).filter(created_at__lt=now - KEPT_FOR).order_by("created_at")
    Delivery.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:1000])).delete()
