"""Jobs in PostgreSQL: lost, doubled and late bells do no harm; a lost worker costs one attempt."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from collectors import heartbeat, queue, runner, schedule, tasks
from collectors.models import Account, CollectRequest, Connection, Coverage, Job, Run
from collectors.models.job import JUDGE
from collectors.sources import sources
from tests.conftest import db_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(account: Account) -> Job:
    Connection.objects.create(account=account)
    with transaction.atomic():
        run = queue.start_run(account, Run.Reason.REQUEST, ["account"])
    assert run is not None
    return run.job_set.get()


def expire(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1))


def test_a_doubled_bell_is_claimed_once(job: Job) -> None:
    assert queue.claim(job.pk)
    assert queue.claim(job.pk) is None


def test_a_job_that_is_named_is_not_looked_for_among_all_that_are_open(job: Job) -> None:
    with CaptureQueriesContext(connection) as asked:
        claim = queue.claim(job.pk)
        assert claim is not None
        queue.progress(claim, "iam:GetAccountSummary", 1)
        assert queue.holds(claim)
        queue.done(claim, calls=1, counts={})
    named = [one["sql"] for one in asked if f'"collectors_job"."id" = {job.pk}' in one["sql"]]
    assert len(named) >= 5
    with connection.cursor() as cursor:
        # Whether it could be found there at all: with the other way gone, and reading the table made as dear as can be.
        cursor.execute("set constraints all immediate; alter table collectors_job drop constraint collectors_job_pkey")
        cursor.execute("set local enable_seqscan = off")
        for sql in named:
            cursor.execute(f"explain {sql}")
            plan = "\n".join(row for (row,) in cursor.fetchall())
            assert "queued,running" not in plan, plan  # as those two indexes say what they hold


def test_open_jobs_are_in_no_index_but_that_of_their_source() -> None:
    """Where there was another, by when they are due, PostgreSQL read all of it for each job: at half a million jobs and four
    thousand open ones, which were few when it last looked. It does not do so with the few of a test."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_get_indexdef(indexrelid) from pg_index"
            " where indrelid = 'collectors_job'::regclass and pg_get_expr(indpred, indrelid) like '%queued%'"
        )
        found = [row for (row,) in cursor.fetchall()]
    assert len(found) == 1
    assert "(account_id, source)" in found[0]


def test_a_bell_rings_once_until_it_is_overdue(job: Job) -> None:
    assert queue.due().ring == [job.pk]
    assert queue.due().ring == []
    Job.objects.update(rung_at=Now() - queue.RING_AGAIN - timedelta(seconds=1))
    assert queue.due().ring == [job.pk]


def test_judgements_have_their_own_bell(job: Job) -> None:
    judgement = queue.ask_judgement(job.run_id, job.account_id)
    assert queue.due_judgements(["account"]).ring == [judgement]
    assert queue.ask_judgement(job.run_id, job.account_id) is None


def test_a_judgement_waits_until_its_account_was_read(job: Job, other_account: Account) -> None:
    """Else each account of an organization that joins would be judged a dozen times, or all of them after the last was read."""
    judgement = queue.ask_judgement(job.run_id, job.account_id)
    with transaction.atomic():
        queue.start_run(other_account, Run.Reason.REQUEST, ["account"])  # others do not count
    assert queue.due_judgements(()).ring == []
    claim = queue.claim(job.pk)
    assert queue.due_judgements(()).ring == []
    assert claim
    with transaction.atomic():
        queue.done(claim, calls=1, counts={})
    assert queue.due_judgements(()).ring == [judgement]


def test_a_judgement_waits_for_a_source_that_never_ends_for_a_while_only(job: Job) -> None:
    judgement = queue.ask_judgement(job.run_id, job.account_id)
    assert queue.due_judgements(()).ring == []
    Job.objects.filter(pk=judgement).update(due_at=Now() - queue.UNREAD - timedelta(seconds=1))
    assert queue.due_judgements(()).ring == [judgement]


def test_a_job_that_is_not_due_waits(job: Job) -> None:
    Job.objects.update(due_at=Now() + timedelta(minutes=1))
    assert queue.due() == queue.Due([], [])


def test_a_lost_worker_is_followed_by_another_which_fences_it_off(job: Job) -> None:
    late = queue.claim(job.pk)
    expire(job)
    assert queue.due().ring == [job.pk]
    now = queue.claim(job.pk)
    assert late
    assert now
    with transaction.atomic():
        assert not queue.holds(late)
        assert queue.holds(now)
        queue.done(late, calls=9, counts={})
    job.refresh_from_db()
    assert (job.state, job.calls) == ("running", 0)


def test_three_lost_workers_end_the_job_and_nothing_resolves_on_it(job: Job) -> None:
    for _ in range(queue.ATTEMPTS):
        assert queue.claim(job.pk)
        expire(job)
    assert queue.claim(job.pk) is None
    due = queue.due()
    assert [c.job_id for c in due.spent] == [job.pk]
    with db_role("iamdash_worker"):
        runner.give_up(due.spent[0])
    job.refresh_from_db()
    assert job.state == "failed"
    assert set(Coverage.objects.values_list("state", flat=True)) == {"error"}
    assert Run.objects.get().finished_at is not None


def test_a_late_give_up_does_not_end_the_job_of_another_worker(job: Job) -> None:
    stale = queue.claim(job.pk)
    expire(job)
    assert stale
    assert queue.claim(job.pk)
    with transaction.atomic():
        queue.fail(stale, "late")
    job.refresh_from_db()
    assert job.state == "running"


def test_a_run_ends_with_its_last_job(job: Job) -> None:
    claim = queue.claim(job.pk)
    assert claim
    with transaction.atomic():
        judgement = queue.ask_judgement(job.run_id, job.account_id)
        queue.done(claim, calls=1, counts={})
    assert Run.objects.get().finished_at is None
    last = queue.claim(judgement or 0)
    assert last
    with transaction.atomic():
        queue.done(last, calls=0, counts={})
    assert Run.objects.get().finished_at is not None


def test_a_failed_judgement_gives_way_to_the_one_that_waits(job: Job) -> None:
    first = queue.claim(queue.ask_judgement(job.run_id, job.account_id) or 0)
    assert first
    queue.ask_judgement(job.run_id, job.account_id)
    with transaction.atomic():
        assert not queue.retry(first, "deadlock")


def test_one_run_at_a_time(account: Account, job: Job) -> None:
    with transaction.atomic():
        assert queue.start_run(account, Run.Reason.SCHEDULE, ["account"]) is None


def test_due_accounts_get_a_run_and_paused_ones_do_not(account: Account, other_account: Account) -> None:
    Connection.objects.create(account=account)
    Connection.objects.create(account=other_account, enabled=False)
    assert [(r.account_id, r.reason) for r in schedule.start_due_runs()] == [(account.pk, "first")]
    Job.objects.update(state=Job.State.DONE)
    Run.objects.update(finished_at=Now())
    assert schedule.start_due_runs() == []
    told = {"source": "account", "api": "iam:GetAccountSummary", "state": "complete"}
    Coverage.objects.create(account=account, observed_at=Now(), **told)
    Job.objects.update(created_at=Now() - timedelta(days=1))
    assert [r.reason for r in schedule.start_due_runs()] == ["schedule"]


def test_requests_are_taken_once_and_join_a_run_that_is_under_way(account: Account) -> None:
    Connection.objects.create(account=account)
    for name in ("ann", "bob"):
        CollectRequest.objects.create(account=account, requested_by=name)
    (run,) = schedule.start_due_runs()
    assert (run.reason, run.requested_by) == ("request", "bob")
    CollectRequest.objects.create(account=account, requested_by="cyd")
    assert schedule.start_due_runs() == []
    assert not CollectRequest.objects.filter(taken_at=None).exists()


def test_a_cancelled_run_ends_and_its_worker_writes_nothing(account: Account) -> None:
    Connection.objects.create(account=account)
    run = schedule.start(account, Run.Reason.REQUEST)
    assert run is not None
    claim = queue.claim(run.job_set.order_by("pk")[0].pk)
    assert claim
    CollectRequest.objects.create(account=account, requested_by="ann", cancel=True)
    with db_role("iamdash_worker"):
        assert schedule.start_due_runs() == []
        assert set(run.job_set.values_list("state", flat=True)) == {"cancelled"}
        run.refresh_from_db()
        assert run.finished_at is not None
        with pytest.raises(queue.LostClaimError):
            queue.progress(claim, "iam:GetAccountSummary", 1)
        with transaction.atomic():
            assert not queue.holds(claim)


def test_cancelling_leaves_the_judgement_of_what_was_stored(job: Job) -> None:
    judgement = queue.ask_judgement(job.run_id, job.account_id)
    with transaction.atomic():
        assert queue.cancel(job.account) == 1
    assert Job.objects.get(pk=judgement).state == "queued"
    assert Run.objects.get().finished_at is None


def test_the_last_wish_counts(account: Account) -> None:
    Connection.objects.create(account=account)
    CollectRequest.objects.create(account=account, requested_by="ann")
    CollectRequest.objects.create(account=account, requested_by="ann", cancel=True)
    Run.objects.create(account=account, reason="schedule", finished_at=Now()).job_set.bulk_create(
        Job(run=Run.objects.get(), account=account, source=name, state="done") for name in sources()
    )
    assert schedule.start_due_runs() == []
    assert not CollectRequest.objects.filter(taken_at=None).exists()


def test_each_source_has_its_own_cadence(account: Account, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    Connection.objects.create(account=account)
    settings.COLLECT_EVERY_HOURS = 6
    often, seldom = replace(sources()["account"], every=1), replace(sources()["contacts"], every=4)
    monkeypatch.setattr(schedule, "sources", lambda: {often.name: often, seldom.name: seldom})

    def due_after(hours: int) -> set[str]:
        Job.objects.update(state=Job.State.DONE, created_at=Now() - timedelta(hours=hours))
        Run.objects.update(finished_at=Now())
        runs = schedule.start_due_runs()
        names = {job.source for run in runs for job in run.job_set.all()}
        Run.objects.filter(pk__in=[run.pk for run in runs]).delete()
        return names

    assert due_after(0) == {often.name, seldom.name}  # the first time
    Run.objects.create(account=account, reason="first", finished_at=Now()).job_set.bulk_create(
        Job(run=Run.objects.get(), account=account, source=s.name, state="done") for s in (often, seldom)
    )
    assert due_after(5) == set()
    assert due_after(7) == {often.name}
    assert due_after(25) == {often.name, seldom.name}


def test_a_tick_rings_for_each_source(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    Connection.objects.create(account=account)
    rung: list[tuple[int, str]] = []
    canaries: list[tuple[str, str]] = []
    monkeypatch.setattr(tasks.collect, "apply_async", lambda args, queue: rung.append((*args, queue)))
    monkeypatch.setattr(tasks.canary, "apply_async", lambda args, queue, expires: canaries.append((*args, queue)))
    with db_role("iamdash_worker"):
        tasks.tick()
        tasks.tick()
    assert canaries == [(name, name) for name in heartbeat.QUEUES] * 2
    jobs = Job.objects.exclude(source=JUDGE).values_list("pk", "source")
    assert sorted(rung) == sorted((pk, sources()[source].queue) for pk, source in jobs)
    assert {queue for _, queue in rung} == {"inventory", "activity"}
    assert len(rung) == sum(source.asked_in(account.aws_id) for source in sources().values())
