"""The week in one message: what is open, what came and went, how that compares with the week before."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from django.db.models import Count, Q

from collectors.models import Account
from collectors.models.coverage import TROUBLE
from findings import trends
from findings.analysis.places import Scope
from findings.engine.grouping import standings
from findings.models import Finding
from findings.models.decided import STANDS
from findings.vocabulary import Severity
from iamdash.notify.content import Item, worst
from iamdash.notify.happenings import Happening
from iamdash.notify.models import Delivery, Digest
from iamdash.notify.vocabulary import Kind

DAYS = 7
LATE = timedelta(hours=12)  # a worker that was down at the hour still sends it, unless half a day has passed


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """open: severity's slug -> [a week ago, now]; the first is None where nothing is known of that day. before: what opened and
    was resolved in the week before, None where the data does not reach back. score: a week ago and now, in thousandths of a
    point (findings/score.py); None where none is known. partial: accounts that are not read whole."""

    until: str
    accounts: int
    partial: int
    open: dict[str, tuple[int | None, int]] = {}
    opened: int = 0
    resolved: int = 0
    before: tuple[int, int] | None = None
    score: tuple[int | None, int] | None = None
    overdue: int = 0
    newest: tuple[Item, ...] = ()


def due(digest: Digest, now: datetime) -> date | None:
    """The day (in its time zone) whose digest is to be sent now, None for none."""
    local = now.astimezone(_zone(digest.zone))
    day = local.date() - timedelta(days=(local.weekday() - digest.weekday) % 7)
    at = datetime(day.year, day.month, day.day, digest.hour, tzinfo=local.tzinfo)
    began = digest.set_at <= at  # not the one of the week in which it was asked for, if its hour was over
    return day if began and at <= now < at + LATE else None


def _zone(name: str) -> ZoneInfo:
    """UTC for one that this machine does not know (any more)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def ask(now: datetime) -> None:
    """Put the digests that are due into the queue, each once."""
    rows = Digest.objects.filter(STANDS, channel__ended_at=None, channel__paused_at=None)
    for digest in rows.select_related("account").order_by("pk"):
        day = due(digest, now)
        if day and not Delivery.objects.filter(digest=digest, digest_for=day).exists():
            content = week(digest, now)
            Delivery.objects.bulk_create(
                [
                    Delivery(
                        channel_id=digest.channel_id, reason=Delivery.Reason.DIGEST, digest=digest, digest_for=day,
                        created_at=now, due_at=now, content=msgspec.to_builtins(content),
                        total=content.opened, worst=_worst(content),
                    )
                ],
                ignore_conflicts=True,
            )  # fmt: skip


def _worst(content: Week) -> int | None:
    return max((Severity[slug.upper()] for slug, (_, n) in content.open.items() if n), default=None)


def week(digest: Digest, now: datetime) -> Week:
    """Of the accounts that the digest is for."""
    accounts = _accounts(digest)
    trend = trends.read(accounts, DAYS + 1, now.date())
    flow, before = (trend.weeks or [None])[-1], trends.before(accounts, trends.read(accounts, DAYS, now.date()))
    rows = Finding.objects.filter(account__in=accounts, resolved_at=None)
    return Week(
        until=now.date().isoformat(),
        accounts=len(accounts),
        partial=Account.objects.filter(pk__in=accounts, coverage__state__in=TROUBLE).distinct().count(),
        open=_open(trend),
        opened=flow.opened if flow else 0,
        resolved=flow.resolved if flow else 0,
        before=(before.opened, before.resolved) if before else None,
        score=_score(accounts, now),
        overdue=rows.aggregate(n=Count("pk", filter=Q(due_at__lte=now)))["n"],
        newest=_newest(rows.filter(opened_at__gte=now - timedelta(days=DAYS), status=Finding.Status.OPEN)),
    )


def _open(trend: trends.Trend) -> dict[str, tuple[int | None, int]]:
    if not trend.days:
        return {}
    known = trend.days[0] == trend.start
    return {
        severity.slug: (numbers[0] if known else None, numbers[-1])
        for severity, numbers in sorted(trend.open.items(), reverse=True)
        if numbers[-1] or (known and numbers[0])
    }


def _score(accounts: list[int], now: datetime) -> tuple[int | None, int] | None:
    line = trends.score_line(accounts, DAYS + 1, now.date())
    if not line.means:
        return None
    return line.means[0].score if len(line.days) > DAYS else None, line.means[-1].score


def _newest(rows: Any) -> tuple[Item, ...]:
    found = rows.select_related("account").defer("evidence").order_by("-severity", "-opened_at", "-pk")[:10]
    return worst(tuple(Happening(None, frozenset({Kind.NEW}), row.opened_at, row).item("") for row in found))


def _accounts(digest: Digest) -> list[int]:
    target = digest.account.aws_id if digest.account else digest.target
    held = standings()
    return [pk for pk, one in held.items() if one.rank(Scope(digest.scope), target) is not None]


def read(content: Any) -> Week:
    return msgspec.convert(content, Week)
