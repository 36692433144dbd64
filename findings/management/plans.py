"""What a planned change does to the findings and permissions of an account, for `manage.py judge --plan`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from findings.analysis.facts import Facts
from findings.analysis.planned import cloudformation, terraform
from findings.analysis.planned.changes import Plan, PlanError
from findings.analysis.planned.draft import apply
from findings.analysis.planned.widened import Widening, widenings
from findings.management.accounts import printable
from findings.rules.compare import Difference, Turn, compare
from findings.rules.judgement import judge_facts
from findings.vocabulary import Verdict

LARGEST = 100_000_000  # bytes of a plan


@dataclass(frozen=True, slots=True)
class Outcome:
    """notes: what of the plan stays unknown or was not looked at, as sentences."""

    account: str
    differences: tuple[Difference, ...]
    widenings: tuple[Widening, ...]
    notes: tuple[str, ...]

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What the plan brings: the verdicts that a --fail-on asks about."""
        return tuple(d.verdict for d in self.differences if d.turn is not Turn.CLOSES)


def outcome(file: Path, before: Facts) -> Outcome:
    """Raises PlanError when the file cannot be read as a plan or template."""
    plan = read(file, before.snapshot.account_id, before.snapshot.partition)
    drafted = apply(plan, before.snapshot)
    after = Facts(drafted.snapshot, before.settings, before.guardrails, drafted.unreadable)
    differences = tuple(compare(judge_facts(before), judge_facts(after)))
    notes = [*plan.unresolved, *drafted.notes]
    if plan.passed_over:
        notes.append(f"Not looked at, since they are no identities: {', '.join(plan.passed_over)}.")
    return Outcome(before.snapshot.account_id, differences, tuple(widenings(before, after)), tuple(notes))


def read(file: Path, account_id: str, partition: str) -> Plan:
    """A Terraform plan has a format_version; anything else is taken for a template."""
    try:
        if file.stat().st_size > LARGEST:
            raise PlanError(f"It has more than {LARGEST:,} bytes.")
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"It cannot be read: {error}") from error
    if text.lstrip().startswith("{"):
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise PlanError(f"It is no JSON: {error}") from error
        if isinstance(raw, Mapping) and "Resources" not in raw:
            return terraform.read(raw, account_id, partition)
    return cloudformation.read(text, account_id, partition)


def plain(v: Verdict) -> dict[str, Any]:
    return {
        "rule": v.rule.code,
        "slug": v.rule.slug,
        "severity": v.severity.slug,
        "status": v.status.value,
        "subject": {"type": v.subject.type, "id": v.subject.id, "arn": v.subject.arn, "name": v.subject.name},
        "part": v.part,
        "title": v.title,
        "evidence": dict(v.evidence),
        "reason": v.reason,
    }


def lines(bundle: str, found: Outcome) -> Iterator[str]:
    base = {"bundle": bundle, "account": found.account}
    for difference in found.differences:
        yield json.dumps({**base, "change": difference.turn, **plain(difference.verdict)})
    for widening in found.widenings:
        yield json.dumps({**base, "change": "widens", **asdict(widening)})
    for note in found.notes:
        yield json.dumps({**base, "change": "note", "note": note})


def table(bundle: str, found: Outcome) -> Iterator[str]:
    yield printable(f"{bundle}  account {found.account}, as it would be after the plan")
    for difference in found.differences:
        v = difference.verdict
        said = v.title or f"{v.subject.name}: {v.reason}"
        yield printable(
            f"  {difference.turn.capitalize():15} {v.severity.label:9} {v.rule.code} {v.rule.slug:28} {said}"
        )
    for widening in found.widenings:
        yield printable(f"  {'Widens':15} {_words(widening)}")
    for note in found.notes:
        yield printable(f"  {'Note':15} {note}")
    opened = sum(d.turn is Turn.OPENS for d in found.differences)
    closed = sum(d.turn is Turn.CLOSES for d in found.differences)
    yield f"  opens {opened}, closes {closed}, widens {len(found.widenings)}"


def _words(w: Widening) -> str:
    parts = [f"{n} {level.lower()}" for level, n in w.gained.items()]
    said = [f"gains {', '.join(parts)} actions ({', '.join(w.examples[:4])})"] if parts else []
    said += [f"{w.unscoped} actions are no longer limited to resources"] if w.unscoped else []
    said += [f"newly trusts {', '.join(w.admits)}"] if w.admits else []
    said += [f"unknown: {w.unknown}"] if w.unknown else []
    return f"{'new ' if w.new else ''}{w.kind} {w.name}: {'; '.join(said)}"
