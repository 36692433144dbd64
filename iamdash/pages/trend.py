"""Does it get better? Open findings over the days, and what opened and was resolved in each week."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone

from collectors.models import Account
from findings import trends
from findings.trends import Flow, Trend
from iamdash.pages import show
from iamdash.pages.charts import Chart, Series
from iamdash.pages.severities import WORST_FIRST

PERIODS, DEFAULT = (30, 90, 180), 90


@dataclass(frozen=True)
class Period:
    days: int
    url: str
    current: bool


@dataclass(frozen=True)
class Shown:
    """What templates/overview/_trend.html draws. open, flow: None until there are two judged days."""

    days: int
    periods: tuple[Period, ...]
    carried: int
    open: Chart | None = None
    flow: Chart | None = None
    legend: tuple[tuple[str, str], ...] = tuple((s.slug, s.label) for s in WORST_FIRST)


def chosen(request: HttpRequest) -> int:
    """The period of the URL in days; what is no period of ours means the default."""
    given = request.GET.get("days", "")
    return next((days for days in PERIODS if given == str(days)), DEFAULT)


def shown(request: HttpRequest, account: Account | None) -> Shown:
    days = chosen(request)
    periods = tuple(Period(n, show.address(request, "overview", days=str(n)), n == days) for n in PERIODS)
    accounts = None if account is None else [account.pk]
    trend = trends.read(accounts, None, days, timezone.now().date())
    if len({span.day for span in trend.spans}) < 2:
        return Shown(days, periods, 0)
    earlier = trends.before(accounts, None, trend)
    return Shown(days, periods, trend.carried[-1], open_chart(trend, days), flow_chart(trend, days, earlier))


def open_chart(trend: Trend, days: int) -> Chart:
    """Critical at the baseline. A dot stands on each day on which accounts were judged."""
    drawn = [Series(s.label, s.slug, trend.open[s]) for s in WORST_FIRST]
    carried = Series("Accounts not judged that day", "", trend.carried)
    labels = tuple(day.isoformat() for day in trend.days)
    dots = tuple(day in trend.judged for day in trend.days)
    return Chart("open-by-day", open_sentence(trend, days), labels, (*drawn, carried), "area", dots)


def open_sentence(trend: Trend, days: int) -> str:
    first, last = trend.urgent(0), trend.urgent(-1)
    over = f"in {days} days" if len(trend.days) == days else f"since {trend.days[0]:%-d %B %Y}"
    if first == last:
        return f"Open critical and high findings stayed at {last} {over}."
    return f"Open critical and high findings {'fell' if last < first else 'rose'} from {first} to {last} {over}."


def flow_chart(trend: Trend, days: int, earlier: Flow | None) -> Chart:
    weeks = trend.weeks
    opened, resolved = tuple(w.opened for w in weeks), tuple(w.resolved for w in weeks)
    over = f"In {days} days" if len(trend.days) == days else f"Since {trend.days[0]:%-d %B %Y}"
    sentence = f"{over} {sum(opened)} findings opened and {sum(resolved)} were resolved"
    if earlier:
        sentence += f"; in the {days} days before it was {earlier.opened} and {earlier.resolved}"
    series = (Series("opened", "high", opened), Series("resolved", "resolved", resolved))
    return Chart("flow-by-week", sentence + ".", tuple(w.begin.isoformat() for w in weeks), series, "mirror")
