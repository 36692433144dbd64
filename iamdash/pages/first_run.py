"""From nothing to the first findings: the ways to begin, and for one account how far it is and what comes next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from collectors import cost, heartbeat
from collectors.models import (
    Account,
    BundleUpload,
    CollectRequest,
    Connection,
    ConnectionTest,
    Coverage,
    Job,
    Run,
)
from collectors.models.account import HELD
from collectors.models.coverage import TROUBLE
from collectors.models.job import JUDGE
from collectors.onboarding import told
from findings.models import Finding, RuleState
from iamdash.access.models import Operator, Role
from iamdash.pages import show
from iamdash.pages.account import deployment, last_test
from iamdash.pages.written import number

PATIENCE = timedelta(minutes=2)  # the worker looks every 30 seconds
LISTED = 5
OVER = (Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED)
LOOK = "`manage.py up` runs all of it; with containers see `docker compose ps`, and the page Status for the rest."


@dataclass(frozen=True)
class Way:
    """One way to begin. needs: what somebody must have for it. action: what the link says; "" where a command does it."""

    title: str
    gives: str
    needs: tuple[str, ...]
    action: str = ""
    url: str = ""
    command: str = ""


def ways(operator: Operator) -> dict[str, Any]:
    """For the Overview of an installation that sees no account."""
    return {"may_add": operator.may(Role.ADMIN) and operator.all_accounts, "ways": list(_ways()), "lab": settings.LAB}


def _ways() -> Iterable[Way]:
    add = reverse("account-add")
    yield Way(
        "Look around first",
        "A made-up organization of 12 accounts with half a year of history. Nothing of yours is asked.",
        ("this checkout with its development packages", "two minutes"),
        command="make demo",
    )
    yield Way(
        "Files of one account",
        "Answers of the AWS CLI in a zip: a first judgement of an account that nobody may connect yet, without a role and "
        "without a way from here to AWS. It shows one moment; what is not in it is unknown.",
        ("read access to IAM in the account, and the AWS CLI",),
        "Upload a bundle",
        f"{add}?kind={Connection.Kind.BUNDLE.value}",
    )
    yield Way(
        "One account",
        "Collected every few hours by a role that may read IAM and nothing else.",
        ("the right to make a role in the account", "a worker that may assume it", "ten minutes"),
        "Connect an account",
        f"{add}?kind={Connection.Kind.ROLE.value}",
    )
    yield Way(
        "A whole organization",
        "Its accounts of today and of tomorrow join by themselves, with their OUs, SCPs and tags.",
        (
            "the management account, or better a delegated administrator, connected first",
            "the right to deploy a StackSet",
        ),
        "Begin with the account that tells of it",
        f"{add}?kind={Connection.Kind.ROLE.value}&organization=1",
    )


@dataclass(frozen=True)
class Step:
    """state: done, now, wait (somebody else is at work), failed, or later. says: a sentence on where it stands."""

    name: str
    title: str
    state: str
    says: str = ""

    @property
    def mark(self) -> str:
        return {"done": "resolved", "failed": "high", "later": "info"}.get(self.state, "unknown")

    @property
    def word(self) -> str:
        return {"done": "Done", "failed": "Failed", "wait": "Under way", "now": "To do", "later": "Later"}[self.state]


@dataclass(frozen=True)
class Progress:
    """How far an account is. stalled: a sentence where the worker seems not to run, else "". done, total: sources of the newest
    run. answered: APIs that ever gave a whole answer; partial: those that did not, last time."""

    account: Account
    test: ConnectionTest | None
    upload: BundleUpload | None
    run: Run | None
    done: int
    total: int
    asked: bool
    answered: int
    partial: int
    judged: bool
    stalled: str
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def busy(self) -> bool:
        """Whether something is about to change by itself."""
        waits = [self.test is not None and self.test.finished_at is None, self.asked]
        waits += [self.upload is not None and self.upload.finished_at is None]
        return any(waits) or (self.run is not None and self.run.finished_at is None)

    @property
    def follows(self) -> bool:
        """Busy, or the worker will see the account for the first time, which nobody has to ask for."""
        return self.busy or (self.run is None and self.account.connection.collectable)

    @property
    def steps(self) -> list[Step]:
        kind = self.account.connection.kind
        first = [Step("register", "Register it here", "done", f"Account {self.account.aws_id} is registered.")]
        if kind == Connection.Kind.BUNDLE:
            return [*first, self._uploaded(), self._collected("It is read"), self._found()]
        if kind == Connection.Kind.ROLE:
            first.append(self._made())
        return [*first, self._tested(), self._collected("First collection"), self._found()]

    @property
    def current(self) -> Step:
        return next((step for step in self.steps if step.state not in ("done", "later")), self.steps[-1])

    def _made(self) -> Step:
        title = "Make the role in the account"
        assumed = self.test is not None and any(check["ok"] for check in self.test.checks[:1])  # that one comes first
        if assumed or self.answered:
            return Step("role", title, "done", "It can be assumed.")
        return Step("role", title, "now", "Its text stands below, as CloudFormation, Terraform, or for the AWS CLI.")

    def _tested(self) -> Step:
        title = "Test the connection"
        if self.test is None:
            if self.answered:
                return Step("test", title, "done", "Not asked for: the collection tried the same.")
            return Step("test", title, "now", "It tries each permission once.")
        if self.test.finished_at is None:
            return Step("test", title, "wait", "The worker begins within 30 seconds.")
        if self.test.good:
            return Step("test", title, "done", "Everything that could be tried works.")
        return Step("test", title, "failed", "Something does not work; what AWS said, and what to grant, stands below.")

    def _uploaded(self) -> Step:
        title = "Upload the bundle"
        if self.upload is None:
            return Step("upload", title, "now", "`python manage.py bundle --help` prints the script that makes one.")
        if self.upload.finished_at is None:
            return Step("upload", title, "wait", "Received; the worker reads it within 30 seconds.")
        if self.upload.error:
            return Step("upload", title, "failed", f"Not loaded. {self.upload.error}")
        return Step("upload", title, "done", f"{self.upload.file_name} is loaded.")

    def _collected(self, title: str) -> Step:
        if self.run is None:
            says = "The worker begins within 30 seconds." if self.asked else "It starts by itself."
            return Step("collect", title, "wait" if self.asked else "later", says)
        says = f"{self.done} of {self.total} sources."
        if self.run.finished_at is None:
            return Step("collect", title, "wait", f"{says} You may leave this page; the run goes on.")
        if not self.answered:
            return Step(
                "collect", title, "failed", "No source could be read; see the run. It is tried again by itself."
            )
        told = f" {self.partial} question{'s' if self.partial > 1 else ''} had no whole answer." if self.partial else ""
        return Step("collect", title, "done", f"{says}{told}")

    def _found(self) -> Step:
        title = "First findings"
        if not self.judged:
            return Step("findings", title, "later", "They follow the first collection within a minute.")
        if not self.answered:
            return Step("findings", title, "later", "Nothing was read, so nothing is known: neither good nor bad.")
        if n := sum(self.counts.values()):
            return Step("findings", title, "done", f"{n:,} open finding{'' if n == 1 else 's'}.")
        return Step("findings", title, "done", f"No open finding{' in what was read' if self.partial else ''}.")


def progress(account: Account) -> Progress:
    """Ten queries."""
    # Before the run: the worker takes the wish and starts the run at once, and one of the two must be seen.
    asked = CollectRequest.objects.filter(account=account, taken_at=None, cancel=False).exists()
    run = Run.objects.filter(account=account).exclude(reason=Run.Reason.JUDGEMENT).order_by("-created_at").first()
    jobs = dict(run.job_set.exclude(source=JUDGE).values_list("state").annotate(n=Count("*"))) if run else {}
    coverage = Coverage.objects.filter(account=account)
    upload = BundleUpload.objects.filter(account=account).defer("content").order_by("-pk").first()
    found = Finding.objects.filter(account=account, resolved_at=None, status=Finding.Status.OPEN)
    return Progress(
        account=account,
        test=last_test(account),
        upload=upload,
        run=run,
        done=sum(n for state, n in jobs.items() if state in OVER),
        total=sum(jobs.values()),
        asked=asked,
        answered=coverage.exclude(complete_at=None).count(),
        partial=coverage.filter(state__in=TROUBLE).count(),
        judged=RuleState.objects.filter(account=account).exists(),
        stalled=stalled(account),
        counts=dict(found.values_list("severity").annotate(n=Count("*"))),
    )


def stalled(account: Account) -> str:
    """What waits for longer than a worker and a beat that run would let it. One query for each kind of thing that waits."""
    mine = {"account": account}
    asked = [
        CollectRequest.objects.filter(**mine, taken_at=None).aggregate(at=Min("requested_at"))["at"],
        ConnectionTest.objects.filter(**mine, started_at=None, finished_at=None).aggregate(at=Min("requested_at"))[
            "at"
        ],
        BundleUpload.objects.filter(**mine, started_at=None, finished_at=None).aggregate(at=Min("uploaded_at"))["at"],
        Job.objects.filter(**mine, state=Job.State.QUEUED).aggregate(at=Min("due_at"))["at"],
    ]
    since, now = min((at for at in asked if at is not None), default=None), timezone.now()
    if since is None or since > now - PATIENCE:
        return ""
    waits = f"It has waited for {show.span((now - since).total_seconds())}."
    if silent := _silent(now):
        return f"{waits} {silent} {LOOK}"
    elsewhere = Job.objects.filter(state=Job.State.RUNNING, lease_until__gt=now).exclude(**mine).count()
    return (
        f"{waits} Scheduler and workers run; {elsewhere:,} other job{'s are' if elsewhere != 1 else ' is'} under way."
    )


def _silent(now: datetime) -> str:
    """What of the installation was not heard from lately."""
    heard = heartbeat.heard(now)
    queues = [queue for queue in ("inventory", "activity") if heard[heartbeat.canary(queue)].late]
    if all(one.late for one in heard.values()):
        return "Neither the scheduler (beat) nor a worker was heard from."
    return f"No worker of the queue {' and '.join(queues)} was heard from." if queues else ""


def unfinished() -> list[Account]:
    """Some accounts that were never judged, the oldest first: what an Overview leads to that has nothing to tell yet."""
    rows = Account.objects.exclude(HELD).filter(
        ~Q(pk__in=RuleState.objects.values("account")), connection__enabled=True
    )
    return list(rows.select_related("connection").order_by("pk")[:LISTED])


@require_safe
def start(request: HttpRequest, aws_id: str) -> HttpResponse:
    """The steps of one account: they follow from what is stored, so leaving is safe. Alone, for the page that waits for them."""
    account = get_object_or_404(Account.objects.select_related("connection"), aws_id=aws_id)
    connection, found = account.connection, progress(account)
    context: dict[str, Any] = {
        "account": account,
        "connection": connection,
        "progress": found,
        "test": found.test,
        "may_ask": request.user.may(Role.ANALYST),
        "organization": organization(account, request.user),
    }
    if request.htmx and not request.htmx.history_restore_request:
        response = render(request, "first_run/_steps.html", context)
    else:
        context |= deployment(connection) if request.user.may(Role.ADMIN) else {}
        context["costs"] = costs()
        response = render(request, "first_run/page.html", context)
    response.headers["Vary"] = "HX-Request"
    return response


def organization(account: Account, operator: Operator) -> str:
    """The id of the organization that the account may tell of, for whoever may connect it; "" for none."""
    said = told(account) if operator.may(Role.ADMIN) and operator.all_accounts else None
    return said.organization_id or "" if said else ""


@dataclass(frozen=True)
class Costs:
    """For a page: what some accounts cost by how CloudTrail's events are read."""

    accounts: int
    rows: tuple[cost.Estimate, ...]


def costs(accounts: Iterable[int] = cost.TYPICAL) -> list[Costs]:
    return [Costs(n, tuple(cost.estimate(n, events) for events in cost.Events)) for n in accounts]


@require_safe
def cost_page(request: HttpRequest) -> HttpResponse:
    """Before anything is switched on. Of the three typical sizes, or of as many accounts as the address says."""
    given = request.GET.get("accounts", "")
    n = number(given) or 0
    some = (n,) if 0 < n <= 10_000 else cost.TYPICAL
    context = {
        "costs": costs(some),
        "asked": given if some != cost.TYPICAL else "",
        "assumed": cost.Assumed(hours=settings.COLLECT_EVERY_HOURS or 24),
        "prices": list(cost.priced().values()),
        "sources": cost.estimate(1, cost.Events.LOOKUP).lines,
    }
    return render(request, "first_run/cost.html", context)
