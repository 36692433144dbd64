"""One control: what it asks, which rules answer, how it stands in each account, and by what evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from collectors.models import Account
from findings.analysis.setting_fields import DECIDED
from findings.frameworks import Answer, Control, Framework, State
from findings.frameworks.answering import where
from findings.frameworks.evidence import Evidence, Excepted, Read, evidence
from findings.frameworks.standing import standings
from findings.frameworks.states import Seen, Verdict
from findings.models import Finding
from iamdash.pages import framework_scope, show
from iamdash.pages.framework_scope import Scoped, control_of, framework_of
from iamdash.pages.frameworks import Part
from iamdash.pages.written import number

SHOWN = 50  # accounts of a page
LISTED = 20  # findings of one account
ORDER = {state: number for number, state in enumerate(State)}


@dataclass(frozen=True)
class Row:
    """An account. oldest: how old the oldest of what was read for it is."""

    account: Account
    verdict: Verdict
    seen: list[tuple[Answer, Seen]]
    faults: tuple[int, int]
    oldest: datetime | None
    url: str
    findings_url: str
    accepted_url: str


@dataclass(frozen=True)
class Proof:
    """Of the one account that is looked at."""

    row: Row
    reads: list[Read]
    excepted: list[Excepted]
    findings: list[Finding]
    settings: Mapping[str, str]

    @property
    def more(self) -> int:
        return sum(self.row.faults) - len(self.findings)


@require_safe
def page(request: HttpRequest, slug: str, ref: str) -> HttpResponse:
    framework, scope = framework_of(slug), framework_scope.read(request)
    control = control_of(framework, ref)
    context: dict[str, Any] = {"framework": framework, "control": control, "scope": scope}
    context["framework_url"] = show.address(request, "rules-framework", slug, **scope.scope())
    if scope.one:
        context["proof"] = proof(scope, framework, control, scope.one)
    elif control.answers:
        context |= _of_many(scope, framework, control)
    return render(request, "frameworks/control.html", context)


def _of_many(scope: Scoped, framework: Framework, control: Control) -> dict[str, Any]:
    verdicts = {pk: one.of(control) for pk, one in standings(scope.seen, [control], then=scope.then([control])).items()}
    n = Counter(verdict.state for verdict in verdicts.values())
    wanted = [one for one in scope.seen if scope.state in (None, verdicts[one.pk].state)]
    wanted.sort(key=lambda one: ORDER[verdicts[one.pk].state])
    first = number(scope.asked.after) or 0
    some = wanted[first : first + SHOWN]
    found = evidence(some, [control], scope.on)
    return {
        "tabs": [Part(s, n[s], scope.asked.url(state=(s.value,)), s is scope.state) for s in State if n[s]],
        "all_url": scope.asked.url(state=()),
        "n_accounts": len(scope.seen),
        "rows": [row(scope, framework, control, account, found) for account in some],
        "total": len(wanted),
        "next_url": scope.asked.url(after=first + SHOWN) if first + SHOWN < len(wanted) else "",
        "previous_url": scope.asked.url(after=max(0, first - SHOWN)) if first else "",
    }


def row(scope: Scoped, framework: Framework, control: Control, account: Account, found: Evidence) -> Row:
    standing = found.standings[account.pk]
    mine = {"account": account.aws_id} | ({"on": str(scope.on)} if scope.on else {})
    slug = f"{framework.slug}:{control.ref}"
    return Row(
        account,
        standing.of(control),
        [(answer, standing.seen(answer)) for answer in control.answers if not answer.concern],
        standing.faults(control),
        found.oldest(account.pk, control),
        show.address(scope.request, "rules-control", framework.slug, control.ref, **mine),
        scope.open_url(slug, account=account.aws_id),
        scope.accepted_url(slug, account=account.aws_id),
    )


def proof(scope: Scoped, framework: Framework, control: Control, account: Account) -> Proof:
    found = evidence([account], [control], scope.on)
    findings = Finding.objects.filter(scope.there, where(control.judging), account=account)
    settings = found.standings[account.pk].settings
    return Proof(
        row(scope, framework, control, account, found),
        found.reads(account.pk, control),
        found.excepted(account.pk, control),
        list(findings.order_by("-severity", "-opened_at", "-pk")[:LISTED]),
        judged_by(control, settings),
    )


def judged_by(control: Control, settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings of the account that decide what a fault is, by title."""
    return {DECIDED[name].title: DECIDED[name].said(settings[name]) for name in control.asked.limits}
