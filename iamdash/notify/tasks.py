"""Celery's side: what happened is read, what is due is rung for, a task sends one message. Messages carry ids only.

Three ticks, so that none of them keeps the others from their work when it breaks.
"""

from __future__ import annotations

from datetime import datetime

from celery import shared_task

from collectors.queue import database_now
from iamdash.notify import digests, queue, reading, sending

QUEUE = "notify"


@shared_task(name="notify.tick")
def tick() -> None:
    """Ring for messages that are due, those of failed attempts too."""
    now = database_now()
    queue.end_spent(now)
    _ring(now)


@shared_task(name="notify.read", soft_time_limit=300, time_limit=330)
def read() -> None:
    """Make messages of what happened, and ring for them."""
    now = database_now()
    reading.follow(now)
    _ring(now)


@shared_task(name="notify.digest", soft_time_limit=300, time_limit=330)
def digest() -> None:
    digests.ask(database_now())


def _ring(now: datetime) -> None:
    for delivery_id in queue.due(now):
        deliver.apply_async([delivery_id], queue=QUEUE)


@shared_task(name="notify.deliver", soft_time_limit=60, time_limit=90)
def deliver(delivery_id: int) -> None:
    sending.deliver(delivery_id, database_now())
