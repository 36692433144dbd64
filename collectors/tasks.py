"""Celery's side: a tick rings for what is due, a task runs one job. Messages carry ids only."""

from __future__ import annotations

from celery import current_app, shared_task
from celery.signals import worker_ready

from collectors import heartbeat, intake, joining, probe, queue, retention, runner, schedule
from collectors.models import BundleUpload, ConnectionTest, Job
from collectors.sources import sources

JUDGE_TASK = "findings.judge"  # a row and a bell are all that goes upward (DESIGN, import direction)


@shared_task(name="collectors.tick")
def tick() -> None:
    """Start runs that are due or asked for, ring for their jobs, end what lost its worker too often, let accounts join."""
    for name in heartbeat.QUEUES:
        canary.apply_async([name], queue=name, expires=30)
    probe.give_up()
    intake.give_up()
    for test_id in schedule.to_ring(ConnectionTest):
        test_connection.delay(test_id)
    for upload_id in schedule.to_ring(BundleUpload):
        load_upload.delay(upload_id)
    schedule.start_due_runs()
    due = queue.due()
    for claim in due.spent:
        runner.give_up(claim)
    queues = {source.name: source.queue for source in sources().values()}
    for job_id, source in Job.objects.filter(pk__in=due.ring).order_by("pk").values_list("pk", "source"):
        collect.apply_async([job_id], queue=queues[source])
    joining.join_all()


@shared_task(name="collectors.canary")
def canary(queue_name: str) -> None:
    heartbeat.beat(heartbeat.canary(queue_name))


@shared_task(name="collectors.collect", soft_time_limit=480, time_limit=540)
def collect(job_id: int) -> None:
    judgement = runner.collect(job_id)
    if judgement is not None:
        current_app.send_task(JUDGE_TASK, [judgement])


@shared_task(name="collectors.test_connection", soft_time_limit=240, time_limit=300)
def test_connection(test_id: int) -> None:
    probe.run(test_id)


@shared_task(name="collectors.load_upload", soft_time_limit=480, time_limit=540)
def load_upload(upload_id: int) -> None:
    judgement = intake.load_upload(upload_id)
    if judgement is not None:
        current_app.send_task(JUDGE_TASK, [judgement])


@shared_task(name="collectors.retain", soft_time_limit=480, time_limit=540)
def retain() -> None:
    retention.retain()


@worker_ready.connect
def look_at_once(**_: object) -> None:
    """A worker that starts looks for work now, not at the next tick."""
    retain.delay()
    tick.delay()
