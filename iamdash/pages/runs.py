"""What did the collector do, and what went wrong?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_tables2 as tables
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from collectors.models import Job, Run
from collectors.models.job import JUDGE
from iamdash.pages import show
from iamdash.pages.facets import Accounts, Choices, Conditions
from iamdash.pages.filters import Filters, Sort
from iamdash.pages.grouped import ou_facet
from iamdash.pages.lists import ListPage
from iamdash.pages.run import OVER
from iamdash.pages.tables import ListTable

FAILED = Exists(Job.objects.filter(run=OuterRef("pk"), state=Job.State.FAILED))
SOURCES = ~Q(source=JUDGE)
PARTIAL = Q(state=Job.State.DONE) & ~Q(error="")  # something that it asks for was not answered
NONE = {"n_sources": 0, "n_done": 0, "n_partial": 0, "n_failed": 0}


class RunTable(ListTable):
    lead = "account"
    caption = "Collections, the newest first"
    tells = {
        "created_at": ("started_at",),
        "reason": ("reason", "requested_by"),
        "state": ("finished_at", "jobs_failed", "sources_partial"),
        "sources": ("sources", "sources_done"),
    }

    account = tables.Column()
    created_at = tables.Column("Started")
    reason = tables.Column("Why", accessor="get_reason_display")
    state = tables.Column(accessor="pk")
    sources = tables.Column(accessor="n_sources")
    took = tables.Column(empty_values=())

    def render_account(self, record: Run) -> SafeString:
        url = show.address(self.request, "run", record.pk)
        return format_html('<a class="lead" href="{}">{}</a>', url, show.name(record.account.name))

    def render_created_at(self, record: Run) -> SafeString:
        return show.ago(record.created_at)

    def render_state(self, record: Run) -> SafeString:
        if record.finished_at is None:
            return show.state("unknown", "Under way")
        if record.n_failed:
            return show.state("high", "Failed")
        if record.n_partial:
            return show.state("unknown", f"Finished, {record.n_partial} not whole")
        return show.state("resolved", "Finished")

    def render_sources(self, record: Run) -> str:
        return f"{record.n_done} of {record.n_sources}"

    def render_took(self, record: Run) -> SafeString | str:
        if record.finished_at is None:
            return format_html('<span class="muted">{}</span>', "not yet")
        return f"{(record.finished_at - record.created_at).total_seconds():.1f} s"


class RunList(ListPage):
    name = "runs"
    title = "Runs"
    noun = "run"
    folder = "runs"
    table = RunTable
    filters = Filters(
        sorts={"created_at": Sort("Started", ("created_at",), descending=True)},
        facets=(
            Conditions(
                name="state",
                title="State",
                inline=True,
                single=True,
                conditions={
                    "running": (Q(finished_at=None), "Under way"),
                    "failed": (Q(FAILED), "Failed"),
                    "finished": (~Q(finished_at=None) & ~Q(FAILED), "Finished"),
                },
            ),
            Choices(
                name="reason", title="Why", column="reason", values={r.value: (r.value, r.label) for r in Run.Reason}
            ),
            Accounts(),
            ou_facet(offered=False),
        ),
    )
    fields = {
        "run": lambda r: r.pk,
        "account": lambda r: r.account.aws_id,
        "reason": lambda r: r.reason,
        "requested_by": lambda r: r.requested_by,
        "started_at": lambda r: r.created_at,
        "finished_at": lambda r: r.finished_at,
        "sources": lambda r: r.n_sources,
        "sources_done": lambda r: r.n_done,
        "sources_partial": lambda r: r.n_partial,
        "jobs_failed": lambda r: r.n_failed,
    }

    def queryset(self) -> QuerySet[Run]:
        return Run.objects.order_by()

    def related(self, qs: QuerySet[Any]) -> QuerySet[Any]:
        return qs.select_related("account")

    def attach(self, rows: Sequence[Any]) -> None:
        over = Q(state__in=OVER)
        jobs = Job.objects.filter(run__in=[run.pk for run in rows]).values("run")
        counts = jobs.annotate(
            n_sources=Count("pk", filter=SOURCES),
            n_done=Count("pk", filter=SOURCES & over),
            n_partial=Count("pk", filter=SOURCES & PARTIAL),
            n_failed=Count("pk", filter=Q(state=Job.State.FAILED)),
        )
        found = {row.pop("run"): row for row in counts}
        for run in rows:
            vars(run).update(found.get(run.pk, NONE))
