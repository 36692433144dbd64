"""Where do we stand? The five practices, who and where is worst, and what we could not see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from collectors.models import Account, Run, TrailWatch
from findings.models import AccountFindings, Finding, FindingEvent, PrincipalPosture, RuleState
from findings.rules.sessions import NEXT_STEP, READS
from iamdash.pages import first_run, show, trend, trend_scope
from iamdash.pages.carried import account_chosen
from iamdash.pages.charts import Chart, Series
from iamdash.pages.facets import rows
from iamdash.pages.filters import LONGEST_SEARCH
from iamdash.pages.kept import open_by_rule
from iamdash.pages.next_steps import next_steps
from iamdash.pages.overview_answer import answer
from iamdash.pages.severities import WORST_FIRST, Counts
from iamdash.pages.standings import Standing, standings
from iamdash.pages.trend import Shown
from iamdash.pages.trend_scope import Scoped
from iamdash.pages.unread import Unread, unread
from iamdash.pages.when import between
from iamdash.pages.work_facets import JUST_OVERDUE

RECENT, DAY = timedelta(days=7), timedelta(days=1)
TOP = 8
REASONS = 3


@dataclass(frozen=True)
class Doubt:
    """A reason for which checks are unknown, in how many accounts."""

    reason: str
    n: int
    accounts: int

    @property
    def sought(self) -> str:
        """As much of it as the list of what is unknown can be searched for."""
        return self.reason[:LONGEST_SEARCH].strip()

    @property
    def step(self) -> str:
        """What to do where no permission is named: a trail has to be connected."""
        return NEXT_STEP if any(f"{api} was not collected" in self.reason for api in READS) else ""


@dataclass(frozen=True)
class Seen:
    """How much of the accounts is known. ever: of those, judged at all; behind: of these, not today; watched: whose events of
    CloudTrail were read; checks, unknown: of all rules; apis: that were not read whole."""

    accounts: int
    ever: int
    behind: int
    behind_url: str
    watched: int
    checks: int
    unknown: int
    apis: int

    @property
    def today(self) -> int:
        return self.ever - self.behind

    @property
    def never(self) -> int:
        return self.accounts - self.ever

    @property
    def share(self) -> int:
        """Of the checks, percent that are known; never rounded up."""
        return 100 * (self.checks - self.unknown) // self.checks if self.checks else 0


def seen(
    shown: Shown, practices: Iterable[Standing], lines: Iterable[Unread], accounts: int, watches: QuerySet[TrailWatch]
) -> Seen:
    """One query."""
    found, scope = shown.found, shown.scope
    return Seen(
        accounts,
        found.accounts,
        found.carried[-1] if found.days else 0,
        scope.accounts_url(unjudged=scope.today.isoformat()),
        watches.exclude(since=None).count(),
        sum(one.checked for one in practices),
        sum(one.unknown for one in practices),
        len({api for line in lines for api in line.apis}),
    )


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    chosen = account_chosen(request)
    account = get_object_or_404(Account, aws_id=chosen) if chosen else None
    if account is None and not Account.objects.exists():
        return render(request, "overview/welcome.html", first_run.ways(request.user))
    scope = trend_scope.read(request)
    accounts = some_accounts(scope, account)
    mine = {} if accounts is None else {"account__in": list(accounts)}
    counted, still_open = AccountFindings.objects.filter(**mine), open_by_rule(request, **mine)
    by_account, shown = severities_by_account(counted), trend.shown(scope)
    scores, lines = trend.scores(shown), unread(accounts)
    connected = Account.objects.count() if accounts is None else len(accounts)
    practices = standings(still_open, RuleState.objects.filter(**mine), shown, scores)
    context = {
        "practices": practices,
        "total": sum(p.total for p in practices),
        "urgent": sum(p.urgent for p in practices),
        **aside(counted, Finding.objects.filter(JUST_OVERDUE, **mine)),
        "chart": chart(practices, request),
        "trend": shown,
        "answer": answer(
            request, shown, {p.practice: p.urgent for p in practices if p.rules}, by_account, scores.moved
        ),
        "next": next_steps(request, accounts, still_open),
        "principals": PrincipalPosture.objects.filter(risk__gt=0, principal__gone_at=None, **mine)
        .select_related("principal", "account")
        .order_by("-risk", "-principal_id")[:TOP],
        "accounts_by_risk": [] if account else riskiest_accounts(by_account),
        "judged": any(p.checked for p in practices),
        "unsure": any(p.unknown for p in practices),
        **changes(shown.scope, FindingEvent.objects.filter(**mine)),
        "unread": lines,
        "doubts": doubts(RuleState.objects.filter(**mine), {api for line in lines for api in line.apis}),
        "connected": connected,
        "seen": seen(shown, practices, lines, connected, TrailWatch.objects.filter(**mine)),
        "collecting": Run.objects.filter(finished_at=None, **mine).count(),
        "account": account,
        "scope": scope,
    }
    if not context["judged"]:
        context["unfinished"] = first_run.unfinished() if accounts is None else list(accounts.values())
    return render(request, "overview/page.html", context)


def some_accounts(scope: Scoped, account: Account | None) -> Mapping[int, Account] | None:
    """By key; None for all that are seen. One query, where an OU, a group or an owner is chosen."""
    if scope.accounts is None:
        return None
    if account and scope.accounts == [account.pk]:
        return {account.pk: account}
    return Account.objects.in_bulk(scope.accounts)


def aside(counted: QuerySet[AccountFindings], just_overdue: QuerySet[Finding]) -> dict[str, int]:
    """How many are overdue, and how many accepted. Two queries."""
    found: dict[str, int] = counted.exclude(status=Finding.Status.RESOLVED).aggregate(
        overdue=Sum("n_late", default=0),
        accepted=Sum("n", default=0, filter=Q(status=Finding.Status.ACCEPTED)),
    )
    return found | {"overdue": found["overdue"] + just_overdue.count()}


def chart(practices: Iterable[Standing], request: HttpRequest) -> Chart:
    """Open findings by practice, stacked by severity, critical at the baseline."""
    shown = [p for p in practices if p.rules]
    worst = max(shown, key=lambda p: (p.urgent, p.total))
    series = tuple(
        Series(
            severity.label,
            severity.slug,
            tuple(p.open[severity] for p in shown),
            tuple(show.address(request, "findings", practice=p.practice.prefix, severity=severity.slug) for p in shown),
        )
        for severity in WORST_FIRST
    )
    unknown = sum(p.unknown for p in shown)
    sentence = (
        f"{worst.practice.label} has the most critical and high findings: {worst.urgent} of {worst.total} open."
        if worst.urgent
        else f"No critical or high finding is open, but {unknown} checks are unknown."
        if unknown
        else "No critical or high finding is open."
    )
    return Chart("by-practice", sentence, tuple(p.practice.label for p in shown), series)


def severities_by_account(counted: QuerySet[AccountFindings]) -> dict[int, Counts]:
    """Open findings by account's key."""
    still_open = counted.filter(status=Finding.Status.OPEN).values_list("account")
    sums = still_open.annotate(**{one.slug: Sum("n", default=0, filter=Q(severity=one)) for one in WORST_FIRST})
    return {pk: dict(zip(WORST_FIRST, numbers, strict=True)) for pk, *numbers in sums if any(numbers)}


def riskiest_accounts(counts: Mapping[int, Counts]) -> list[tuple[Account, Counts]]:
    """Accounts by their open findings, compared severity by severity from the worst."""
    worst = sorted(counts, key=lambda pk: (tuple(counts[pk].values()), -pk), reverse=True)[:TOP]
    accounts = Account.objects.in_bulk(worst)
    return [(accounts[pk], counts[pk]) for pk in worst]


def changes(scope: Scoped, events: QuerySet[FindingEvent]) -> dict[str, Any]:
    """What opened, reopened and was resolved in the last seven days, and the lists of that."""
    first = timezone.now().date() - RECENT + DAY
    kinds, slug = FindingEvent.Kind, between(first)
    since = datetime.combine(first, time(), UTC)
    found = Counter(dict(events.filter(at__gte=since).order_by().values_list("kind").annotate(n=rows())))
    opened, reopened, resolved = (found[kind] for kind in (kinds.OPENED, kinds.REOPENED, kinds.RESOLVED))
    return {
        "changes": {"opened": opened + reopened, "reopened": reopened, "resolved": resolved},
        "change_urls": {
            "opened": scope.findings(opened=slug),
            "reopened": scope.findings(reopened=slug),
            "resolved": scope.findings(resolved=slug),
        },
    }


def doubts(states: QuerySet[RuleState], told: Collection[str]) -> list[Doubt]:
    """Why most is unknown, beside what single subjects lack and APIs that have lines of their own (told). One query."""
    some = states.filter(n_unknown__gt=0).exclude(reason="").values_list("reason")
    found = some.annotate(n=Sum("n_unknown"), accounts=Count("account", distinct=True)).order_by("-n", "reason")
    return [Doubt(*row) for row in found if not any(api in row[0] for api in told)][:REASONS]
