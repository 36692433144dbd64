"""Does it get better? Charts of open findings by day and of what came and went by week, and the Overview's part."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from findings import trends
from findings.score import POINT
from findings.trends import Flow, ScoreLine, Trend
from findings.vocabulary import Practice, Severity
from iamdash.pages import show, trend_figures
from iamdash.pages.charts import Chart, Series
from iamdash.pages.narrowed import Choice
from iamdash.pages.severities import WORST_FIRST
from iamdash.pages.trend_scope import Scoped
from iamdash.pages.when import between

LEGEND = tuple((s.slug, s.label) for s in WORST_FIRST)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Shown:
    """What templates/overview/_trend.html draws. open, flow: None until there are two judged days. score: a sentence, or "".

    times: how long what was put right had been open, as a sentence.
    scope, found, line: what it is made of, for whoever says more of it.
    """

    scope: Scoped
    found: Trend
    line: ScoreLine
    days: int
    periods: list[Choice]
    carried: int
    open: Chart | None = None
    flow: Chart | None = None
    score: str = ""
    times: str = ""
    url: str = ""
    legend: tuple[tuple[str, str], ...] = LEGEND


def shown(scope: Scoped) -> Shown:
    found, line = trends.together(scope.accounts, scope.days, scope.today)
    said = score_said(scope, line)
    if not found.told:
        return Shown(scope, found, line, scope.days, scope.periods(), 0, score=said)
    earlier = trends.before(scope.accounts, found)
    return Shown(
        scope,
        found,
        line,
        scope.days,
        scope.periods(),
        found.carried[-1],
        open_chart(found, scope.days, trend_figures.open_links(scope, found), scope),
        flow_chart(found, scope.days, earlier, scope),
        said,
        trend_figures.times_sentence(scope, ended(scope), None),
        show.address(scope.request, "trends", **scope.scope(), days=str(scope.days)),
    )


def ended(scope: Scoped) -> trends.Ended:
    return trends.times(scope.accounts, scope.start, scope.stop).get("", trends.Ended())


def moved(shown: Shown) -> trends.Moved | None:
    """Which rules moved the score; None where two judged days lack. Two queries and those for the means."""
    if len(shown.line.days) < 2:
        return None
    return trends.reasons(shown.scope.accounts, shown.line.days[0], shown.line.days[-1])


def score_said(scope: Scoped, line: ScoreLine) -> str:
    return trend_figures.score_sentence(scope, line) if line.means else ""


def practices(accounts: Collection[int] | None) -> dict[Practice, tuple[int, int]]:
    """What each costs of the score today, and how much of that is unknown, in whole points, rounded up."""
    found = trends.practices(accounts, timezone.now().date())
    return {one: (-(-lost // POINT), -(-unknown // POINT)) for one, (lost, unknown) in found.items()}


def open_chart(found: Trend, days: int, links: Mapping[Severity, tuple[str, ...]], scope: Scoped) -> Chart:
    """Critical at the baseline. A dot stands on each day on which accounts were judged; what only stands is hatched."""
    drawn = [Series(s.label, s.slug, found.open[s], links[s]) for s in WORST_FIRST]
    labels = tuple(day.isoformat() for day in found.days)
    theirs = tuple(scope.findings(on=day, unjudged=day) for day in labels)
    stands = Series("Of these in accounts not judged that day", "", found.carried_open, theirs)
    whose = tuple(scope.accounts_url(unjudged=day) for day in labels)
    carried = Series("Accounts not judged that day", "", found.carried, whose)
    dots = tuple(day in found.judged for day in found.days)
    series = (*drawn, stands, carried)
    return Chart("open-by-day", open_sentence(found, days), labels, series, "area", dots, found.carried_open)


def open_sentence(found: Trend, days: int) -> str:
    first, last = found.urgent(0), found.urgent(-1)
    if len(found.days) == 1:
        return f"{last} critical and high findings are open."
    over = f"in {days} days" if len(found.days) == days else f"since {found.days[0]:%-d %B %Y}"
    if first == last:
        return f"Open critical and high findings stayed at {last} {over}."
    return f"Open critical and high findings {'fell' if last < first else 'rose'} from {first} to {last} {over}."


def flow_chart(found: Trend, days: int, earlier: Flow | None, scope: Scoped) -> Chart:
    weeks = found.weeks
    opened, resolved = tuple(w.opened for w in weeks), tuple(w.resolved for w in weeks)
    over = f"In {days} days" if len(found.days) == days else f"Since {found.days[0]:%-d %B %Y}"
    sentence = f"{over} {sum(opened)} findings opened and {sum(resolved)} were resolved"
    if earlier:
        sentence += f"; in the {days} days before it was {earlier.opened} and {earlier.resolved}"
    ends = [*(week.begin for week in weeks[1:]), found.stop]
    slugs = [between(week.begin, end - DAY) for week, end in zip(weeks, ends, strict=True)]
    series = (
        Series("opened", "high", opened, tuple(scope.findings(opened=slug) for slug in slugs)),
        Series("resolved", "resolved", resolved, tuple(scope.findings(resolved=slug) for slug in slugs)),
        Series(
            "of the opened, reopened",
            "",
            tuple(w.reopened for w in weeks),
            tuple(scope.findings(reopened=slug) for slug in slugs),
        ),
    )
    return Chart("flow-by-week", sentence + ".", tuple(w.begin.isoformat() for w in weeks), series, "mirror")
