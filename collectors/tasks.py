"""Celery's side: a tick rings for what is due, a task runs one job. Messages carry ids only."""

from __future__ import annotations

from celery import current_app, shared_task
from celery.signals import worker_ready

from collectors import queue, runner, schedule

JUDGE_TASK = "findings.judge"  # a row and a bell are all that goes upward (DESIGN, import direction)


@shared_task(name="collectors.tick")
def tick() -> None:
    """Start runs that are due or asked for, ring for their jobs, end jobs whose worker was lost too often."""
    schedule.start_due_runs()
    due = queue.due(judge=False)
    for claim in due.spent:
        runner.give_up(claim)
    for job_id in due.ring:
        collect.delay(job_id)


@shared_task(name="collectors.collect", soft_time_limit=480, time_limit=540)
def collect(job_id: int) -> None:
    judgement = runner.collect(job_id)
    if judgement is not None:
        current_app.send_task(JUDGE_TASK, [judgement])


@worker_ready.connect
def look_at_once(**_: object) -> None:
    """A worker that starts looks for work now, not at the next tick."""
    tick.delay()
