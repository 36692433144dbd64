"""What is the collector doing, what did it do, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Avg, F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from collectors.models import CollectRequest, Coverage, Job, Run
from collectors.models.coverage import TROUBLE, together
from collectors.models.job import JUDGE
from iamdash.access.models import Role
from iamdash.access.rights import needs
from iamdash.pages import show

HISTORY = 5  # earlier runs whose duration tells how long this one may take
OVER = (Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED)


@dataclass(frozen=True)
class Line:
    """A job and what its APIs answered."""

    job: Job
    title: str
    gaps: tuple[Coverage, ...]

    @property
    def took(self) -> timedelta | None:
        return self.job.finished_at - self.job.started_at if self.job.finished_at and self.job.started_at else None

    @property
    def calls(self) -> int | None:
        """A judgement asks AWS nothing."""
        return None if self.job.source == JUDGE else self.job.calls

    @property
    def changes(self) -> str:
        """ "3 new, 1 gone"; empty counts are left out."""
        return ", ".join(f"{n} {what}" for what, n in self.job.counts.items() if n and what != "same")

    @property
    def state(self) -> str:
        """The job's state; a finished one that saw less than everything is partial."""
        less = self.gaps or self.job.error
        return "partial" if self.job.state == Job.State.DONE and less else self.job.state


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(Run.objects.select_related("account"), pk=pk)
    template = "runs/_progress.html" if request.htmx and not request.htmx.history_restore_request else "runs/run.html"
    response = render(request, template, progress(run) | {"may_cancel": request.user.may(Role.ANALYST)})
    response.headers["Vary"] = "HX-Request"
    return response


@needs(Role.ANALYST)
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the end of a run. The worker ends it at its next tick; what was stored stays."""
    run = get_object_or_404(Run, pk=pk)
    if run.finished_at is None:
        CollectRequest.objects.create(account_id=run.account_id, cancel=True, requested_by=request.user.username)
        messages.success(request, "Asked for. The worker ends the run within 30 seconds; what it has stored stays.")
    return redirect("run", pk)


def progress(run: Run) -> dict[str, Any]:
    """The run's jobs in the order of the sources, the judgement last."""
    coverage = together(Coverage.objects.filter(account=run.account_id, state__in=TROUBLE).order_by("api", "region"))
    latest = not Run.objects.filter(account=run.account_id, created_at__gt=run.created_at).exists()
    lines = [_line(job, coverage if latest else []) for job in run.job_set.order_by("pk")]
    lines.sort(key=lambda line: (line.job.source == JUDGE, line.job.pk))
    collected = [line for line in lines if line.job.source != JUDGE]
    return {
        "run": run,
        "lines": lines,
        "done": sum(line.job.state in OVER for line in collected),
        "partial": sum(line.state == "partial" for line in collected),
        "total": len(collected),
        "over": sum(line.job.state in OVER for line in lines),
        "eta": None if run.finished_at else _eta(run),
        "latest": latest,
        "ending": CollectRequest.objects.filter(account=run.account_id, cancel=True, taken_at=None).exists(),
    }


def _line(job: Job, coverage: list[Coverage]) -> Line:
    return Line(job, show.source(job.source), tuple(c for c in coverage if c.source == job.source))


def _eta(run: Run) -> datetime | None:
    """When it should be done, by the account's earlier runs; None before the first."""
    earlier = Run.objects.filter(~Q(finished_at=None), account=run.account_id).order_by("-created_at")[:HISTORY]
    mean = Run.objects.filter(pk__in=earlier).aggregate(mean=Avg(F("finished_at") - F("created_at")))["mean"]
    return run.created_at + mean if mean else None
