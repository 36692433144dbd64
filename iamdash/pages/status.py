"""Does the installation itself work? What still runs, what waits, what was given up. docs/operate/runbook.md says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Max, Min, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from collectors import heartbeat
from collectors.models import Job
from collectors.queue import OPEN, database_now
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.notify.models import Delivery
from iamdash.pages import context, show

WAITS = timedelta(minutes=15)  # a job or a message that is due for longer is late
DAY = timedelta(days=1)
# Heartbeat of a queue -> its section in the runbook, and the worker in words.
WORKERS = {
    heartbeat.canary("inventory"): ("worker", "Worker that collects and judges"),
    heartbeat.canary("activity"): ("worker", "Worker that reads who acted"),
    heartbeat.canary("notify"): ("worker", "Worker that sends messages"),
}
OLD = timedelta(hours=26)  # a day and the time a collection may take


class Is(StrEnum):
    """mark: the sign beside the word."""

    FINE = "fine"
    LATE = "late"
    BROKEN = "broken"
    UNKNOWN = "unknown"

    @property
    def mark(self) -> str:
        return {Is.FINE: "resolved", Is.LATE: "medium", Is.BROKEN: "critical", Is.UNKNOWN: "unknown"}[self]


@dataclass(frozen=True)
class Check:
    """slug: its section in docs/operate/runbook.md. at: of what is said, if it has a time. url: where more is seen.
    code: as logs and metrics call it, where that is no word."""

    slug: str
    title: str
    state: Is
    says: str
    at: datetime | None = None
    url: str = ""
    code: str = ""


@needs(Role.ANALYST, every_account=True)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    now = database_now()
    checks = [*_running(now), _valkey(), *_jobs(now), _data(now), *_messages(now)]
    worst = next((s for s in (Is.BROKEN, Is.LATE, Is.UNKNOWN) if any(c.state is s for c in checks)), Is.FINE)
    return render(request, "status/page.html", {"checks": checks, "worst": worst, "database": _database()})


def _running(now: datetime) -> Iterator[Check]:
    tasks = {one["task"]: f"Task: {words}" for words, one in settings.CELERY_BEAT_SCHEDULE.items()}
    for name, one in heartbeat.heard(now).items():
        slug, title = WORKERS.get(name) or ("scheduler", tasks[name])
        if one.at is None:
            state, says = Is.UNKNOWN, "It was never heard from since this database was made."
        elif one.late:
            state, says = Is.BROKEN, "It was not heard from since"
        else:
            state, says = Is.FINE, "Heard from"
        yield Check(slug, title, state, says, one.at, code=name)


def _valkey() -> Check:
    try:
        cache.get("status")
    except (RedisError, OSError) as error:
        return Check("valkey", "Valkey", Is.BROKEN, f"It does not answer: {type(error).__name__}.")
    return Check("valkey", "Valkey", Is.FINE, "It answers.")


def _jobs(now: datetime) -> Iterator[Check]:
    waiting = Q(state=Job.State.QUEUED, due_at__lte=now)
    lost = Q(state=Job.State.RUNNING, lease_until__lt=now)
    seen = Job.objects.filter(state__in=OPEN).aggregate(
        oldest=Min("due_at", filter=waiting), waiting=Count("pk", filter=waiting), lost=Count("pk", filter=lost)
    )
    late = bool(seen["oldest"] and now - seen["oldest"] > WAITS)
    says = f"{seen['waiting']:,} wait; the oldest is due since" if seen["oldest"] else "None waits."
    yield Check(
        "jobs-waiting", "Jobs that are due", Is.LATE if late else Is.FINE, says, seen["oldest"], reverse("runs")
    )
    yield Check(
        "jobs-lost", "Jobs whose worker was lost", Is.LATE if seen["lost"] else Is.FINE,
        f"{seen['lost']:,}: the next tick gives them to another worker." if seen["lost"] else "None.",
    )  # fmt: skip
    failed = Job.objects.filter(state=Job.State.FAILED, created_at__gt=now - 2 * DAY, finished_at__gt=now - DAY)
    by_source = failed.values_list("source").annotate(n=Count("pk")).order_by("-n", "source")
    names = ", ".join(f"{show.source(source)} {n:,}" for source, n in by_source)
    yield Check(
        "jobs-failed",
        "Jobs that failed in 24 hours",
        Is.BROKEN if names else Is.FINE,
        names or "None.",
        url=reverse("runs"),
    )


def _data(now: datetime) -> Check:
    health, url = context.health(), reverse("accounts")
    if health.oldest is None:
        return Check("data-old", "Age of the data", Is.UNKNOWN, "Nothing was collected yet.", url=url)
    late = now - health.oldest > OLD
    says = "The account that was read longest ago:"
    if health.unread:
        says = f"{health.unread:,} of {health.accounts:,} accounts were never read. Of the others, the one longest ago:"
    state = Is.LATE if late else Is.UNKNOWN if health.unread else Is.FINE
    return Check("data-old", "Age of the data", state, says, health.oldest, url)


def _messages(now: datetime) -> Iterator[Check]:
    unsent = Q(state__in=[Delivery.State.PENDING, Delivery.State.FAILED])
    given_up = Q(state=Delivery.State.GIVEN_UP, created_at__gt=now - DAY)
    seen = Delivery.objects.filter(unsent | given_up).aggregate(
        oldest=Min("due_at", filter=unsent),
        given_up=Count("pk", filter=given_up),
        last=Max("created_at", filter=given_up),
    )
    url = reverse("settings-deliveries")
    late = bool(seen["oldest"] and now - seen["oldest"] > WAITS)
    says = "The oldest that waits is due since" if seen["oldest"] else "None waits."
    yield Check("messages-waiting", "Messages that are due", Is.LATE if late else Is.FINE, says, seen["oldest"], url)
    yield Check(
        "messages-given-up", "Messages given up in 24 hours", Is.BROKEN if seen["given_up"] else Is.FINE,
        f"{seen['given_up']:,}, the last one of" if seen["given_up"] else "None.", seen["last"], url,
    )  # fmt: skip


def _database() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('server_version'), pg_database_size(current_database())")
        version, size = cursor.fetchone()
    return {"version": version, "size": size}
