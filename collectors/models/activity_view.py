"""Rows of use -> records: what CloudTrail told of one account, as the judgement reads it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from collectors import records
from collectors.activity.sessions import opened, session
from collectors.models.account import Account
from collectors.models.usage import TrailWatch, UsageAssumption, UsageLast, UsageSession

DAYS = 90  # of sessions and assumptions; the last use by event is kept for ever


def read_activity(account: Account, as_of: datetime) -> dict[str, Any]:
    """Fields of a Snapshot. Without a watch that is whole from some day on, silence says nothing: activity_since is None."""
    oldest = (as_of - timedelta(days=DAYS)).date()
    watch = TrailWatch.objects.filter(account=account).first()
    return {
        "sessions": tuple(_sessions(account, oldest)),
        "assumptions": tuple(_assumptions(account, oldest)),
        "event_uses": tuple(_event_uses(account)),
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


def _event_uses(account: Account) -> list[records.EventUse]:
    """One a principal's id and event: a key to the table is the kind of actor as well, which is of no use here."""
    columns = ("n", "denied", "failed", "first_at", "used_at", "denied_at")
    rows = UsageLast.objects.filter(account=account).order_by(
        "principal__unique_id", "event__source", "event__name", "pk"
    )
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
