"""Is it getting better or worse? The score, what is open, what came and went, how long it takes: together, or by something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from findings import trends
from findings.score import POINT
from findings.trends import Flow, Key, Line, Lines, ScoreLine, Trend
from iamdash.pages import trend, trend_figures, trend_scope
from iamdash.pages.trend_figures import SMALL, points, took
from iamdash.pages.trend_scope import TITLES, Names, Scoped


@dataclass(frozen=True)
class Row:
    """A line of the table, ready to be shown."""

    label: str
    line: Line
    open_url: str
    opened_url: str
    resolved_url: str
    took: str
    mean: str
    score: int | None
    score_moved: str

    @property
    def fewer(self) -> int:
        return -self.line.change


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    scope = trend_scope.read(request)
    context: dict[str, Any] = {"scope": scope, "title": TITLES.get(scope.by, "")}
    context |= _beside(scope) if scope.by else _together(scope)
    return render(request, "trends/page.html", context)


def _together(scope: Scoped) -> dict[str, Any]:
    found, line = trends.together(scope.accounts, scope.days, scope.today)
    if not found.told:
        return {"nothing": True}
    earlier = trends.before(scope.accounts, found)
    by_week = trends.times(scope.accounts, scope.start, scope.stop, Key("week"))
    now = by_week.get("", trends.Ended())
    before = trends.times(scope.accounts, scope.start - (scope.stop - scope.start), scope.start).get("", trends.Ended())
    sentence = trend_figures.times_sentence(scope, now, before if earlier else None)
    return {
        "answer": answer(found, line),
        "score": trend_figures.score_figure(scope, line) if line.means else None,
        "score_notes": trend_figures.score_notes(line) if line.means else (),
        "open": trend.open_chart(found, scope.days, trend_figures.open_links(scope, found), scope),
        "judged": trend_figures.judged_words(found),
        "flow": trend.flow_chart(found, scope.days, earlier, scope),
        "flow_words": flow_words(scope, found.whole, earlier),
        "times": now,
        "times_sentence": sentence,
        "times_figure": trend_figures.times_figure(scope, [week.begin for week in found.weeks], by_week, sentence),
        "took": took(now.right.median),
        "mean": took(now.right.mean),
        "ages": trend_figures.ages_chart(scope, trends.ages(scope.accounts, scope.today)),
        "legend": trend.LEGEND,
    }


def directions(found: Trend, line: ScoreLine) -> set[int]:
    """Of the score and of what is open at critical and high: -1 for what got better, 1 for what got worse. That more is known
    is neither."""
    change, score = found.urgent(-1) - found.urgent(0), (line.change or 0) - line.learned
    return {(change > 0) - (change < 0), (score < -SMALL) - (score > SMALL)} - {0}


def answer(found: Trend, line: ScoreLine) -> str:
    """Yes or no, by the score and by what is open at critical and high."""
    change, signs = found.urgent(-1) - found.urgent(0), directions(found, line)
    if not signs and line.learned >= SMALL:
        return "Neither better nor worse, but more is known: that alone raised the score."
    if not signs:
        return "Neither better nor worse: the score and the open critical and high findings are what they were."
    if signs == {-1}:
        return "Yes, it is getting better."
    if signs == {1}:
        return "No, it is getting worse."
    return "Better in one way and worse in another: " + (
        "fewer critical and high findings are open, and the score fell."
        if change < 0
        else "the score rose, and more critical and high findings are open."
    )


def flow_words(scope: Scoped, now: Flow, earlier: Flow | None) -> str:
    """The change against the equal period before."""
    if earlier is None:
        return f"The data does not reach back over the {scope.days} days before, so there is nothing to compare with."
    parts = (
        ("opened", now.opened, earlier.opened),
        ("reopened", now.reopened, earlier.reopened),
        ("resolved", now.resolved, earlier.resolved),
    )
    told = ", ".join(f"{word} {n:,} ({n - was:+,})" for word, n, was in parts)
    return f"{told} against the {scope.days} days before."


def _beside(scope: Scoped) -> dict[str, Any]:
    names = Names(scope)
    found = trends.lines(scope.accounts, scope.start, scope.stop, scope.key())
    return {
        "rows": [row(scope, names, line) for line in found.all],
        "scored": scope.by in ("account", "ou", "owner"),
        "worse": _figure(scope, names, found, worse=True),
        "better": _figure(scope, names, found, worse=False),
        "moved": moved_sentence(scope, names, found),
    }


def _figure(scope: Scoped, names: Names, found: Lines, *, worse: bool) -> Any:
    some = [line for line in (found.worse if worse else found.better) if line.points]
    if not some:
        return None
    which = "most findings more" if worse else "most findings fewer"
    listed = ", ".join(f"{names.label(one.key)} ({one.change:+,})" for one in some[:3])
    sentence = f"{which.capitalize()} in {scope.days} days: {listed}."
    return trend_figures.multiples(scope, names, found, some, "worse" if worse else "better", sentence)


def moved_sentence(scope: Scoped, names: Names, found: Lines) -> str:
    worse = sum(line.change > 0 for line in found.all)
    better = sum(line.change < 0 for line in found.all)
    same = len(found.all) - worse - better
    moved = f"{better:,} got better in {scope.days} days, {worse:,} got worse"
    return f"Of {len(found.all):,}, {moved}, {same:,} stand as they stood."


def row(scope: Scoped, names: Names, line: Line) -> Row:
    narrow = names.narrow(line.key)
    slug = f"{scope.start}..{scope.today}"
    right = line.ended.right
    return Row(
        names.label(line.key),
        line,
        scope.findings(on=scope.today.isoformat(), **narrow),
        scope.findings(opened=slug, **narrow),
        scope.findings(resolved=slug, **narrow),
        took(right.median) if right.n else "",
        took(right.mean) if right.n else "",
        None if line.score is None else points(line.score),
        _signed(line.score_change or 0),
    )


def _signed(change: int) -> str:
    return f"{change / POINT:+.1f}" if abs(change) > SMALL else ""
