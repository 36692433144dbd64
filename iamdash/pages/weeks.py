"""What is used, how often, lately? The services that a principal or an account called, week by week, as a heat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import F, Func, IntegerField, QuerySet, Sum, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from collectors.models import Account, Principal, TrailWatch, UsageDaily, UsageEvent, UsagePrincipal
from findings.analysis.activity.event_actions import service_of
from iamdash.pages import narrowed, show
from iamdash.pages.acts import HOST
from iamdash.pages.charts import Chart, Series
from iamdash.pages.watched import watched

WEEKS, SHOWN, RECENT = 13, 24, 4  # weeks; services that are drawn; the last weeks that count as lately
LATE = timedelta(days=2)  # by which CloudTrail's files may be behind without anything being missed
WEEK = timedelta(days=7)
LISTED = 200  # accounts to choose from
Cells = dict[str, list[int]]


@dataclass(frozen=True)
class Week:
    """whole: all of its days up to now were read. read: some of them were."""

    monday: date
    whole: bool
    read: bool

    @property
    def label(self) -> str:
        return f"{self.monday:%-d %b}" + ("" if self.whole else " (in part)" if self.read else " (not read)")


@dataclass(frozen=True)
class Heat:
    """chart None: nothing was called. more: services beyond those drawn; refused: services whose every call was denied."""

    weeks: tuple[Week, ...]
    chart: Chart | None
    more: int
    refused: tuple[str, ...]

    @property
    def unread(self) -> int:
        return sum(not week.whole for week in self.weeks)


@require_safe
def of_account(request: HttpRequest) -> HttpResponse:
    """Of the account that the frame chose, or of the only one there; else accounts to choose from."""
    scope = narrowed.read(request)
    found = list(scope.rows.order_by("name")[: LISTED + 1])
    context = {"scope": scope, "found": found[:LISTED], "more": len(found) > LISTED}
    if len(found) != 1:
        return render(request, "activity/weeks/choose.html", context)
    (account,) = found
    uses = UsageDaily.objects.filter(account=account)
    return _page(request, account, None, uses, {"account": account.aws_id}, context)


@require_safe
def of_principal(request: HttpRequest, aws_id: str, unique_id: str) -> HttpResponse:
    principal = get_object_or_404(
        Principal.objects.select_related("account"), account__aws_id=aws_id, unique_id=unique_id
    )
    actors = UsagePrincipal.objects.filter(account=principal.account_id, unique_id=unique_id)
    uses = UsageDaily.objects.filter(principal__in=list(actors.values_list("pk", flat=True)))
    return _page(request, principal.account, principal, uses, {"of": unique_id}, {})


def _page(
    request: HttpRequest,
    account: Account,
    principal: Principal | None,
    uses: QuerySet[UsageDaily],
    of: dict[str, str],
    told: Mapping[str, Any],
) -> HttpResponse:
    """of: what narrows the list behind a cell to the same calls. told: more of the context."""
    name = principal.name if principal else account.name or account.aws_id
    context: dict[str, Any] = {
        **told,
        "account": account,
        "principal": principal,
        "heat": heat(request, name, uses, weeks(TrailWatch.objects.filter(account=account).first()), of),
        "watched": watched(Account.objects.filter(pk=account.pk)),
        "calls_url": show.address(request, "activity-did", **of),
    }
    return render(request, "activity/weeks/page.html", context)


def weeks(watch: TrailWatch | None) -> tuple[Week, ...]:
    """The last ones, the oldest first. What was read of them is told by the watch; without one, nothing was."""
    now = timezone.now()
    this = now.date() - timedelta(days=now.weekday())
    since, until = (watch.since, watch.until) if watch else (None, None)
    return tuple(_week(this - n * WEEK, since, until, now) for n in reversed(range(WEEKS)))


def _week(monday: date, since: datetime | None, until: datetime | None, now: datetime) -> Week:
    begin = datetime.combine(monday, time(), UTC)
    end = begin + WEEK
    if since is None or until is None:
        return Week(monday, whole=False, read=False)
    return Week(monday, since <= begin and until >= min(end, now - LATE), since < end and until > begin)


def counted(uses: QuerySet[UsageDaily], first: date) -> tuple[Cells, set[str]]:
    """Allowed calls by event source and week, and the sources whose every call was denied. Two queries: events by their ids
    are far fewer than the rows that name them."""
    number = Func(
        F("day"), Value(first), template="(%(expressions)s) / 7", arg_joiner=" - ", output_field=IntegerField()
    )
    rows = (
        uses.filter(day__gte=first)
        .order_by()
        .values_list("event_id", number)
        .annotate(calls=Sum("n"), refused=Sum("denied"))
    )
    found = list(rows)
    sources = dict(UsageEvent.objects.filter(pk__in={event for event, *_ in found}).values_list("pk", "source"))
    cells: defaultdict[str, list[int]] = defaultdict(lambda: [0] * WEEKS)
    seen = set()
    for event, week, calls, refused in found:
        if event in sources and week < WEEKS:
            seen.add(sources[event])
            if calls > refused:
                cells[sources[event]][week] += calls - refused
    return dict(cells), seen - set(cells)


def heat(request: HttpRequest, name: str, uses: QuerySet[UsageDaily], over: Sequence[Week], of: dict[str, str]) -> Heat:
    cells, refused = counted(uses, over[0].monday)
    order = sorted(cells, key=lambda source: (-sum(cells[source]), source))
    drawn = order[:SHOWN]
    series = tuple(
        Series(
            week.label,
            "accent",
            tuple(cells[source][at] or (0 if week.whole else None) for source in drawn),
            tuple(
                show.address(request, "activity-days", source=source, week=week.monday.isoformat(), **of)
                for source in drawn
            ),
        )
        for at, week in enumerate(over)
    )
    labels = tuple(called(source) for source in drawn)
    chart = Chart("services-by-week", sentence(name, cells, order, over), labels, series, "heat") if drawn else None
    return Heat(tuple(over), chart, len(order) - len(drawn), tuple(map(called, sorted(refused))))


def called(source: str) -> str:
    """The IAM prefix of an event source; its own name where none goes by it."""
    return show.hidden(service_of(source) or source.removesuffix(HOST))


def sentence(name: str, cells: Cells, order: Sequence[str], over: Sequence[Week]) -> str:
    if not order:
        return ""
    quiet = sum(not any(cells[source][-RECENT:]) for source in order)
    services = f"{len(order)} service{'' if len(order) == 1 else 's'}"
    most = f"most often {called(order[0])} ({sum(cells[order[0]]):,} calls)"
    lately = f"{quiet} of them not in the last {RECENT} weeks" if quiet else f"all of them in the last {RECENT} weeks"
    if quiet and not all(week.whole for week in over[-RECENT:]):
        lately = f"{quiet} of them not in what was read of the last {RECENT} weeks"
    return f"{show.hidden(name)} called {services} in {WEEKS} weeks, {most}; {lately}."
