"""The figures of the trend pages and the report: each with its sentence, its numbers and links to the findings behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from findings.score import POINT
from findings.trends import Line, Lines, Mean, ScoreLine, Trend
from findings.trends.ages import BANDS, Ages
from findings.trends.times import NOTHING, Ended, Times
from findings.vocabulary import Severity
from iamdash.pages.charts import Chart, Series
from iamdash.pages.drawn import WIDE, Drawing, Figure
from iamdash.pages.severities import URGENT, WORST_FIRST
from iamdash.pages.trend_scope import Names, Scoped
from iamdash.pages.when import between

DAY = timedelta(days=1)
NOTED = 14  # points that have room for a number each
SMALL = POINT // 20  # a change of the score below this is none


def points(thousandths: int) -> int:
    """Whole points, never rounded up: 99.9 is not 100."""
    return thousandths // POINT


def moved(thousandths: int) -> str:
    """A change: "2.3 points"."""
    n = abs(thousandths) / POINT
    return f"{n:.1f} point{'' if f'{n:.1f}' == '1.0' else 's'}"


def standing(mean: Mean) -> str:
    """71, and up to 12 more that are unknown"""
    known = f"{points(mean.score)} of 100"
    return f"{known}, and up to {points(mean.unknown)} more that are unknown" if points(mean.unknown) else known


def score_figure(scope: Scoped, line: ScoreLine, width: int = WIDE, height: int = 160) -> Figure:
    means, days = line.means, [day.isoformat() for day in line.days]
    solid = [mean.carried + mean.never < mean.accounts for mean in means]
    links = tuple(scope.findings(on=day) for day in days)
    numbers = (
        Series("Score", "accent", tuple(points(m.score) for m in means), links),
        Series("More, if all that is unknown were in order", "", tuple(points(m.unknown) for m in means)),
        Series("More, if what was accepted or switched off were in order", "", tuple(points(m.decided) for m in means)),
        Series("Accounts", "", tuple(m.accounts for m in means)),
        Series(
            "Accounts not judged that day", "", tuple(m.carried for m in means),
            tuple(scope.accounts_url(unjudged=day) for day in days),
        ),
        Series("Accounts never judged", "", tuple(m.never for m in means)),
    )  # fmt: skip
    chart = Chart("score-by-day", score_sentence(scope, line), tuple(days), numbers, "drawn")
    drawing = Drawing(
        "", days, [points(m.score) for m in means], solid, width, height, top=100,
        over=[points(m.score + m.unknown) for m in means],
        says=[f"{day}: {standing(m)}" for day, m in zip(days, means, strict=True)],
        links=links,
    )  # fmt: skip
    return Figure(chart, (drawing,))


def score_sentence(scope: Scoped, line: ScoreLine) -> str:
    last, change = line.means[-1], line.change
    over = spoken(scope, line.days)
    said = f"The score of {scope.words} is {standing(last)}"
    if change is None:
        return f"{said}; it is kept since today."
    if abs(change) < SMALL:
        return f"{said}; it did not move {over}."
    return f"{said}; it {went(line)} {over}."


def went(line: ScoreLine) -> str:
    """rose by 2.3 points, 1.1 of them only since more is known,"""
    change = line.change or 0
    said = f"{'rose' if change > 0 else 'fell'} by {moved(change)}"
    if line.learned < SMALL:
        return said
    return f"{said}, {_part(line.learned, change)}only since more is known,"


def _part(learned: int, change: int) -> str:
    if change - learned < SMALL:
        return ""
    told, whole = f"{learned / POINT:.1f}", f"{change / POINT:.1f}"
    return "nearly all of them " if told == whole else f"{told} of them "


def spoken(scope: Scoped, days: Iterable[date]) -> str:
    """The period as the end of a sentence; the data may begin within it."""
    days = list(days)
    return f"in {scope.days} days" if len(days) in (scope.days, scope.days + 1) else f"since {days[0]:%-d %B %Y}"


def score_notes(line: ScoreLine) -> list[str]:
    """What a reader must know of the line: accounts that stand with what was known, that nobody read, that no longer count."""
    last, notes = line.means[-1], []
    if last.carried:
        notes.append(
            f"{accounts(last.carried)} not judged today: the last score stands, and is drawn dashed where all do so."
        )
    if last.never:
        notes.append(f"{accounts(last.never)} never judged: counted as 0, all of it unknown.")
    if line.closed:
        gone = "suspended or gone from the organization for 90 days: left out of the whole line."
        notes.append(f"{accounts(len(line.closed))} {gone}")
    first = line.means[0]
    if first.rules != last.rules and not (first.never or last.never):
        notes.append("The number of rules, changed: scores before and after measure different things.")
    return notes


def accounts(n: int) -> str:
    return f"{n:,} account{' was' if n == 1 else 's were'}"


def ages_chart(scope: Scoped, found: Ages) -> Chart:
    bounds = (0, *BANDS)
    labels = [f"{a + 1 if a else 0} to {b} days" for a, b in zip(bounds, BANDS, strict=False)] + [
        f"over {BANDS[-1]} days"
    ]
    ends = [scope.today, *(day - DAY for day in found.since if day)]
    slugs = [between(first, last) for first, last in zip(found.since, ends, strict=True)]
    series = tuple(
        Series(
            s.label, s.slug, found.counts[s],
            tuple(scope.findings(on=scope.today.isoformat(), since=slug, severity=s.slug) for slug in slugs),
        )
        for s in WORST_FIRST
    )  # fmt: skip
    return Chart("age-of-open", ages_sentence(found), tuple(labels), series)


def ages_sentence(found: Ages) -> str:
    urgent = [found.counts[Severity.CRITICAL][n] + found.counts[Severity.HIGH][n] for n in range(len(BANDS) + 1)]
    old, all_of_them = sum(urgent[3:]), sum(urgent)
    if not all_of_them:
        return f"No critical or high finding is open; {found.total:,} others are."
    return f"{old:,} of {all_of_them:,} open critical and high findings have been open for more than {BANDS[2]} days."


def took(hours: int | None) -> str:
    if hours is None:
        return "not known"
    days = hours // 24
    return f"{hours} hour{'' if hours == 1 else 's'}" if hours < 48 else f"{days:,} days"


def times_sentence(scope: Scoped, now: Ended, earlier: Ended | None) -> str:
    right = now.right
    if not right.n:
        said = f"Nothing was put right in {scope.days} days, so no time to fix can be told"
    else:
        said = f"Half of {_faults(right)} put right in {scope.days} days took {took(right.median)} or less"
    if earlier is None:
        return f"{said}."
    before = earlier.right
    told = f"it was {took(before.median)} for {before.n:,}" if before.n else "nothing was put right"
    return f"{said}; in the {scope.days} days before {told}."


def times_figure(scope: Scoped, begins: Sequence[date], by_week: Mapping[str, Ended], sentence: str) -> Figure | None:
    """The median of each week (begins: their first days) from the first on in which something was put right; dashed where nothing
    was. None for less than two weeks with something to tell. by_week: as trends.times tells it by week."""
    rights = [by_week.get(str(len(begins) - 1 - n), NOTHING).right for n in range(len(begins))]
    told = [n for n, right in enumerate(rights) if right.n]
    if len(told) < 2:
        return None
    rights, begins = rights[told[0] :], begins[told[0] :]
    ends = [*(begin - DAY for begin in begins[1:]), scope.today]
    labels = [day.isoformat() for day in begins]
    links = tuple(scope.findings(resolved=between(*week)) for week in zip(begins, ends, strict=True))
    medians = [None if right.median is None else right.median // 24 for right in rights]
    series = (
        Series("Half took at most, days", "accent", tuple(medians), links),
        Series("Faults put right", "", tuple(right.n for right in rights), links),
    )
    drawing = Drawing(
        "", labels, _carried(medians), [bool(right.n) for right in rights], height=138,
        says=[f"week of {on}: {took(one.median)} or less for half of {one.n:,}" for on, one in zip(labels, rights, strict=True)],
        links=links, unit=" d", notes=[f"n={right.n:,}" for right in rights] if len(rights) <= NOTED else (),
    )  # fmt: skip
    return Figure(Chart("time-to-fix", sentence, tuple(labels), series, "drawn"), (drawing,))


def _carried(values: Sequence[int | None]) -> list[int]:
    """Each that is not known as the last before it; the first is known."""
    found: list[int] = []
    for value in values:
        found.append(found[-1] if value is None else value)
    return found


def _faults(right: Times) -> str:
    return "the one fault" if right.n == 1 else f"the {right.n:,} faults"


def multiples(scope: Scoped, names: Names, found: Lines, some: list[Line], ident: str, sentence: str) -> Figure:
    """A small drawing for each, all of one height: critical and high for what has several severities, else all that is open."""
    urgent = scope.by not in ("rule", "severity")
    labels = tuple(day.isoformat() for day in found.marks)
    drawings, series = [], []
    for line in some:
        values = [point.urgent if urgent else point.open for point in line.points]
        narrow: dict[str, str | Sequence[str]] = {**names.narrow(line.key), **({"severity": URGENT} if urgent else {})}
        links = [scope.findings(on=day, **narrow) for day in labels]
        label = names.label(line.key)
        sign = "more" if line.change > 0 else "fewer"
        drawings.append(
            Drawing(
                label, labels, values, [point.measured for point in line.points], 340, 110,
                says=[f"{day}: {n:,}" for day, n in zip(labels, values, strict=True)], links=links,
                url=scope.findings(on=labels[-1], **names.narrow(line.key)),
                words=f"{abs(line.change):,} {sign}, now {line.open:,}",
                colour="high" if line.change > 0 else "resolved",
            )
        )  # fmt: skip
        series.append(Series(label, "", tuple(values), tuple(links)))
    return Figure(Chart(ident, sentence, labels, tuple(series), "drawn"), tuple(drawings))


def open_links(scope: Scoped, trend: Trend) -> dict[Severity, tuple[str, ...]]:
    days = [day.isoformat() for day in trend.days]
    return {s: tuple(scope.findings(on=day, severity=s.slug) for day in days) for s in Severity}


def judged_words(trend: Trend) -> str:
    """How much of the period was measured."""
    whole = sum(not carried for carried in trend.carried)
    if whole == len(trend.days):
        return f"All {trend.accounts:,} accounts were judged on each of {len(trend.days)} days."
    lately = f"{trend.carried[-1]:,} of {trend.accounts:,} today" if trend.carried[-1] else "none today"
    return (
        f"On {len(trend.days) - whole} of {len(trend.days)} days some account was not judged ({lately}): "
        "what was last known of it stands, and is hatched."
    )
