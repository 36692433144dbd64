"""The queue of record: jobs in PostgreSQL, claimed by a conditional UPDATE, held by a lease, guarded by a fence (TRUST).

Celery messages carry ids of these rows and may be lost, doubled or late without harm.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from collectors.models import Account, Coverage, Job, Membership, Run
from collectors.models.account import NOT_COLLECTED
from collectors.models.job import JUDGE

LEASE = timedelta(minutes=10)
RING_AGAIN = timedelta(minutes=5)
UNREAD = timedelta(minutes=10)
ATTEMPTS = 3
LOST = "The worker was lost three times while it worked on this."
OPEN = (Job.State.QUEUED, Job.State.RUNNING)


@dataclass(frozen=True)
class Claim:
    """The right to work on a job until the lease ends. fence: later claims have a higher one."""

    job_id: int
    run_id: int
    account_id: int
    source: str
    fence: int


def start_run(account: Account, reason: Run.Reason, names: Iterable[str], by: str = "") -> Run | None:
    """A run with a job for each source; None when one is under way already. Call it inside a transaction."""
    lock(account.pk)
    if Run.objects.filter(account=account, finished_at=None).exists():
        return None
    run = Run.objects.create(account=account, reason=reason, requested_by=by)
    Job.objects.bulk_create(Job(run=run, account=account, source=name) for name in names)
    return run


def lock(account_pk: int) -> None:
    """Writers of one account go one after the other, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_LOCKS, account_pk])


_LOCKS = 0x1A3DA5  # our class of advisory locks


@dataclass(frozen=True)
class Due:
    """ring: jobs whose bell should ring now. spent: jobs whose worker was lost and whose attempts are used up."""

    ring: list[int]
    spent: list[Claim]


def due() -> Due:
    """Collections that are due and not rung lately, or held by a lease that ended."""
    return _due(Job.objects.exclude(source=JUDGE))


def due_judgements(apart: Iterable[str]) -> Due:
    """Judgements likewise, once the account was read: else it is judged again and again while an organization joins.

    apart: sources that take hours, and for which no judgement waits. None waits longer than UNREAD for the others either.
    """
    unread = Job.objects.filter(account=OuterRef("account"), state__in=OPEN).exclude(source__in=[JUDGE, *apart])
    return _due(Job.objects.filter(~Exists(unread) | Q(due_at__lte=Now() - UNREAD), source=JUDGE))


def _due(jobs: QuerySet[Job]) -> Due:
    waiting = Q(state=Job.State.QUEUED, due_at__lte=Now()) & (Q(rung_at=None) | Q(rung_at__lte=Now() - RING_AGAIN))
    expired = Q(state=Job.State.RUNNING, lease_until__lte=Now())
    with transaction.atomic():
        found = list(
            jobs.filter(waiting | expired).select_for_update(skip_locked=True, of=("self",)).order_by("due_at", "id")
        )
        ring = [job.pk for job in found if job.attempt < ATTEMPTS]
        Job.objects.filter(pk__in=ring).update(rung_at=Now())
    spent = [Claim(j.pk, j.run_id, j.account_id, j.source, j.fence) for j in found if j.attempt >= ATTEMPTS]
    return Due(ring, spent)


def claim(job_id: int) -> Claim | None:
    """Take a job, or None when somebody has it, it is done, or its attempts are used up."""
    free = Q(lease_until=None, finished_at=None) | Q(lease_until__lte=Now())
    jobs = Job.objects.filter(free, pk=job_id, attempt__lt=ATTEMPTS)
    with transaction.atomic():
        account_id = jobs.values_list("account_id", flat=True).first()
        if account_id is None:
            return None
        lock(account_id)
        job = jobs.select_for_update().first()
        if job is None:
            return None
        other = Job.objects.filter(account_id=account_id, source=job.source, state=Job.State.RUNNING)
        if other.exclude(pk=job.pk).exists():
            return None  # the tick rings again
        Job.objects.filter(pk=job.pk).update(
            state=Job.State.RUNNING,
            attempt=F("attempt") + 1,
            fence=F("fence") + 1,
            started_at=Now(),
            lease_until=Now() + LEASE,
            calls=0,
        )
    return Claim(job.pk, job.run_id, job.account_id, job.source, job.fence + 1)


def _held(claim: Claim) -> Q:
    """One that runs has a lease. Nothing here asks for the state of a job that it names: PostgreSQL would look for it among all
    that are open, in an index that seems small until it is analyzed again, so that each job would take the longer the more wait.
    """
    return Q(pk=claim.job_id, fence=claim.fence, lease_until__isnull=False)


class LostClaimError(Exception):
    """The claim no longer stands: the job was cancelled, or the lease ended and somebody else has it. Nothing is written."""


def progress(claim: Claim, step: str, calls: int) -> None:
    """What the runs page shows while it works; the lease begins anew. LostClaimError stops a cancelled job early."""
    if not Job.objects.filter(_held(claim)).update(step=step, calls=calls, lease_until=Now() + LEASE):
        raise LostClaimError(f"{claim.source}: job {claim.job_id} was cancelled or taken over.")


def holds(claim: Claim) -> bool:
    """Whether the claim still stands. Call it under lock(): between this and done() nobody else may take the job."""
    return Job.objects.select_for_update().filter(_held(claim)).exists()


def done(claim: Claim, *, calls: int, counts: dict[str, int], error: str = "") -> None:
    """Finish the job in the caller's transaction, in which lock() was taken."""
    Job.objects.filter(_held(claim)).update(
        state=Job.State.DONE, finished_at=Now(), lease_until=None, step="", calls=calls, counts=counts, error=error
    )
    _finish_run(claim.run_id)


def retry(claim: Claim, error: str) -> bool:
    """Something broke that is not AWS's answer: try again, a minute later per attempt.

    False when it was the last attempt, or when a twin is queued that does its work (a judgement asked for meanwhile):
    then the caller gives up. Call it under lock().
    """
    job = Job.objects.select_for_update().filter(_held(claim)).first()
    if job is None:
        return True
    if job.attempt >= ATTEMPTS or _queued(claim.account_id, claim.source):
        return False
    Job.objects.filter(pk=job.pk).update(
        state=Job.State.QUEUED,
        error=error,
        rung_at=None,
        lease_until=None,
        due_at=Now() + timedelta(minutes=1) * job.attempt,
    )
    return True


def fail(claim: Claim, error: str) -> None:
    """The job is over without a result. Call it under lock()."""
    failed = Job.objects.filter(pk=claim.job_id, fence=claim.fence, finished_at=None).update(
        state=Job.State.FAILED, error=error, finished_at=Now(), lease_until=None, step=""
    )
    if failed:
        _finish_run(claim.run_id)


def _queued(account_id: int, source: str) -> bool:
    return Job.objects.filter(account_id=account_id, source=source, state=Job.State.QUEUED).exists()


def cancel(account: Account) -> int:
    """End the account's unfinished collection; what was stored stays and is judged. Returns how many jobs it ended.

    A worker in the middle of one finds its claim gone at its next step and writes nothing.
    """
    lock(account.pk)
    jobs = Job.objects.filter(account=account, state__in=OPEN).exclude(source=JUDGE)
    runs = set(jobs.values_list("run", flat=True))
    ended = jobs.update(state=Job.State.CANCELLED, finished_at=Now(), lease_until=None, step="")
    for run_id in runs:
        _finish_run(run_id)
    return ended


def ask_judgement(run_id: int, account_id: int, others: Iterable[int] = ()) -> int | None:
    """Queue a judgement unless one waits already. Returns the new job's id. Call it under lock().

    others: accounts to judge again too.
    """
    waits = _queued(account_id, JUDGE)
    ask_judgements(others, {account_id: run_id})
    asked = Job.objects.filter(run=run_id, account=account_id, source=JUDGE, state=Job.State.QUEUED)
    return None if waits else asked.values_list("pk", flat=True).first()


def ask_judgements(accounts: Iterable[int], runs: dict[int, int] | None = None) -> None:
    """Queue judgements, each in the account's last run unless runs names another; the tick rings for them. An account of which
    nothing was ever asked has nothing to judge, and a frozen one keeps what was found. Of what another transaction asks for now
    nothing is known here: then an account is judged twice in a row, which does no harm."""
    runs = runs or {}
    frozen = Membership.objects.filter(standing__in=NOT_COLLECTED).values("account")
    waits = Job.objects.filter(account=OuterRef("pk"), source=JUDGE, state=Job.State.QUEUED)
    covered = Coverage.objects.filter(account__in=set(accounts)).exclude(account__in=frozen).values("account")
    wanted = Account.objects.filter(Q(pk__in=covered) | Q(pk__in=runs)).exclude(Exists(waits))
    left = sorted(wanted.values_list("pk", flat=True))
    last = Run.objects.filter(account__in=left).order_by("account", "-pk").distinct("account")
    chosen = dict(last.values_list("account", "pk")) | runs
    chosen |= _runs_of_judgements([pk for pk in left if pk not in chosen])
    Job.objects.bulk_create(Job(run_id=chosen[pk], account_id=pk, source=JUDGE) for pk in left)


def _runs_of_judgements(accounts: list[int]) -> dict[int, int]:
    """Account -> a run of its own, where those of its collections are no longer kept."""
    made = Run.objects.bulk_create(
        Run(account_id=pk, reason=Run.Reason.JUDGEMENT, finished_at=Now()) for pk in accounts
    )
    return {run.account_id: run.pk for run in made}


def _finish_run(run_id: int) -> None:
    if not Job.objects.filter(run_id=run_id, finished_at=None).exists():
        Run.objects.filter(pk=run_id, finished_at=None).update(finished_at=Now())


def unbegun() -> Q:
    """Requests of operators that no worker works on, and that may be begun: none began, or the one that did was lost."""
    return _idle() & Q(attempt__lt=ATTEMPTS)


def spent() -> Q:
    """Requests of operators whose worker was lost on each attempt."""
    return _idle() & Q(attempt__gte=ATTEMPTS)


def _idle() -> Q:
    return Q(finished_at=None) & (Q(started_at=None) | Q(started_at__lte=Now() - LEASE))


def begin(model: type[Model], pk: int) -> bool:
    """Take a request; False when somebody has it, it is done, or its attempts are used up."""
    return bool(model._default_manager.filter(unbegun(), pk=pk).update(started_at=Now(), attempt=F("attempt") + 1))


def database_now() -> datetime:
    """Leases and ages use the database's clock: workers' clocks may differ (TRUST)."""
    with connection.cursor() as cursor:
        cursor.execute("select now()")
        (now,) = cursor.fetchone()
    return now  # type: ignore[no-any-return]
