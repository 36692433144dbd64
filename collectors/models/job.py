"""The queue of record. Celery carries only the ids of these rows (DESIGN 7, TRUST)."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from collectors.models.account import Account

JUDGE = "judge"


class Run(models.Model):
    """One collection of one account: a job for each source, then the judgement. queue.start_run lets one be under way."""

    kept = "runs"

    class Reason(models.TextChoices):
        SCHEDULE = "schedule", "On schedule"
        FIRST = "first", "First collection"
        REQUEST = "request", "Asked for"
        BUNDLE = "bundle", "Loaded from a bundle"
        JUDGEMENT = "judgement", "Judged again"

    account = models.ForeignKey(Account, models.CASCADE)
    reason = models.CharField(max_length=12, choices=Reason)
    requested_by = models.CharField(max_length=150, default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "-created_at"], name="run_of_account"),
            models.Index("created_at", "id", "account", name="run_in_seen_order"),
            models.Index("account", name="run_unfinished", condition=models.Q(finished_at=None)),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.account_id}"


class Job(models.Model):
    """One execution of a source, or a judgement. The lease says until when a worker holds it; the fence refuses a late one.

    A source has one that is queued and one that runs, at most; two judgements in a row would do no harm. One that runs has a
    lease, and no other has; one that is over has finished_at.
    attempt counts claims: a task that kills its worker cannot restart for ever. All times are the database's.
    """

    kept = "runs"

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    run = models.ForeignKey(Run, models.CASCADE, db_constraint=False)
    account = models.ForeignKey(Account, models.CASCADE)
    source = models.CharField(max_length=40)
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    rung_at = models.DateTimeField(null=True)
    attempt = models.SmallIntegerField(default=0)
    fence = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    step = models.CharField(max_length=80, default="", blank=True)
    calls = models.IntegerField(default=0)
    counts = models.JSONField(default=dict)
    error = models.TextField(default="", blank=True)

    class Meta:
        indexes = [
            models.Index("run", name="job_of_run"),
            models.Index("run", name="job_failed", condition=models.Q(state="failed")),
            models.Index(fields=["account", "source", "-id"], name="job_last_of_source"),
            # The only one of open jobs: another seems as small, until it is analyzed, and was read whole for each job.
            models.Index(
                "account", "source", name="job_open_of_source", condition=models.Q(state__in=["queued", "running"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} of {self.account_id}: {self.state}"
