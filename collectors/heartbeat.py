"""Is anybody there? What beat asks for says so when it has ended well, and a canary goes down each queue with every tick.

A canary that sings has come from the scheduler through Valkey and a worker to PostgreSQL: the way of every job. Kept there and
not in Valkey, whose loss is one of the things to be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models.functions import Now

from collectors.models import Heartbeat

QUEUES = ("inventory", "activity", "notify")
# A worker whose processes are all in long jobs hears the canary late: a job is cut off after nine minutes (time_limit).
BUSY = timedelta(minutes=10)
MISSED = 4  # turns of a schedule that may be missed, by a restart or a deploy


@dataclass(frozen=True)
class Heard:
    """at: when last; None: never. late: longer ago than it may be, never too."""

    at: datetime | None
    late: bool


def beat(name: str) -> None:
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, heard_at=Now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["heard_at"],
    )


def canary(queue: str) -> str:
    """Its name among the heartbeats."""
    return f"canary of {queue}"


def patience() -> dict[str, timedelta]:
    """name -> how long ago it may have been heard: each scheduled task, and the canary of each queue."""
    scheduled = {
        entry["task"]: max(timedelta(seconds=MISSED * entry["schedule"]), BUSY)
        for entry in settings.CELERY_BEAT_SCHEDULE.values()
    }
    return scheduled | {canary(queue): BUSY for queue in QUEUES}


def heard(now: datetime) -> dict[str, Heard]:
    """Of all that should be heard from. now: by the database's clock. One query."""
    found = dict(Heartbeat.objects.values_list("name", "heard_at"))
    last = {name: found.get(name) for name in patience()}
    return {name: Heard(at, at is None or now - at > patience()[name]) for name, at in last.items()}
