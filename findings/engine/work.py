"""What people decided of findings, derived anew by each judgement: accepted or not, until when it is due, whose it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from collectors.models import Account
from findings.engine.accepting import Held
from findings.engine.stored import Row
from findings.models import Acceptance, Assignment, Finding, FindingEvent
from findings.models.decided import STANDS
from findings.rules.judgement import Judgement
from findings.vocabulary import Severity

STATE = attrgetter("status", "acceptance_id", "accepted_at", "accepted_for", "due_at", "assignee")
COLUMNS = ("status", "acceptance", "accepted_at", "accepted_for", "due_at", "assignee")
SECOND = timedelta(seconds=1)  # before the end: most acceptances end at a midnight
Event = FindingEvent.Kind
Tell = Callable[..., None]


class Decided:
    """What people decided of an account's findings, as of a judgement. named: as of `Held`. One query, and those of `Held`."""

    def __init__(self, account: Account, judged: Judgement, named: Iterable[int] = ()) -> None:
        self.held = Held(account, judged.facts, named)
        rows = Assignment.objects.filter(STANDS, account=account).values_list("code", "subject_id", "part", "to")
        self.whose = {(code, subject, part): to for code, subject, part, to in rows}
        self.days = allowed(judged.facts.settings.sla_days)

    def says(self, row: Row) -> bool:
        """Whether the row is as `follow` would leave it; it is not resolved."""
        best = self.held.best(row)
        accepted = row.acceptance_id == (best.pk if best else None)
        return accepted and row.due and row.assignee == self.whose.get(row.identity, "")


def follow(account: Account, judged: Judgement, findings: Iterable[Finding], tell: Tell) -> list[Finding]:
    """Bring findings up to what was decided of them; returns those that changed. tell: as of reconcile.Plan.

    Inside the judgement's transaction. The queries of `Decided`; one more when findings left acceptances.
    """
    at, findings = judged.facts.as_of, list(findings)
    decided = Decided(account, judged, (one.acceptance_id for one in findings if one.acceptance_id))
    changed, left = [], set()
    for finding in findings:
        before = STATE(finding)
        if was := _accept(finding, decided.held, at, tell):
            left.add(was)
        finding.due_at = due(finding, decided.days)
        finding.assignee = decided.whose.get((finding.code, finding.subject_id, finding.part), "")
        if before != STATE(finding):
            changed.append(finding)
    if left:
        Acceptance.objects.filter(pk__in=left).update(last_hid_at=at)
    return changed


def allowed(sla_days: Mapping[str, int]) -> Mapping[int, timedelta]:
    """Severity -> how long a finding of it may be open; absent where no day is named."""
    return {int(s): timedelta(days=sla_days[s.slug]) for s in Severity if sla_days.get(s.slug)}


def due(finding: Finding, days: Mapping[int, timedelta]) -> datetime | None:
    """The time in which it was accepted does not count."""
    if finding.status != Finding.Status.OPEN or finding.severity not in days:
        return None
    return finding.opened_at + days[finding.severity] + finding.accepted_for


def _accept(finding: Finding, held: Held, at: datetime, tell: Tell) -> int | None:
    """Returns the acceptance that it left for no other one."""
    was = finding.acceptance_id
    best = held.best(finding) if finding.resolved_at is None else None
    if best is not None:
        finding.status, finding.acceptance = Finding.Status.ACCEPTED, best
        if was is None:
            finding.accepted_at = at
            tell(finding, Event.ACCEPTED, at, **accepted_by(best))
        return None
    if was is None:
        return None
    finding.accepted_for += max(at - finding.accepted_at, timedelta())
    finding.acceptance = finding.accepted_at = None
    if finding.resolved_at is None:
        finding.status = Finding.Status.OPEN
        kind, detail = _left(finding, held.known[was], at)
        tell(finding, kind, at, **detail)
    return was


def accepted_by(one: Acceptance) -> dict[str, Any]:
    return {
        "acceptance": one.pk,
        "by": one.set_by,
        "reason": one.reason,
        "until": f"{one.expires_at - SECOND:%Y-%m-%d}",
    }


def _left(finding: Finding, one: Acceptance, at: datetime) -> tuple[Event, dict[str, Any]]:
    if one.expires_at <= at:
        return Event.EXPIRED, {"acceptance": one.pk}
    if one.ended_at is not None:
        return Event.ENDED, {"acceptance": one.pk, "why": "ended", "by": one.ended_by}
    return Event.ENDED, {"acceptance": one.pk, "why": "severity" if finding.severity > one.severity else "scope"}
