"""What a planned change does to the findings and permissions of an account, for `manage.py judge --plan`."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from collectors import records
from findings.analysis.facts import Facts
from findings.analysis.planned import cloudformation, terraform
from findings.analysis.planned.changes import Plan, PlanError
from findings.analysis.planned.draft import apply
from findings.analysis.planned.template_text import load
from findings.analysis.planned.widened import Widening, widenings
from findings.management.accounts import printable
from findings.rules.compare import Difference, Turn, compare
from findings.rules.judgement import judge_facts
from findings.vocabulary import Verdict

LARGEST = 100_000_000  # bytes of a plan
BINARY = b"PK\x03\x04"  # a plan as Terraform keeps it is a zip
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}  # PowerShell's `>`
CONVERT = "`terraform show -json tfplan > tfplan.json` makes one"


@dataclass(frozen=True, slots=True)
class Outcome:
    """notes: what of the plan stays unknown, was not understood, or is taken for granted: a kind, and a sentence."""

    account: str
    differences: tuple[Difference, ...]
    widenings: tuple[Widening, ...]
    notes: tuple[tuple[str, str], ...]

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What the plan brings: the verdicts that a --fail-on asks about."""
        return tuple(d.verdict for d in self.differences if d.turn is not Turn.CLOSES)

    @property
    def unknown(self) -> bool:
        """Whether something of the plan cannot be judged."""
        return any(kind in ("unresolved", "not understood") for kind, _ in self.notes) or any(
            widening.unknown for widening in self.widenings
        )


def outcome(file: Path, before: Facts) -> Outcome:
    """Raises PlanError when the file cannot be read as a plan or template."""
    try:
        plan = read(file, before.snapshot.account_id, before.snapshot.partition)
        drafted = apply(plan, before.snapshot)
    except RecursionError:
        raise PlanError("It nests too deeply to be read.") from None
    after = Facts(drafted.snapshot, before.settings, before.guardrails, drafted.unreadable)
    differences = tuple(compare(judge_facts(before), judge_facts(after)))
    notes = [
        *(("unresolved", note) for note in (*plan.unresolved, *drafted.notes)),
        *(("not understood", note) for note in plan.not_understood),
        *(("assumed", note) for note in plan.assumed),
    ]
    if plan.passed_over:
        notes.append(("not looked at", f"No identities: {', '.join(plan.passed_over)}."))
    return Outcome(before.snapshot.account_id, differences, tuple(widenings(before, after)), tuple(notes))


def read(file: Path, account_id: str, partition: str) -> Plan:
    text = _text(file)
    if not text.lstrip().startswith(("{", "[")):
        return cloudformation.read(load(text), account_id, partition)
    try:
        raw = records.clean(json.loads(text))
    except ValueError as error:
        raise PlanError(_no_json(text, error)) from error
    if isinstance(raw, Mapping) and "Resources" in raw and "format_version" not in raw:
        return cloudformation.read(load(text), account_id, partition)
    if isinstance(raw, Mapping) and not raw.keys() & {"format_version", "resource_changes", "terraform_version"}:
        raise PlanError(
            "It is neither a Terraform plan, which has a format_version, nor a CloudFormation template, which has Resources;"
            f" {CONVERT}."
        )
    return terraform.read(raw, account_id, partition)


def _text(file: Path) -> str:
    try:
        if (size := file.stat().st_size) > LARGEST:
            raise PlanError(
                f"It has {size:,} bytes; {LARGEST:,} are the most that is read. Split the plan with -target."
            )
        content = file.read_bytes()
        encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
        if content.startswith(BINARY):
            raise PlanError(f"It is a plan as Terraform keeps it, not as JSON; {CONVERT}.")
        text = content.decode(encoding)
    except OSError as error:
        raise PlanError(f"It cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise PlanError(f"It is no text in UTF-8 ({error.reason} at byte {error.start:,}).") from error
    if not text.strip():
        raise PlanError(f"It is empty; {CONVERT}.")
    return text


def _no_json(text: str, error: ValueError) -> str:
    if '"@level"' in text[:200]:
        return f"It is the log of `terraform plan -json`, not the plan; {CONVERT}."
    return f"It is no JSON: {error}. Was it cut? {CONVERT}."


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
    for kind, note in found.notes:
        yield json.dumps({**base, "change": "note", "kind": kind, "note": note})


def table(bundle: str, found: Outcome) -> Iterator[str]:
    yield printable(f"{bundle}  account {found.account}, as it would be after the plan")
    told = [d for d in found.differences if d.turn is not Turn.UNKNOWN]
    for turn, v in ((d.turn, d.verdict) for d in told):
        yield printable(f"  {turn.capitalize():15} {v.severity.label:9} {v.rule.code} {v.rule.slug:28} {v.title}")
    for name, some in _unknown(found.differences).items():
        rules = ", ".join(v.rule.code for v in some)
        yield printable(f"  {Turn.UNKNOWN.capitalize():15} {name}: {some[0].reason} ({rules})")
    for words, some in _alike(found.widenings).items():
        more = f" (and {len(some) - 1} more)" if len(some) > 1 else ""
        new = "new " if some[0].new else ""
        yield printable(f"  {'Widens':15} {new}{some[0].kind} {some[0].name}{more}: {words}")
    for kind, note in found.notes:
        yield printable(f"  {kind.capitalize():15} {note}")
    opened = sum(d.turn is Turn.OPENS for d in found.differences)
    closed = sum(d.turn is Turn.CLOSES for d in found.differences)
    yield f"  opens {opened}, closes {closed}, widens {len(found.widenings)}"


def _unknown(differences: tuple[Difference, ...]) -> dict[str, list[Verdict]]:
    """By subject: what cannot be read of it is unknown to many rules."""
    found: dict[str, list[Verdict]] = {}
    for verdict in (d.verdict for d in differences if d.turn is Turn.UNKNOWN):
        found.setdefault(f"{verdict.subject.type} {verdict.subject.name}", []).append(verdict)
    return found


def _alike(widenings: tuple[Widening, ...]) -> dict[str, list[Widening]]:
    """A policy that many have widens all of them in the same way: one line."""
    found: dict[str, list[Widening]] = {}
    for widening in widenings:
        found.setdefault(_words(widening), []).append(widening)
    return found


def _words(w: Widening) -> str:
    parts = [f"{n} {level.lower()}" for level, n in w.gained.items()]
    said = [f"gains {', '.join(parts)} actions ({', '.join(w.examples[:4])})"] if parts else []
    said += [f"by: {', '.join(w.causes[:3])}"] if w.causes else []
    said += [f"newly trusts {', '.join(w.admits)}"] if w.admits else []
    said += [f"unknown: {w.unknown}"] if w.unknown else []
    return "; ".join(said)
