"""Verdicts against stored findings: what opened, reopened, changed, resolved. Queries do not grow with the findings.

From one judgement to the next hardly anything differs: rows tell what does, and only that is read again, as objects, and written.

A finding resolves only when the rule had every source it needs and says clear, no longer applies, or lists all
subjects and this one is not among them. Unknown leaves a finding as it is. A finding of a code that no rule has is
left alone too: an older worker must not close what a newer one opened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from collectors.models import Account
from findings.engine import work
from findings.engine.stored import Kept, Known, Row, rows
from findings.models import Finding, FindingEvent
from findings.rules.judgement import Identity, Judgement
from findings.vocabulary import Verdict

BATCH = 500
FACTS = ("title", "evidence", "severity", "subject_name", "subject_arn")
INTERVAL = ("status", "opened_at", "resolved_at", "resolved_why", "reopened")
Event = FindingEvent.Kind


@dataclass
class Plan:
    """What to write. touched: only facts differ; moved: the interval began or ended too; worked: what people decided differs."""

    new: list[Finding] = field(default_factory=list)
    touched: list[Finding] = field(default_factory=list)
    moved: list[Finding] = field(default_factory=list)
    worked: list[Finding] = field(default_factory=list)
    events: list[FindingEvent] = field(default_factory=list)

    def tell(self, finding: Finding, kind: Event, at: datetime, **detail: Any) -> None:
        self.events.append(FindingEvent(account=finding.account, finding=finding, at=at, kind=kind, detail=detail))


def reconcile(account: Account, judged: Judgement) -> tuple[list[Known], dict[str, int]]:
    """Write the difference, inside the caller's transaction and under the account's lock.

    Returns the account's findings that were unresolved before it or are so now, as they now are, and counts
    {event kind: n, "open": unresolved findings}.
    """
    kept, differing = _compared(account, judged)
    stored = _stored(account, judged, kept.keys(), differing)
    plan = Plan()
    for identity in sorted(judged.opens.keys() - kept.keys()):
        finding, verdict = stored.get(identity), judged.opens[identity]
        if finding is None:
            plan.new.append(stored.setdefault(identity, _opened(account, verdict, judged.facts.as_of, plan)))
        else:
            finding.account = account
            _still_open(finding, verdict, judged.facts.as_of, plan)
    for identity, finding in sorted(stored.items()):
        if finding.resolved_at is None and identity not in judged.opens:
            finding.account = account
            _perhaps_resolved(finding, identity, judged, plan)
    if stored:
        plan.worked = [f for f in work.follow(account, judged, stored.values(), plan.tell) if f.pk]
    _write(plan)
    now: list[Known] = [*kept.values(), *stored.values()]
    counts = {kind.value: sum(e.kind == kind for e in plan.events) for kind in Event}
    return now, counts | {"open": sum(one.resolved_at is None for one in now)}


def _compared(account: Account, judged: Judgement) -> tuple[dict[Identity, Kept], list[int]]:
    """The unresolved findings that stay just as they are stored, and the keys of the other ones."""
    decided = work.Decided(account, judged)
    kept, differing = {}, []
    for row in rows(account, decided.days):
        if _says_the_same(judged, row) and decided.says(row):
            kept[row.identity] = Kept(row.code, row.subject_id, row.practice, row.severity, row.status)
        else:
            differing.append(row.pk)
    return kept, differing


def _says_the_same(judged: Judgement, row: Row) -> bool:
    verdict = judged.opens.get(row.identity)
    if verdict is None:
        return _resolution(row.identity, judged) is None
    subject = verdict.subject
    return (
        (row.title, row.severity) == (verdict.title, verdict.severity)
        and (row.subject_name, row.subject_arn) == (subject.name, subject.arn)
        and row.evidence == verdict.evidence
    )


def _stored(
    account: Account, judged: Judgement, kept: Set[Identity], differing: Collection[int]
) -> dict[Identity, Finding]:
    """What differs, and what was resolved and is at fault again: of two years most is over, and stays so."""
    found = {}
    if differing:
        found = {_identity(f): f for f in Finding.objects.filter(account=account, pk__among=differing)}
    if missing := judged.opens.keys() - kept - found.keys():
        over = Finding.objects.filter(account=account, resolved_at__isnull=False)
        again = over.filter(subject_id__in={subject for _, subject, _ in missing})
        found |= {identity: f for f in again if (identity := _identity(f)) in missing}
    return found


def _identity(finding: Finding) -> Identity:
    return finding.code, finding.subject_id, finding.part


def _told(verdict: Verdict) -> dict[str, Any]:
    """What a verdict says in a finding's columns; the keys are FACTS."""
    return {
        "title": verdict.title,
        "evidence": dict(verdict.evidence),
        "severity": int(verdict.severity),
        "subject_name": verdict.subject.name,
        "subject_arn": verdict.subject.arn,
    }


def _opened(account: Account, verdict: Verdict, at: datetime, plan: Plan) -> Finding:
    finding = Finding(
        account=account,
        code=verdict.rule.code,
        practice=verdict.rule.practice.prefix,
        subject_type=verdict.subject.type,
        subject_id=verdict.subject.id,
        part=verdict.part,
        first_opened_at=at,
        opened_at=at,
        **_told(verdict),
    )
    plan.tell(finding, Event.OPENED, at, severity=int(verdict.severity))
    return finding


def _still_open(finding: Finding, verdict: Verdict, at: datetime, plan: Plan) -> None:
    told = _told(verdict)
    before = {name: getattr(finding, name) for name in FACTS}
    for name, value in told.items():
        setattr(finding, name, value)
    if finding.resolved_at is not None:
        finding.status, finding.resolved_at, finding.resolved_why = Finding.Status.OPEN, None, ""
        finding.opened_at, finding.reopened, finding.accepted_for = at, finding.reopened + 1, timedelta()
        plan.moved.append(finding)
        plan.tell(finding, Event.REOPENED, at, severity=finding.severity)
    elif before != told:
        plan.touched.append(finding)
        if before["severity"] != told["severity"]:
            plan.tell(finding, Event.SEVERITY, at, **{"from": before["severity"], "to": told["severity"]})
        if (before["title"], before["evidence"]) != (told["title"], told["evidence"]):
            plan.tell(finding, Event.CHANGED, at, title=before["title"], evidence=before["evidence"])


def _perhaps_resolved(finding: Finding, identity: Identity, judged: Judgement, plan: Plan) -> None:
    resolution = _resolution(identity, judged)
    if resolution is None:
        return
    at, (why, reason) = judged.facts.as_of, resolution
    finding.status, finding.resolved_at, finding.resolved_why = Finding.Status.RESOLVED, at, why
    plan.moved.append(finding)
    plan.tell(finding, Event.RESOLVED, at, why=why, reason=reason)


def _resolution(identity: Identity, judged: Judgement) -> tuple[Finding.Why, str] | None:
    """Why a finding that no verdict tells is over, and the verdict's reason; None where it is not known to be."""
    code, subject, _ = identity
    whole_subject = (code, subject, "")
    if code not in judged.rules or judged.missing[code]:
        return None
    if identity in judged.unknowns or whole_subject in judged.unknowns:
        return None
    if clear := judged.clears.get((code, subject)):
        return Finding.Why.CLEAR, clear.reason
    if (code, subject) in judged.open_subjects:  # another part of the same fault is still there
        return Finding.Why.CLEAR, ""
    if any(subject in judged.present[kind] for kind in judged.rules[code].subjects):
        return Finding.Why.NOT_APPLICABLE, ""
    return Finding.Why.SUBJECT_GONE, ""


def _write(plan: Plan) -> None:
    Finding.objects.bulk_create(plan.new, BATCH)
    _update(plan.touched, FACTS)
    moved = {finding.pk for finding in plan.moved}
    _update(plan.moved, FACTS + INTERVAL + work.COLUMNS[1:])
    _update((finding for finding in plan.worked if finding.pk not in moved), work.COLUMNS)
    FindingEvent.objects.bulk_create(plan.events, BATCH)


def _update(findings: Iterable[Finding], fields: Iterable[str]) -> None:
    """In the order of ids, so that two writers cannot wait for each other."""
    Finding.objects.bulk_update(sorted(findings, key=lambda f: f.pk), fields, BATCH)
