"""One finding: what is wrong, by what evidence, why it matters, how to fix it, and what nobody can know."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from collectors.models import Coverage
from findings.models import Finding, FindingEvent, PermissionSetRole
from findings.rules import registry
from findings.vocabulary import LISTED_BY, Severity, SubjectType
from iamdash.pages import show
from iamdash.pages.paths import in_evidence
from iamdash.pages.subjects import FixedAt, fix_place, subject_url

SHOWN_SECTIONS = ("Why it matters", "How to fix", "What it cannot know", "References")


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    finding = get_object_or_404(Finding.objects.select_related("account"), pk=pk)
    entry = registry.catalogue().get(finding.code)
    rule = entry.rule if entry else None
    apis = {LISTED_BY.get(SubjectType(finding.subject_type), ""), *(rule.sources if rule else ())}
    elsewhere = Finding.objects.filter(code=finding.code, resolved_at=None).exclude(account=finding.account_id)
    if place := fix_place(finding):
        elsewhere = elsewhere.filter(FixedAt().where([place]))
    context = {
        "finding": finding,
        "rule": rule,
        "sections": [(s, rule.sections[s]) for s in SHOWN_SECTIONS] if rule else [],
        "evidence": [(name, value(said)) for name, said in in_evidence(finding.evidence).items()],
        "events": [
            (event, event_words(event)) for event in finding.events.select_related("finding").order_by("-at", "-pk")
        ],
        "coverage": Coverage.objects.filter(account=finding.account_id, api__in=apis).order_by("api", "region"),
        "elsewhere": elsewhere.count(),
        "place": place,
        "beside": Finding.objects.filter(account=finding.account_id, subject_id=finding.subject_id, resolved_at=None)
        .exclude(pk=finding.pk)
        .order_by("-severity", "-opened_at")[:10],
        "subject_url": subject_url(request, finding),
        "made_by": permission_set(finding),
    }
    return render(request, "findings/detail.html", context)


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


def _level(number: Any) -> str:
    return Severity(number).label.lower() if number in set(Severity) else "unknown"
