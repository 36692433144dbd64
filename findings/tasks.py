"""Celery's side of judging: a tick rings for what is due, a task runs one job. Messages carry ids only (TRUST)."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.conf import settings
from django.db import transaction

from collectors import queue
from collectors.sources import sources
from findings import engine
from findings.engine import proposed, review_freeze, review_work
from findings.engine.counted import note_late, settle_totals
from findings.engine.decided import judge_as_asked
from findings.engine.exceptions import expire

log = structlog.get_logger(__name__)
# Of an account that was read, its findings come before the next account is read (settings.CELERY_TASK_ROUTES).
READ = 3
LOST = "The worker was lost three times while it judged this account."


@shared_task(name="findings.tick")
def tick() -> None:
    """End acceptances that are over, note what is overdue, put totals together, queue what operators' decisions ask for, ring for
    judgements that are due, end those whose worker was lost too often."""
    expire()
    note_late()
    settle_totals()
    judge_as_asked()
    due = queue.due_judgements(
        one.name for one in sources().values() if one.queue != settings.CELERY_TASK_DEFAULT_QUEUE
    )
    for claim in due.spent:
        with transaction.atomic():
            queue.lock(claim.account_id)
            queue.fail(claim, LOST)
    for job_id in due.ring:
        judge.apply_async([job_id], priority=READ)
    proposed.give_up()
    for proposal_id in proposed.to_ring():
        propose.delay(proposal_id)
    review_work.close_due()
    for review_id in review_freeze.to_ring():
        freeze_review.delay(review_id)


@shared_task(name="findings.judge", soft_time_limit=480, time_limit=540)
def judge(job_id: int) -> None:
    """Run a judgement to its end. What breaks puts the job back in the queue, at most twice, and is raised again."""
    claim = queue.claim(job_id)
    if claim is None:
        return
    try:
        counts = engine.judge_account(claim.account_id, queue.database_now(), claim=claim)
    except BaseException as error:
        log.exception("judge.broke", job=job_id, account=claim.account_id)
        _broke(claim, f"{type(error).__name__}: {error}")
        raise
    if counts is None:
        log.warning("judge.fenced", job=job_id, account=claim.account_id)
    else:
        log.info("judge.done", job=job_id, account=claim.account_id, **counts)


@shared_task(name="findings.propose", soft_time_limit=480, time_limit=540)
def propose(proposal_id: int) -> None:
    """Go on with the SCPs that an operator asked for; what is left is rung for at once."""
    try:
        more = proposed.run(proposal_id)
    except Exception as error:
        log.exception("propose.broke", proposal=proposal_id)
        proposed.fail(proposal_id, f"{type(error).__name__}: {error}")
        raise
    if more:
        propose.delay(proposal_id)


@shared_task(name="findings.freeze_review", soft_time_limit=480, time_limit=540)
def freeze_review(review_id: int) -> None:
    """Go on with freezing a campaign's items; what is left is rung for at once."""
    if review_freeze.run(review_id):
        freeze_review.delay(review_id)


def _broke(claim: queue.Claim, error: str) -> None:
    with transaction.atomic():
        queue.lock(claim.account_id)
        if not queue.retry(claim, error):
            queue.fail(claim, error)
