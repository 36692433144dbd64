"""The job is a row: claimed once, finished with its findings, retried when it breaks, ended after three lost workers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from collectors import queue
from collectors.models import Account, Job, Run
from findings import engine, tasks
from findings.models import Finding
from tests.builders import role
from tests.findings.engine.inventory import put
from tests.pages.making import ago, finding


@pytest.fixture
def job(account: Account) -> Job:
    put(account, role("app", used=200))
    run = Run.objects.create(account=account, reason=Run.Reason.SCHEDULE)
    return Job.objects.create(run=run, account=account, source="judge")


def test_judges_and_finishes_the_run(job: Job) -> None:
    tasks.judge(job.pk)
    job.refresh_from_db()
    job.run.refresh_from_db()
    assert (job.state, job.counts["opened"], job.attempt) == ("done", Finding.objects.count(), 1)
    assert job.run.finished_at is not None


def test_a_second_bell_does_nothing(job: Job) -> None:
    tasks.judge(job.pk)
    tasks.judge(job.pk)
    job.refresh_from_db()
    assert job.attempt == 1


def test_what_breaks_is_tried_again_and_raised(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **named: Any) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr(engine, "judge_account", broken)
    for attempt in (1, 2, 3):
        with pytest.raises(ZeroDivisionError):
            tasks.judge(job.pk)
        job.refresh_from_db()
        assert (job.attempt, job.error) == (attempt, "ZeroDivisionError: boom")
    assert job.state == "failed"


def test_a_claim_that_was_lost_writes_nothing(job: Job) -> None:
    claim = queue.claim(job.pk)
    assert claim is not None
    Job.objects.update(fence=claim.fence + 1)
    assert engine.judge_account(job.account_id, queue.database_now(), claim=claim) is None
    assert not Finding.objects.exists()


def test_tick_rings_and_ends_what_was_lost(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr(tasks.judge, "apply_async", lambda ids, **how: rung.extend([*ids, how["priority"]]))
    tasks.tick()
    tasks.tick()
    assert rung == [job.pk, tasks.READ]
    Job.objects.update(state="running", attempt=3, lease_until=Now() - timedelta(seconds=1))
    tasks.tick()
    job.refresh_from_db()
    assert (job.state, job.error) == ("failed", tasks.LOST)


def test_tick_notes_what_is_overdue_since(account: Account) -> None:
    over, not_yet = finding(account), finding(account, due_at=ago(days=-1))
    Finding.objects.filter(pk=over.pk).update(due_at=Now() - timedelta(hours=1))
    Finding.objects.update(late=False)
    tasks.tick()
    assert dict(Finding.objects.values_list("pk", "late")) == {over.pk: True, not_yet.pk: False}
