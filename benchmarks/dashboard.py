"""Each page of the dashboard on two years of 500 accounts: SQL of a warm request, time to its first byte, and its statements.

The process has the web's rights; one operator sees all accounts, another 40 of them. A page is asked for 50 times, and the 95th
of 100 counts. Goals are of SQL: nothing a person opens above 200 ms, the page of a thing and the rows of a list 10, a list's
facets and the trends 100. BENCH_STATE names a folder in which the database is kept for the next run.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

import django

from benchmarks.database import database
from benchmarks.figure import Figure
from findings.analysis.pace import look_seldom
from iamdash.embedded import services

WARM, LIMIT = int(os.environ.get("BENCH_RUNS", "50")), 200.0  # runs; milliseconds
HIDDEN = {403, 404}  # what the operator may not see
FILES = {"reviews-export", "settings-api-document"}  # no pages
GOALS = dict.fromkeys(("finding", "principal", "key", "policy", "account"), 10.0) | {"trends": 100.0}
ROWS, COUNTS = 10.0, 100.0  # of a list: what shows its rows; its tabs and facets
ASKED = {
    "findings of the largest account": "/findings/?account={of.aws_id}",
    "findings, resolved": "/findings/?tab=resolved",
    "findings, all": "/findings/?tab=all",
    "findings of a rule, critical": "/findings/?rule={of.code}&severity=critical",
    "findings, searched": "/findings/?q=role-777",
    "findings, searched for what all have": "/findings/?q=role",
    "findings, accepted": "/findings/?tab=accepted",
    "changes, searched": "/activity/changes/?q=role-777",
    "changes by hand": "/activity/changes/?how=hand",
    "activity, an address": "/activity/?q=198.51.100.7",
    "activity, searched": "/activity/?q=session-77",
    "overview of half a year": "/?days=180",
    "overview of the largest account": "/?account={of.aws_id}",
    "trends of a year": "/trends/?days=365",
    "trends by rule": "/trends/?by=rule",
    "unknown of a rule": "/rules/unknown/?rule=LP101",
}
SLOW = 20.0  # milliseconds from which a statement is named
RECONCILE = 5.0  # seconds for the open findings of all accounts
SOME = 40  # accounts of the operator who does not see all


@dataclass(frozen=True)
class Page:
    name: str
    url: str


def run() -> Iterator[Figure]:
    with database() as (family, folder):
        os.environ["REDIS_URL"] = services.start(family, services.valkey(folder))
        os.environ["IAMDASH_HTTP_ONLY"] = "1"
        os.environ["IAMDASH_STATIC_ROOT"] = str(folder / "static")
        django.setup()
        prepare()
        yield from measured()
        yield reconciled()


def prepare() -> None:
    from django.conf import settings
    from django.core.management import call_command

    from benchmarks import years, years_bound, years_used
    from findings.engine.counted import note_late, settle_totals
    from findings.models import Review

    settings.ALLOWED_HOSTS = ["*"]
    logging.disable(logging.WARNING)  # of each page that is not for everybody
    call_command("migrate", verbosity=0)
    call_command("collectstatic", "--no-input", verbosity=0)
    if not Review.objects.exists():  # else a kept database that was filled before
        years.fill()
        years_used.fill()
        years_bound.fill()
    while note_late():  # as each tick of the worker does: of a database that was kept, days went by
        pass
    settle_totals()


def measured() -> Iterator[Figure]:
    asked_for = pages()
    look_seldom()  # as the web does
    for who, client in clients().items():
        for page in asked_for:
            if client.get(page.url).status_code not in HIDDEN:
                yield from figures(f"{page.name}, {who}", page, client)


def figures(what: str, page: Page, client: Any) -> Iterator[Figure]:
    """SQL of the page; and of a list, that of its tabs and facets and that of all else, which shows its rows."""
    runs = [asked(client, page.url) for _ in range(WARM + 1)][1:]
    statements = runs[-1].statements
    slowest = max(statements, key=lambda one: one.spent)
    if slowest.spent > SLOW:
        print(f"  {what}: {slowest.spent:.0f} ms: {' '.join(slowest.sql.split())[:300]}", file=sys.stderr)
    said = f"{what}: SQL of {len(statements)} statements, first byte {p95([run.spent for run in runs]):.0f} ms"
    yield Figure(said, p95([run.sql() for run in runs]), "ms", "limit", GOALS.get(page.name, LIMIT), 1)
    if any(one.counts for one in statements):
        yield Figure(f"  its rows, {what}", p95([run.sql(counts=False) for run in runs]), "ms", "limit", ROWS, 1)
        yield Figure(f"  its facets, {what}", p95([run.sql(counts=True) for run in runs]), "ms", "limit", COUNTS, 1)


@dataclass(frozen=True)
class Statement:
    """spent: milliseconds. counts: a list asks for it to tell how many rows its tabs and facets have."""

    sql: str
    spent: float
    counts: bool


@dataclass(frozen=True)
class Run:
    """spent: milliseconds of a whole request."""

    spent: float
    statements: list[Statement]

    def sql(self, *, counts: bool | None = None) -> float:
        return sum(one.spent for one in self.statements if counts is None or one.counts is counts)


def asked(client: Any, url: str) -> Run:
    from django.db import connection

    from iamdash.pages import counting

    statements: list[Statement] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent = (time.perf_counter() - begun) * 1_000
            statements.append(Statement(sql, spent, asked_by(counting.__file__)))

    with connection.execute_wrapper(note):
        begun = time.perf_counter()
        response = client.get(url)
        spent = (time.perf_counter() - begun) * 1_000
    if response.status_code != 200:
        raise RuntimeError(f"answered {response.status_code}")
    return Run(spent, statements)


def asked_by(file: str) -> bool:
    """Whether a function of that file is among those that are running."""
    frame: FrameType | None = sys._getframe()
    while frame and frame.f_code.co_filename != file:
        frame = frame.f_back
    return frame is not None


def p95(numbers: list[float]) -> float:
    return sorted(numbers)[int(len(numbers) * 0.95)]


def clients() -> dict[str, Any]:
    """Who asks -> a signed-in client whose requests have the web's rights, and plan as its connections do."""
    from django.db import connection
    from django.test import Client

    from collectors.models import Account
    from iamdash.access.database import WEB
    from iamdash.access.models import Operator, Role

    class Web(Client):
        def request(self, **environ: Any) -> Any:
            with connection.cursor() as cursor:
                cursor.execute(f"set role {WEB}; set plan_cache_mode = force_generic_plan")
            try:
                return super().request(**environ)
            finally:
                with connection.cursor() as cursor:
                    cursor.execute("reset role; reset plan_cache_mode")

    made = {}
    for who, everybody in (("all accounts", True), (f"{SOME} accounts", False)):
        operator, _ = Operator.objects.get_or_create(
            username=who, defaults={"role": Role.ADMIN, "all_accounts": everybody}
        )
        operator.accounts.set([] if everybody else Account.objects.order_by("pk")[:SOME])
        made[who] = Web(headers={"host": "127.0.0.1"})
        made[who].force_login(operator)
    return made


def pages() -> list[Page]:
    """Every page that a person opens, of the largest account where it is of one; and with the parameters that matter."""
    from django.urls import reverse

    from tests.access.routes import ROUTES

    of = largest()
    found = [
        Page(name, reverse(name, args=[getattr(of, one) for one in route.args]))
        for name, route in ROUTES.items()
        if route.method == "get" and not route.leads and name not in FILES
    ]
    return found + [Page(name, url.format(of=of)) for name, url in ASKED.items()]


def largest() -> Any:
    """Names of one of each thing that has a page: of the largest account where the years hold such things, or of a small one."""
    from django.db.models import Count

    from benchmarks.years_bound import ORGANIZATION
    from collectors.models import AccessKey, Account, Policy, Principal, Run
    from findings.models import Acceptance, Change, Finding, GuardrailEffect, PermissionSetRole, Review, ReviewItem
    from tests.access.things import things

    small = Account.objects.create(aws_id=f"8{Account.objects.count():011}", name="one of each")
    account = Account.objects.annotate(n=Count("principal")).order_by("-n")[0]
    mine = {"account": account}
    finding = Finding.objects.filter(**mine, resolved_at=None).order_by("-severity")[0]
    review = Review.objects.get(title="All")
    return replace(
        things(small),
        account=account,
        aws_id=account.aws_id,
        principal=Principal.objects.filter(**mine, type="role", posture__worst=5).order_by("pk")[0].unique_id,
        key=AccessKey.objects.filter(**mine)[0].unique_id,
        policy=Policy.objects.filter(**mine)[0].unique_id,
        finding=finding.pk,
        code=finding.code,
        run=Run.objects.filter(**mine).order_by("-pk")[0].pk,
        change=Change.objects.filter(**mine).order_by("-pk")[0].pk,
        review=review.pk,
        review_item=ReviewItem.objects.filter(**mine, review=review)[0].pk,
        acceptance=Acceptance.objects.filter(**mine)[0].pk,
        guardrail=GuardrailEffect.objects.filter(**mine)[0].policy,
        permission_set=PermissionSetRole.objects.filter(**mine)[0].set_arn,
        organization=ORGANIZATION,
    )


def reconciled() -> Figure:
    """All accounts judged again, with nothing changed: what is stored compared with what the judgement says. Rolled back, so that
    a database that is kept stays as it was."""
    from django.db import transaction

    from collectors.models import Account
    from findings.engine.reconcile import reconcile

    spent, n = 0.0, 0
    for account in Account.objects.all():
        judgement = the_same(account)
        with transaction.atomic():
            begun = time.perf_counter()
            _, counts = reconcile(account, judgement)
            spent += time.perf_counter() - begun
            transaction.set_rollback(True)
        n += counts["open"]
        if changed := {name: counts[name] for name in ("opened", "resolved", "changed", "severity") if counts[name]}:
            raise RuntimeError(f"{account}: {changed}, and nothing had changed")
    return Figure(f"reconcile {n:,} open findings of all accounts", spent, "s", "limit", RECONCILE, 1)


def the_same(account: Any) -> Any:
    """A judgement that says of the account what is stored."""
    from benchmarks.copied import NOW
    from collectors import records
    from findings.analysis.facts import Facts
    from findings.models import Finding
    from findings.rules import registry
    from findings.rules.judgement import Judgement
    from findings.vocabulary import Severity, Status, Subject, SubjectType, Verdict

    rules = {code: entry.rule for code, entry in registry.catalogue().items()}
    verdicts = tuple(
        Verdict(
            rules[one.code],
            Subject(SubjectType(one.subject_type), one.subject_id, one.subject_name, one.subject_arn),
            Status.OPEN,
            Severity(one.severity),
            one.part,
            one.title,
            one.evidence,
        )
        for one in Finding.objects.filter(account=account, resolved_at=None)
    )
    facts = Facts(records.Snapshot(account_id=account.aws_id, as_of=NOW))
    return Judgement(facts, rules, verdicts, dict.fromkeys(rules, ""))
