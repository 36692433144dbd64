"""A framework for an auditor: a line for each account and control, with the evidence and its age."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from collectors.models import Account
from findings.frameworks import Control, Framework, State
from findings.frameworks.evidence import Evidence, evidence
from findings.frameworks.states import Verdict
from iamdash.pages.exports import Fields

BATCH = 50  # accounts whose evidence is in memory at once
FORMS = {"CSV": "csv", "JSON": "json", "JSON lines": "jsonl"}


@dataclass(frozen=True)
class Line:
    """on: the past day at whose end it stood so; None: now."""

    framework: Framework
    control: Control
    account: Account
    verdict: Verdict
    evidence: Evidence
    on: date | None = None

    @property
    def faults(self) -> tuple[int, int]:
        return self.evidence.standings[self.account.pk].faults(self.control)

    @property
    def rules(self) -> list[dict[str, object]]:
        """What each rule that answers says; subjects and clear are of the whole rule, also where a part of it answers."""
        standing = self.evidence.standings[self.account.pk]
        return [
            {
                "rule": answer.code,
                "name": answer.rule.slug,
                "parts": list(answer.only.parts),
                "subjects": seen.subjects if seen.judged else None,
                "clear": seen.clear if seen.judged else None,
                "unknown": seen.unknown if seen.judged else None,
                "open": seen.open,
                "accepted": seen.accepted,
            }
            for answer in self.control.answers
            if not answer.concern
            for seen in (standing.seen(answer),)
        ]

    @property
    def settings(self) -> dict[str, object]:
        """Those that decide what a fault is here, beside what the control says itself."""
        mine = self.evidence.standings[self.account.pk].settings
        plain = {name: mine[name] for name in self.control.asked.limits}
        return {name: sorted(one) if isinstance(one, frozenset) else one for name, one in plain.items()}

    @property
    def coverage(self) -> list[dict[str, object]]:
        read = self.evidence.reads(self.account.pk, self.control)
        return [
            {"api": one.api, "state": one.state, "complete_at": one.complete_at and one.complete_at.isoformat()}
            for one in read
        ]

    @property
    def exceptions(self) -> list[dict[str, object]]:
        return [
            {"findings": one.n, "reason": one.reason, "owner": one.owner, "by": one.by, "until": one.until.isoformat()}
            for one in self.evidence.excepted(self.account.pk, self.control)
        ]


FIELDS: Fields = {
    "framework": lambda x: x.framework.title,
    "control": lambda x: x.control.ref,
    "asks": lambda x: x.control.asked.what,
    "account": lambda x: x.account.aws_id,
    "account_name": lambda x: x.account.name,
    "on": lambda x: x.on and x.on.isoformat(),
    "state": lambda x: x.verdict.state.value,
    "accepted": lambda x: x.verdict.accepted,
    "why": lambda x: "; ".join(x.verdict.why),
    "findings_open": lambda x: x.faults[0],
    "findings_accepted": lambda x: x.faults[1],
    "exceptions": lambda x: x.exceptions,
    "rules": lambda x: x.rules,
    "differs": lambda x: x.control.asked.part,
    "asked_for": lambda x: dict(x.control.asked.limits),
    "judged_by": lambda x: x.settings,
    "data_from": lambda x: x.evidence.oldest(x.account.pk, x.control),
    "coverage": lambda x: x.coverage,
}


def lines(
    framework: Framework, accounts: Sequence[Account], state: State | None, on: date | None = None
) -> Iterator[Line]:
    """Account by account. state: these alone."""
    controls = list(framework.controls.values())
    for first in range(0, len(accounts), BATCH):
        some = accounts[first : first + BATCH]
        found = evidence(some, controls, on)
        for account in some:
            for control in controls:
                verdict = found.standings[account.pk].of(control)
                if state in (None, verdict.state):
                    yield Line(framework, control, account, verdict, found, on)
