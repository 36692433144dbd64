"""Does it get better? Charts of open findings by day and of what came and went by week, and the Overview's part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from findings import trends
from findings.trends import Flow, Key, ScoreLine, Trend
from findings.vocabulary import Practice, Severity
from iamdash.pages import show, trend_figures
from iamdash.pages.charts import Chart, Series
from iamdash.pages.drawn import Figure
from iamdash.pages.narrowed import Choice
from iamdash.pages.severities import WORST_FIRST
from iamdash.pages.trend_scope import Scoped
from iamdash.pages.when import between

LEGEND = tuple((s.slug, s.label) for s in WORST_FIRST)
DAY = timedelta(days=1)
SCORE = 400, 110  # its drawing, beside what to do next


@dataclass(frozen=True)
class Shown:
    """What templates/overview/_trend.html draws. open, flow: None until there are two judged days. score: None where unknown.

    times, times_figure: how long what was put right had been open, as a sentence, and by week where there are two to tell of.
    scope, found, line, earlier: what it is made of, for whoever says more of it.
    """

    scope: Scoped
    found: Trend
    line: ScoreLine
    days: int
    periods: list[Choice]
    carried: int
    open: Chart | None = None
    flow: Chart | None = None
    score: Figure | None = None
    times: str = ""
    times_figure: Figure | None = None
    earlier: Flow | None = None
    url: str = ""
    legend: tuple[tuple[str, str], ...] = LEGEND


def shown(scope: Scoped) -> Shown:
    found, line = trends.together(scope.accounts, scope.days, scope.today)
    score = trend_figures.score_figure(scope, line, *SCORE) if line.means else None
    if not found.told:
        return Shown(scope, found, line, scope.days, scope.periods(), 0, score=score)
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
        score,
        *times(scope, found),
        earlier,
        show.address(scope.request, "trends", **scope.scope(), days=str(scope.days)),
    )


def times(scope: Scoped, found: Trend) -> tuple[str, Figure | None]:
    """Sentence and figure. Two statements."""
    by_week = trends.times(scope.accounts, scope.start, scope.stop, Key("week"))
    sentence = trend_figures.times_sentence(scope, by_week.get("", trends.Ended()), None)
    return sentence, trend_figures.times_figure(scope, [week.begin for week in found.weeks], by_week, sentence)


@dataclass(frozen=True)
class Scores:
    """lost: what each practice costs of the score today, and how much of that is unknown, in thousandths. moved: what moved it in
    the period, before: in the equal one before; None where no two judged days tell."""

    lost: Mapping[Practice, tuple[int, int]]
    moved: trends.Moved | None = None
    before: trends.Moved | None = None


def scores(shown: Shown) -> Scores:
    """At most three queries, and those for the means."""
    scope, days = shown.scope, shown.line.days
    if len(days) < 2:
        return Scores(trends.over(scope.accounts, [scope.today]).practices)
    begin = [days[0] - (scope.stop - scope.start)] if shown.earlier and days[0] == scope.start else []
    found = trends.over(scope.accounts, [*begin, days[0], scope.today])
    before = next((one for one in found.moved[:-1] if one.accounts), None)
    return Scores(found.practices, found.moved[-1], before)


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
        return f"{last:,} critical and high findings are open."
    over = f"in {days} days" if len(found.days) == days else f"since {found.days[0]:%-d %B %Y}"
    if first == last:
        return f"Open critical and high findings stayed at {last:,} {over}."
    return f"Open critical and high findings {'fell' if last < first else 'rose'} from {first:,} to {last:,} {over}."


def flow_chart(found: Trend, days: int, earlier: Flow | None, scope: Scoped) -> Chart:
    weeks = found.weeks
    opened, resolved = tuple(w.opened for w in weeks), tuple(w.resolved for w in weeks)
    over = f"In {days} days" if len(found.days) == days else f"Since {found.days[0]:%-d %B %Y}"
    sentence = f"{over} {sum(opened):,} findings opened and {sum(resolved):,} were resolved"
    if earlier:
        sentence += f"; in the {days} days before it was {earlier.opened:,} and {earlier.resolved:,}"
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
