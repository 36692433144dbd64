"""What changed this week? A page to hand on: it prints without navigation, and says "none" as clearly as what there is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from findings import trends
from findings.trends import Moved, Trend
from findings.vocabulary import Severity
from iamdash.pages import report_parts as parts
from iamdash.pages import trend, trend_figures, trend_scope
from iamdash.pages.charts import Chart, Series
from iamdash.pages.drawn import Drawing, Figure
from iamdash.pages.severities import URGENT
from iamdash.pages.trend_scope import Scoped
from iamdash.pages.trends import answer, flow_words

WEEK = 7


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    scope = trend_scope.read(request, WEEK)
    found = trends.read(scope.accounts, scope.days + 1, scope.today)  # the day before is what it is compared with
    context: dict[str, Any] = {"scope": scope, "now": timezone.now(), "seen": parts.seen(scope)}
    if found.days:
        context |= _changed(scope, found)
    return render(request, "trends/report.html", context)


def _changed(scope: Scoped, found: Trend) -> dict[str, Any]:
    line = trends.score_line(scope.accounts, scope.days + 1, scope.today)
    moved = trends.reasons(scope.accounts, line.days[0], line.days[-1]) if len(line.days) > 1 else None
    now = trends.times(scope.accounts, scope.start, scope.stop).get("", trends.Ended())
    return {
        "told": found.told,
        "answer": answer(found, line) if found.told and line.means else "",
        "score": trend_figures.score_figure(scope, line) if line.means else None,
        "score_notes": trend_figures.score_notes(line) if line.means else (),
        **_why(scope, moved),
        "urgent": urgent_figure(scope, found),
        "flow": flow_words(
            scope, replace(found, start=scope.start).whole, trends.before(scope.accounts, _period(scope))
        ),
        "times": now,
        "times_sentence": trend_figures.times_sentence(scope, now, None),
        "critical": parts.newly_open(scope, Severity.CRITICAL),
        "high": parts.newly_open(scope, Severity.HIGH),
        "resolved": parts.resolved(scope),
        "resolved_url": scope.findings(resolved=f"{scope.start}..{scope.today}"),
        "overdue": parts.overdue(scope),
        "recording": parts.recording(scope),
        "practices": parts.practices(scope, moved),
        "worst": parts.worst(scope),
    }


def _why(scope: Scoped, moved: Moved | None) -> dict[str, list[str]]:
    if moved is None:
        return {"why": [], "known": []}
    return {"why": parts.why_score(scope.request, moved), "known": parts.why_unknown(scope.request, moved)}


def _period(scope: Scoped) -> Trend:
    return Trend(scope.start, scope.stop, ())


def urgent_figure(scope: Scoped, found: Trend) -> Figure:
    labels = [day.isoformat() for day in found.days]
    values = [found.urgent(n) for n in range(len(labels))]
    whole = [not carried for carried in found.carried]
    sentence = trend.open_sentence(found, scope.days + 1).replace(f"in {scope.days + 1} days", f"in {scope.days} days")
    links = tuple(scope.findings(on=day, severity=URGENT) for day in labels)
    series = (Series("Critical and high", "", tuple(values), links),)
    chart = Chart("urgent-by-day", sentence, tuple(labels), series, "drawn")
    says = [f"{day}: {n:,}" for day, n in zip(labels, values, strict=True)]
    drawing = Drawing("", labels, values, whole, colour="high", says=says, links=links)
    return Figure(chart, (drawing,))
