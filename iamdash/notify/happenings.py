"""What happened to findings that somebody may want to be told: events, and dates that passed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from findings.models import Finding, FindingEvent
from findings.vocabulary import Severity
from iamdash.notify.content import Item
from iamdash.notify.vocabulary import WATCHING, Kind

STALE = "MO116"  # its finding stays open while one permission after the other is lost
TELLING = Q(kind__in=["opened", "reopened", "severity", "expired", "ended"]) | Q(kind="changed", finding__code=STALE)
OLD = timedelta(days=7)  # what a replay puts into the past is no news
MADE = ("opened", "reopened")


@dataclass(frozen=True)
class Happening:
    """event: None for an overdue date. before: the severity that was raised."""

    event: int | None
    kinds: frozenset[Kind]
    at: datetime
    finding: Finding
    before: Severity | None = None

    @property
    def order(self) -> tuple[bool, int, datetime]:
        """Lost monitoring first, since it hides the rest; then the worst."""
        return Kind.MONITORING not in self.kinds, -self.finding.severity, self.at

    def item(self, owner: str) -> Item:
        one = self.finding
        return Item(
            event=self.event,
            kinds=tuple(sorted(self.kinds)),
            at=self.at.isoformat(),
            finding=one.pk,
            code=one.code,
            severity=Severity(one.severity).slug,
            title=one.title,
            status=one.status,
            account_id=one.account.aws_id,
            account_name=one.account.name,
            subject_type=one.subject_type,
            subject_id=one.subject_id,
            subject_name=one.subject_name,
            subject_arn=one.subject_arn,
            before=self.before.slug if self.before else "",
            due_at=one.due_at.isoformat() if one.due_at else "",
            owner=owner,
        )


def of_events(events: QuerySet[FindingEvent], now: datetime) -> list[Happening]:
    """Those that somebody may want to be told. What is accepted by now is no news, and what came of a replay is none."""
    rows = events.select_related("finding__account").defer("finding__evidence")
    found = (_of_event(event) for event in rows if now - event.at < OLD)
    return [one for one in found if one.kinds and one.finding.status != Finding.Status.ACCEPTED]


def _of_event(event: FindingEvent) -> Happening:
    kinds = _kinds(event)
    before = Severity(event.detail["from"]) if Kind.WORSE in kinds else None
    return Happening(event.pk, kinds, event.at, event.finding, before)


def _kinds(event: FindingEvent) -> frozenset[Kind]:
    finding, found = event.finding, set[Kind]()
    if event.kind == FindingEvent.Kind.OPENED:
        found.add(Kind.NEW)
    if event.kind in (FindingEvent.Kind.REOPENED, FindingEvent.Kind.EXPIRED) or _left(event):
        found.add(Kind.REOPENED)
    if _raised(event):
        found.add(Kind.WORSE)
    if (event.kind in MADE and finding.code in WATCHING) or _lost_more(event):
        found.add(Kind.MONITORING)
    return frozenset(found)


def _raised(event: FindingEvent) -> bool:
    detail, known = event.detail, set(Severity)
    if event.kind != FindingEvent.Kind.SEVERITY or not known >= {detail.get("from"), detail.get("to")}:
        return False
    return bool(detail["to"] > detail["from"])


def _left(event: FindingEvent) -> bool:
    """Whether it left its acceptance by itself: it got worse, or out of its scope."""
    return event.kind == FindingEvent.Kind.ENDED and event.detail.get("why") in ("severity", "scope")


def _lost_more(event: FindingEvent) -> bool:
    """Whether a source lost a permission that it still had when the finding was last told."""
    if event.kind != FindingEvent.Kind.CHANGED:
        return False
    return bool(_lost(event.finding.evidence) - _lost(event.detail.get("evidence")))


def _lost(evidence: Any) -> set[str]:
    return set((evidence or {}).get("lost_permissions") or ())
