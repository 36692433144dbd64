"""Is it getting better or worse? What the page Trends draws, as numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from django.http import HttpRequest

from findings import trends
from findings.score import POINT
from findings.trends import BY, Ended, Flow, Line, Mean, ScoreLine, Trend
from iamdash.api import query
from iamdash.api.problems import Problem
from iamdash.pages import trend_scope
from iamdash.pages.profile import USUAL
from iamdash.pages.trend_scope import Names, Scoped

_ALL = trend_scope.filters(USUAL)
# Here the path says by what.
FILTERS = replace(_ALL, facets=tuple(facet for facet in _ALL.facets if facet.name != "by"))


def together(request: HttpRequest) -> dict[str, Any]:
    """Seven queries."""
    scope = _scope(request)
    found = trends.read(scope.accounts, scope.days, scope.today)
    line = trends.score_line(scope.accounts, scope.days, scope.today)
    before = trends.before(scope.accounts, found) if found.days else None
    ended = trends.times(scope.accounts, scope.start, scope.stop).get("", Ended())
    return {
        "first": scope.start,
        "last": scope.today,
        "compared": found.told,
        "flow": _flow(found.whole),
        "flow_before": _flow(before) if before else None,
        "times": _times(ended),
        "score_change": None if line.change is None else points(line.change),
        "score_learned": points(line.learned),
        "days": [_day(found, line, n, day) for n, day in enumerate(found.days)],
    }


def beside(request: HttpRequest, by: str) -> list[dict[str, Any]]:
    if by not in BY:
        told = f"Trends are told apart by {', '.join(BY)}, not by {by[:80]!r}."
        raise Problem(404, told, parameter="by", hint=f"Ask for /api/v1/trends/{BY[0]}.")
    scope = _scope(request, by)
    names = Names(scope)
    found = trends.lines(scope.accounts, scope.start, scope.stop, scope.key())
    return [_line(names, one) for one in found.all]


def _scope(request: HttpRequest, by: str = "") -> Scoped:
    asked = query.narrow(FILTERS, request.GET)
    return trend_scope.of(request, asked, USUAL, by)


def points(thousandths: int) -> float:
    return round(thousandths / POINT, 3)


def _flow(found: Flow) -> dict[str, int]:
    return {"opened": found.opened, "reopened": found.reopened, "resolved": found.resolved}


def _times(ended: Ended) -> dict[str, Any]:
    right = ended.right
    return {
        "put_right": right.n,
        "subject_gone": right.gone,
        "lapsed": ended.lapsed,
        "median_hours": right.median,
        "mean_hours": right.mean,
    }


def _day(found: Trend, line: ScoreLine, n: int, day: date) -> dict[str, Any]:
    mean = line.by_day.get(day)
    return {
        "day": day,
        **{severity.slug: numbers[n] for severity, numbers in sorted(found.open.items(), reverse=True)},
        "accounts_not_judged": found.carried[n],
        "open_not_judged": found.carried_open[n],
        "score": _score(mean) if mean else None,
    }


def _score(mean: Mean) -> dict[str, Any]:
    return {
        "score": points(mean.score),
        "unknown": points(mean.unknown),
        "decided": points(mean.decided),
        "accounts": mean.accounts,
        "not_judged": mean.carried + mean.never,
    }


def _line(names: Names, one: Line) -> dict[str, Any]:
    return {
        "key": next(iter(names.narrow(one.key).values())),
        "label": names.label(one.key),
        "open": one.open,
        "urgent": one.urgent,
        "change": one.change,
        "opened": one.opened,
        "reopened": one.reopened,
        "resolved": one.ended.n,
        **_times(one.ended),
        "points": [_point(point) for point in one.points],
    }


def _point(point: trends.Point) -> dict[str, Any]:
    return {
        "day": point.day,
        "open": point.open,
        "urgent": point.urgent,
        "measured": point.measured,
        "score": None if point.score is None else points(point.score),
    }
