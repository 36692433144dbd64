"""Each page of the dashboard on two years of 500 accounts: SQL of a warm request, time to its first byte, and its statements.

The process has the web's rights; one operator sees all accounts, another 40 of them. A page is asked for 50 times, and the 95th
of 100 counts. Goals are of SQL: nothing a person opens above 200 ms.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import django

from benchmarks.database import database
from benchmarks.figure import Figure
from iamdash.embedded import services

WARM, LIMIT = int(os.environ.get("BENCH_RUNS", "50")), 200.0  # runs; milliseconds
FORBIDDEN = 403  # pages of operators of all accounts
PROBES = {"favicon", "livez", "readyz"}
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

    from benchmarks import years, years_used

    settings.ALLOWED_HOSTS = ["*"]
    call_command("migrate", verbosity=0)
    call_command("collectstatic", "--no-input", verbosity=0)
    years.fill()
    years_used.fill()


def measured() -> Iterator[Figure]:
    for who, client in clients().items():
        for page in pages():
            if client.get(page.url).status_code != FORBIDDEN:
                yield figure(who, page, client)


def figure(who: str, page: Page, client: Any) -> Figure:
    sql, whole = [], []
    for _ in range(WARM + 1):
        spent, statements = asked(client, page.url)
        sql.append(sum(one for one, _ in statements))
        whole.append(spent)
    slowest, text = max(statements)
    if slowest > SLOW:
        print(f"  {page.name}, {who}: {slowest:.0f} ms: {' '.join(text.split())[:300]}", file=sys.stderr)
    what = f"{page.name}, {who}: SQL of {len(statements)} statements, first byte {p95(whole[1:]):.0f} ms"
    return Figure(what, p95(sql[1:]), "ms", "limit", LIMIT, 1)


def asked(client: Any, url: str) -> tuple[float, list[tuple[float, str]]]:
    """Milliseconds of the request, and of each of its statements with its text."""
    from django.db import connection

    statements: list[tuple[float, str]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            statements.append(((time.perf_counter() - begun) * 1_000, sql))

    with connection.execute_wrapper(note):
        begun = time.perf_counter()
        response = client.get(url)
        spent = (time.perf_counter() - begun) * 1_000
    if response.status_code != 200:
        raise RuntimeError(f"answered {response.status_code}")
    return spent, statements


def p95(numbers: list[float]) -> float:
    return sorted(numbers)[int(len(numbers) * 0.95)]


def clients() -> dict[str, Any]:
    """Who asks -> a signed-in client whose requests have the web's rights."""
    from django.db import connection
    from django.test import Client

    from collectors.models import Account
    from iamdash.access.database import WEB
    from iamdash.access.models import Operator, Role

    class Web(Client):
        def request(self, **environ: Any) -> Any:
            with connection.cursor() as cursor:
                cursor.execute(f"set role {WEB}")
            try:
                return super().request(**environ)
            finally:
                with connection.cursor() as cursor:
                    cursor.execute("reset role")

    made = {}
    for who, everybody in (("all accounts", True), (f"{SOME} accounts", False)):
        operator = Operator.objects.create_user(who, role=Role.ADMIN, all_accounts=everybody)
        operator.accounts.set([] if everybody else Account.objects.order_by("pk")[:SOME])
        made[who] = Web(headers={"host": "127.0.0.1"})
        made[who].force_login(operator)
    return made


def pages() -> list[Page]:
    """Every page without parameters, and those of the largest account, with the URL parameters that matter."""
    from django.db.models import Count

    from collectors.models import AccessKey, Account, Policy, Principal
    from findings.models import Finding, Review
    from iamdash.pages.urls import urlpatterns

    largest = Account.objects.annotate(n=Count("principal")).order_by("-n")[0]
    of = {"account": largest}
    role = Principal.objects.filter(**of, type="role", posture__worst=5).order_by("pk")[0]
    key, policy = AccessKey.objects.filter(**of)[0], Policy.objects.filter(**of)[0]
    finding = Finding.objects.filter(**of, resolved_at=None).order_by("-severity")[0]
    review = Review.objects.get()
    found = [
        Page("a finding", f"/findings/{finding.pk}/"),
        Page("a role", f"/principals/{largest.aws_id}/{role.unique_id}/"),
        Page("a key", f"/keys/{largest.aws_id}/{key.unique_id}/"),
        Page("a policy", f"/policies/{largest.aws_id}/{policy.unique_id}/"),
        Page("an account", f"/accounts/{largest.aws_id}/"),
        Page("findings of the largest account", f"/findings/?account={largest.aws_id}"),
        Page("findings, resolved", "/findings/?tab=resolved"),
        Page("findings, all", "/findings/?tab=all"),
        Page("findings of a rule, critical", f"/findings/?rule={finding.code}&severity=critical"),
        Page("findings, searched", "/findings/?q=role-777"),
        Page("findings, searched for what all have", "/findings/?q=role"),
        Page("changes, searched", "/activity/changes/?q=role-777"),
        Page("changes by hand", "/activity/changes/?how=hand"),
        Page("items of a review", f"/reviews/{review.pk}/items/"),
        Page("a framework", "/rules/frameworks/cis-v5/"),
        Page("a control", "/rules/frameworks/cis-v5/1.11/"),
        Page("activity, an address", "/activity/?q=198.51.100.7"),
        Page("activity, searched", "/activity/?q=session-77"),
        Page("findings, accepted", "/findings/?tab=accepted"),
        Page("overview of a year", "/?days=180"),
        Page("overview of the largest account", f"/?account={largest.aws_id}"),
    ]
    routes = {one.name: str(one.pattern) for one in urlpatterns}
    plain = (Page(name, f"/{route}") for name, route in routes.items() if "<" not in route and name not in PROBES)
    return found + list(plain)


def reconciled() -> Figure:
    """All accounts judged again, with nothing changed: what is stored compared with what the judgement says."""
    from collectors.models import Account
    from findings.engine.reconcile import reconcile

    spent, n = 0.0, 0
    for account in Account.objects.all():
        judgement = the_same(account)
        begun = time.perf_counter()
        _, counts = reconcile(account, judgement)
        spent += time.perf_counter() - begun
        n += counts["open"]
        if changed := {name: counts[name] for name in ("opened", "resolved", "changed", "severity") if counts[name]}:
            raise RuntimeError(f"{account}: {changed}, and nothing had changed")
    return Figure(f"reconcile {n:,} open findings of all accounts", spent, "s", "limit", RECONCILE, 1)


def the_same(account: Any) -> Any:
    """A judgement that says of the account what is stored."""
    from benchmarks.years import NOW
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
