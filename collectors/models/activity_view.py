"""Rows of use -> records: what CloudTrail told of one account, as the judgement reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from collectors import records
from collectors.activity.sessions import opened, session
from collectors.models.account import Account
from collectors.models.days_view import read_days
from collectors.models.usage import (
    AdminEvent,
    TrailWatch,
    UsageAssumption,
    UsageLast,
    UsageResource,
    UsageSession,
)

DAYS = 90  # of sessions, assumptions and administrative calls; the last use by event is kept for ever


def read_activity(account: Account, as_of: datetime) -> dict[str, Any]:
    """Fields of a Snapshot. Without a watch that is whole from some day on, silence says nothing: activity_since is None."""
    oldest = (as_of - timedelta(days=DAYS)).date()
    watch = TrailWatch.objects.filter(account=account).first()
    return {
        "sessions": tuple(_sessions(account, oldest)),
        "assumptions": tuple(_assumptions(account, oldest)),
        "event_uses": tuple(_event_uses(UsageLast.objects.filter(account=account), account)),
        "admin_events": tuple(_admin_events(account, as_of)),
        "principal_days": tuple(read_days(account, oldest)),
        "activity_since": watch.since if watch else None,
    }


def _sessions(account: Account, oldest: Any) -> list[records.Session]:
    rows = UsageSession.objects.filter(account=account, day__gte=oldest).select_related("principal")
    return [
        session(
            {"principal_arn": row.principal.arn, **row.data},
            account_id=account.aws_id,
            actor=records.Actor(row.principal.actor),
            principal_id=row.principal.unique_id,
            name=row.name,
            key_id=row.key,
            day=row.day,
            first_at=row.first_at or opened(row.day),
            last_at=row.last_at or opened(row.day),
            n=row.n,
            denied=row.denied,
            sign_in=records.SignIn(row.sign_in),
        )
        for row in rows.order_by("day", "principal__unique_id", "name", "key", "pk")
    ]


def _assumptions(account: Account, oldest: Any) -> list[records.Assumption]:
    names = [name for name in records.Assumption.__struct_fields__ if name != "account_id"]
    rows = UsageAssumption.objects.filter(account=account, day__gte=oldest).order_by("day", "digest").values(*names)
    return [records.Assumption(account_id=account.aws_id, **row) for row in rows]


def _admin_events(account: Account, as_of: datetime) -> list[records.AdminEvent]:
    names = [name for name in records.AdminEvent.__struct_fields__ if name not in ("account_id", "actor")]
    rows = AdminEvent.objects.filter(account=account, at__gte=as_of - timedelta(days=DAYS)).order_by("at", "event_id")
    return [
        records.AdminEvent(account_id=account.aws_id, actor=records.Actor(actor), **dict(zip(names, row, strict=True)))
        for actor, *row in rows.values_list("actor", *names)
    ]


def read_use(account: Account, unique_ids: Iterable[str], resources: bool = False) -> dict[str, Any]:
    """Fields of a Snapshot on these principals alone, for what is asked of them. resources: with what their calls named."""
    mine = UsageLast.objects.filter(account=account, **_of(account, unique_ids))
    watch = TrailWatch.objects.filter(account=account).first()
    return {
        "event_uses": tuple(_event_uses(mine, account)),
        "resource_uses": tuple(_resource_uses(account, unique_ids)) if resources else (),
        "activity_since": watch.since if watch else None,
    }


def _of(account: Account, unique_ids: Iterable[str]) -> dict[str, Any]:
    """The principals' account as well: their index begins with it."""
    return {"principal__account": account, "principal__unique_id__in": list(unique_ids)}


def _resource_uses(account: Account, unique_ids: Iterable[str]) -> Iterator[records.ResourceUse]:
    names = ("resource", "n", "denied", "first_at", "last_at")
    rows = UsageResource.objects.filter(account=account, **_of(account, unique_ids)).order_by("pk")
    told = rows.values_list("principal__unique_id", "event__source", "event__name", *names)
    for principal, source, name, *rest in told:
        more: dict[str, Any] = dict(zip(names, rest, strict=True))
        yield records.ResourceUse(account_id=account.aws_id, principal_id=principal, source=source, name=name, **more)


def _event_uses(last: QuerySet[UsageLast], account: Account) -> list[records.EventUse]:
    """One a principal's id and event: a key to the table is the kind of actor as well, which is of no use here."""
    columns = ("n", "denied", "failed", "first_at", "used_at", "denied_at", "resources_cut")
    rows = last.order_by("principal__unique_id", "event__source", "event__name", "pk")
    told = rows.values_list("principal__unique_id", "event__source", "event__name", *columns)
    return [
        records.EventUse(
            account_id=account.aws_id,
            principal_id=principal,
            source=source,
            name=name,
            **dict(zip(columns, counts, strict=True)),
        )
        for principal, source, name, *counts in told
    ]
