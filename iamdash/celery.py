"""The Celery application. PostgreSQL is the queue of record; this is the doorbell (DESIGN 7)."""

import os
from typing import Any

from celery import Celery, Task
from celery.signals import task_success, worker_process_init

from findings.analysis.pace import look_seldom

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "iamdash.settings")
app = Celery("iamdash")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@task_success.connect
def note_end(sender: Task, **_: Any) -> None:
    """Of what beat asks for, so that a scheduler or worker that stands still shows. One that fails is not heard from."""
    from collectors import heartbeat

    if sender.name in {entry["task"] for entry in app.conf.beat_schedule.values()}:
        heartbeat.beat(sender.name)


@worker_process_init.connect
def look_for_cycles_seldom(**_: Any) -> None:
    """That was half of what an account's boto3 clients take. Of these some megabytes wait longer until they are let go."""
    look_seldom()
