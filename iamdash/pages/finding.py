"""One finding: what is wrong, by what evidence, why it matters, how to fix it, and what nobody can know."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from collectors.models import Coverage
from collectors.models.coverage import together
from findings.models import Finding, FindingCount, FindingEvent, Note, PermissionSetRole
from findings.models.decided import STANDS
from findings.rules import registry
from findings.vocabulary import LISTED_BY, Severity, SubjectType
from iamdash.access.models import Role
from iamdash.access.prepared import prepared
from iamdash.pages import show, tickets
from iamdash.pages.findings import OPEN, answers, due, last_day
from iamdash.pages.grouped import owner
from iamdash.pages.paths import in_evidence
from iamdash.pages.subjects import FixedAt, SameRole, fix_place, same_role, subject_url
from iamdash.pages.work_forms import AssignForm, NoteForm

ENDED = {
    "ended": "the acceptance was ended",
    "severity": "it is worse than what was accepted",
    "scope": "the acceptance does not reach it any more",
}
SHOWN_SECTIONS = ("Why it matters", "How to fix", "What it cannot know", "References")


@require_safe
@prepared()
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    finding = get_object_or_404(Finding.objects.select_related("account", "acceptance"), pk=pk)
    entry = registry.catalogue().get(finding.code)
    rule = entry.rule if entry else None
    apis = {LISTED_BY.get(SubjectType(finding.subject_type), ""), *(rule.sources if rule else ())}
    elsewhere = Finding.objects.filter(OPEN, code=finding.code).exclude(account=finding.account_id)
    if place := fix_place(finding):
        elsewhere = elsewhere.filter(FixedAt().where([place]))
    role = "" if place else same_role(finding)
    context = {
        "finding": finding,
        "rule": rule,
        "sections": [(s, rule.sections[s]) for s in SHOWN_SECTIONS] if rule else [],
        "evidence": [(name, value(said)) for name, said in in_evidence(finding.evidence).items()],
        "events": [
            (event, event_words(event)) for event in finding.events.select_related("finding").order_by("-at", "-pk")
        ],
        "coverage": together(
            Coverage.objects.filter(account=finding.account_id, api__in=apis).order_by("api", "region")
        ),
        "elsewhere": elsewhere.count() if place else in_other_accounts(finding),
        "role": role,
        "on_role": elsewhere.filter(SameRole().where([role])).values("account").distinct().count() if role else 0,
        "place": place,
        "beside": Finding.objects.filter(OPEN, account=finding.account_id, subject_id=finding.subject_id)
        .exclude(pk=finding.pk)
        .order_by("-severity", "-opened_at")[:10],
        "subject_url": subject_url(request, finding),
        "made_by": permission_set(finding),
        **work(finding, request),
        **tickets.of_finding(finding),
    }
    return render(request, "findings/detail.html", context)


def in_other_accounts(finding: Finding) -> int:
    """Open findings of its rule."""
    counted = FindingCount.objects.filter(code=finding.code, status=Finding.Status.OPEN).exclude(
        account=finding.account_id
    )
    return int(counted.aggregate(n=Sum("n", default=0))["n"])


def work(finding: Finding, request: HttpRequest) -> dict[str, Any]:
    """What people decided of it, and what this operator may do."""
    may_work = request.user.may(Role.ANALYST)
    same = {"account": finding.account_id, "code": finding.code, "subject_id": finding.subject_id, "part": finding.part}
    return {
        "answers": answers(finding, owner(finding.account)),
        "accepted_until": last_day(finding.acceptance) if finding.acceptance else None,
        "due": due(finding) if finding.due_at else "",
        "notes": Note.objects.filter(STANDS, **same).order_by("-set_at", "-pk"),
        "assign": AssignForm(initial={"to": finding.assignee}) if may_work else None,
        "note": NoteForm() if may_work else None,
        "may_work": may_work,
        "may_accept": may_work and finding.resolved_at is None,
    }


def permission_set(finding: Finding) -> PermissionSetRole | None:
    """Of a role that Identity Center made, what is to be changed in its place."""
    if finding.subject_type != SubjectType.ROLE or "change_in" not in finding.evidence:
        return None
    rows = PermissionSetRole.objects.filter(account=finding.account_id, role__unique_id=finding.subject_id)
    return rows.first()


def value(said: Any) -> SafeString:
    """One value of the evidence. Times are recognized: evidence holds them as ISO texts."""
    if said is None or said == "" or said == []:
        return format_html('<span class="muted">{}</span>', "none recorded")
    if isinstance(said, bool):
        return format_html("{}", "yes" if said else "no")
    if isinstance(said, list) and len(said) == 1:
        return value(said[0])
    if isinstance(said, list):
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((value(one),) for one in said)))
    if isinstance(said, str):
        at = moment(said)
        return format_html("{} ({})", f"{at:%Y-%m-%d %H:%M} UTC", show.ago(at, focus=True)) if at else show.name(said)
    return format_html("{}", said)


def moment(text: str) -> datetime | None:
    """An aware ISO time, else None."""
    if len(text) < 20 or text[4:5] != "-" or text[10:11] not in ("T", " "):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def event_words(event: FindingEvent) -> str:
    detail: Mapping[str, Any] = event.detail
    match event.kind:
        case FindingEvent.Kind.RESOLVED:
            why = dict(Finding.Why.choices).get(detail.get("why", ""), "")
            return ": ".join(part for part in ("Resolved", why, detail.get("reason", "")) if part)
        case FindingEvent.Kind.SEVERITY:
            return f"Severity changed from {_level(detail.get('from'))} to {_level(detail.get('to'))}"
        case FindingEvent.Kind.ACCEPTED:
            said = f"Accepted by {detail.get('by', '')} until {detail.get('until', '')}"
            return f"{said}: {detail.get('reason', '')}"
        case FindingEvent.Kind.ENDED:
            return f"Open again: {ENDED.get(detail.get('why', ''), 'the acceptance ended')}{_by(detail)}"
        case FindingEvent.Kind.EXPIRED:
            return "Open again: the acceptance expired"
        case FindingEvent.Kind.ASSIGNED:
            return f"Assigned to {detail.get('to') or 'whoever owns the account'}{_by(detail)}"
        case FindingEvent.Kind.NOTED:
            return f"Note written{_by(detail)}"
        case FindingEvent.Kind.CHANGED:
            before = detail.get("title", "")
            return (
                f"The facts changed. Before: {before}"
                if before not in ("", event.finding.title)
                else "The facts changed"
            )
        case _:
            level = f" as {_level(detail['severity'])}" if "severity" in detail else ""
            return f"{FindingEvent.Kind(event.kind).label}{level}"


def _by(detail: Mapping[str, Any]) -> str:
    return f", by {detail['by']}" if detail.get("by") else ""


def _level(number: Any) -> str:
    return Severity(number).label.lower() if number in set(Severity) else "unknown"
