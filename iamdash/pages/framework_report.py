"""A framework on paper: each control with its state and its evidence, for whoever asks for proof."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from collectors.models import Account
from findings.frameworks import Answer, Control, Framework, State
from findings.frameworks.answering import answered_by, bucket, where
from findings.frameworks.evidence import Evidence, evidence
from findings.frameworks.standing import Standing, Tally, standings
from findings.frameworks.states import Seen
from findings.models import Finding
from iamdash.pages import framework_scope, show
from iamdash.pages.framework_control import judged_by
from iamdash.pages.framework_scope import Scoped, framework_of
from iamdash.pages.frameworks import summary

NAMED = 10  # findings or accounts that a control names
TROUBLED = (State.FAILED, State.UNKNOWN)


@dataclass(frozen=True)
class Checked:
    """What a rule checked in several accounts. judged: in how many of them it judged."""

    answer: Answer
    accounts: int
    judged: int
    subjects: int
    clear: int
    unknown: int

    @property
    def unjudged(self) -> int:
        return self.accounts - self.judged


@dataclass(frozen=True)
class Entry:
    """A control. Of several accounts names: those that have trouble, by state, with how many more; others: how many stand in each
    other state; checked: what its rules saw there. Of one its findings and evidence."""

    control: Control
    tally: Tally
    names: list[tuple[State, list[str], int]]
    others: list[tuple[State, int]]
    checked: list[Checked]
    findings: list[Finding]
    one: Account | None
    evidence: Evidence | None

    @property
    def why(self) -> tuple[str, ...]:
        if self.one and self.evidence:
            return self.evidence.standings[self.one.pk].of(self.control).why
        return (self.control.asked.lacks.replace("`", ""),) if not self.control.answers else ()

    @property
    def more(self) -> int:
        return self.tally.findings + self.tally.findings_accepted - len(self.findings) if self.one else 0

    @property
    def seen(self) -> list[tuple[Any, Any]]:
        mine = self.evidence.standings[self.one.pk] if self.one and self.evidence else None
        return [(answer, mine.seen(answer)) for answer in self.control.answers if not answer.concern] if mine else []

    @property
    def excepted(self) -> list[Any]:
        return self.evidence.excepted(self.one.pk, self.control) if self.one and self.evidence else []

    @property
    def oldest(self) -> Any:
        return self.evidence.oldest(self.one.pk, self.control) if self.one and self.evidence else None

    @property
    def settings(self) -> dict[str, str]:
        mine = self.evidence.standings[self.one.pk] if self.one and self.evidence else None
        return judged_by(self.control, mine.settings) if mine else {}


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    framework, scope = framework_of(slug), framework_scope.read(request)
    entries = {entry.control: entry for entry in _entries(framework, scope)}
    tallies = {control: entry.tally for control, entry in entries.items()}
    context = {
        "framework": framework,
        "scope": scope,
        "now": timezone.now(),
        "tabs": summary(scope, framework, tallies),
        "n_accounts": len(scope.seen),
        "sections": [(title, [entries[control] for control in some]) for title, some in framework.by_section()],
        "framework_url": show.address(request, "rules-framework", slug, **scope.scope()),
    }
    return render(request, "frameworks/report.html", context)


def _entries(framework: Framework, scope: Scoped) -> list[Entry]:
    controls = list(framework.controls.values())
    found = evidence([scope.one], controls, scope.on) if scope.one else None
    stand = found.standings if found else standings(scope.seen, controls, then=scope.then(controls))
    findings = _findings(scope, scope.one, controls) if scope.one else {}
    made = []
    for control in controls:
        tally, by_state = Tally(), defaultdict(list)
        for account in scope.seen:
            verdict = stand[account.pk].of(control)
            tally.add(verdict, stand[account.pk].faults(control))
            by_state[verdict.state].append(account.name)
        names = [(s, by_state[s][:NAMED], len(by_state[s])) for s in TROUBLED if by_state[s]]
        others = [(s, len(by_state[s])) for s in State if by_state[s] and s not in TROUBLED]
        if scope.one or not control.answers:
            made.append(Entry(control, tally, [], [], [], findings.get(control, []), scope.one, found))
        else:
            made.append(Entry(control, tally, names, others, _checked(control, stand), [], None, None))
    return made


def _checked(control: Control, stand: Mapping[int, Standing]) -> list[Checked]:
    return [_by_rule(answer, [one.seen(answer) for one in stand.values()]) for answer in control.judging]


def _by_rule(answer: Answer, some: list[Seen]) -> Checked:
    judged = [one for one in some if one.judged]
    sums = (sum(numbers) for numbers in zip(*((s.subjects, s.clear, s.unknown) for s in judged), strict=True))
    return Checked(answer, len(some), len(judged), *(sums if judged else (0, 0, 0)))


def _findings(scope: Scoped, account: Account, controls: list[Control]) -> Mapping[Control, list[Finding]]:
    """The worst of each control."""
    answers = {answer for control in controls for answer in control.judging}
    rows = Finding.objects.filter(scope.there, where(answers), account=account).defer("evidence")
    found: defaultdict[Control, list[Finding]] = defaultdict(list)
    by_code = defaultdict(list)
    for control in controls:
        for answer in control.judging:
            by_code[answer.code].append((control, answer))
    ordered = rows.annotate(bucket=bucket(answers)).order_by("-severity", "-opened_at", "-pk")
    for finding in ordered.iterator(500):
        for control, answer in by_code[finding.code]:
            if len(found[control]) < NAMED and answered_by(answer, finding.bucket, finding.subject_type):
                found[control].append(finding)
    return found
