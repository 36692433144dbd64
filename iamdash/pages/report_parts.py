"""The parts of the report "What changed": each answers one question from few queries, and says "none" where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from collectors.models import Account, AdminEvent, Membership
from collectors.models.account import HELD
from findings.models import AccountDay, AccountFindings, EndedInterval, Finding
from findings.rules.registry import catalogue, rules
from findings.score import POINT
from findings.trends import Key, Line, Moved, lines, points
from findings.vocabulary import Practice, Severity
from iamdash.pages import show, work_facets
from iamdash.pages.html import format_html, format_html_join
from iamdash.pages.severities import URGENT
from iamdash.pages.trend_figures import SMALL
from iamdash.pages.trend_figures import moved as said
from iamdash.pages.trend_figures import points as whole
from iamdash.pages.trend_scope import Scoped
from iamdash.pages.when import DAY, between

LISTED = 10  # rows of a table; what is more is counted and linked
RULES = 3  # that a sentence names
RECORDING = frozenset(
    {
        "no-multi-region-trail", "trail-stopped", "trail-tampering", "config-not-recording-iam", "no-access-analyzer",
        "collection-stale",
    }
)  # fmt: skip


def named(request: HttpRequest, codes: Iterable[str]) -> SafeString:
    """ "AB101 root-without-mfa, KY102 old-key", each with a link to its rule."""
    known = catalogue()
    return format_html_join(
        ", ",
        '<a href="{}">{} {}</a>',
        ((show.address(request, "rule", code), code, known[code].rule.slug) for code in codes if code in known),
    )


def most(request: HttpRequest, codes: Sequence[str]) -> SafeString:
    """The first ones by name, and how many more."""
    more = f" and {len(codes) - RULES} more" if len(codes) > RULES else ""
    return format_html("{}{}", named(request, codes[:RULES]), more)


def mine(qs: QuerySet[Any], scope: Scoped) -> QuerySet[Any]:
    return qs if scope.accounts is None else qs.filter(account__in=scope.accounts)


def why_score(request: HttpRequest, found: Moved) -> list[str]:
    """Which rules moved it, up and down, of which only more is known, and what came of accounts instead."""
    parts = []
    bettered = {code: found.bettered(code) for code in found.rules}
    for sign, by_rule, words in (
        (1, bettered, "raised it"),
        (-1, bettered, "lowered it"),
        (1, found.learned, "raised it only since more is known"),
    ):
        some = sorted((code for code, n in by_rule.items() if sign * n >= SMALL), key=lambda code: -abs(by_rule[code]))
        if some:
            by = said(sum(by_rule[code] for code in some))
            parts.append(format_html("{} {}, by {} together.", most(request, some), words, by))
    if abs(found.rest) >= SMALL:
        what = "raised" if found.rest > 0 else "lowered"
        who = "Accounts that joined, or were judged for the first time or not yet,"
        parts.append(f"{who} {what} the mean by {said(found.rest)}.")
    return parts or ["No rule moved it."]


def why_unknown(request: HttpRequest, found: Moved) -> list[str]:
    """Coverage by what the score says is unknown. What is known now and raised the score stands in `why_score`."""
    parts = []
    by_rule = {code: lost.unknown - found.learned.get(code, 0) for code, lost in found.rules.items()}
    for sign, begin, end in ((1, "Known now", ", which it did not raise"), (-1, "No longer known", "")):
        some = sorted((code for code, n in by_rule.items() if sign * n >= SMALL), key=lambda code: -abs(by_rule[code]))
        if some:
            by = said(sum(by_rule[code] for code in some))
            parts.append(format_html("{}: what {} ask, {} of the score{}.", begin, most(request, some), by, end))
    return parts or ([] if found.learned else ["What cannot be known is what it was."])


@dataclass(frozen=True)
class Listed:
    """Findings, the first of them, and where all of them are. total: of all."""

    rows: Sequence[Finding]
    total: int
    url: str

    @property
    def more(self) -> int:
        return self.total - len(self.rows)


def newly_open(scope: Scoped, severity: Severity) -> Listed:
    """Of a severity, opened or reopened in the period and still unresolved."""
    days = between(scope.start, scope.today)
    found = mine(Finding.objects.filter(resolved_at=None, severity=severity, opened_at__gte=_begin(scope)), scope)
    url = scope.findings(since=days, severity=severity.slug)
    return Listed(list(found.select_related("account").order_by("-opened_at", "-pk")[:LISTED]), found.count(), url)


def _begin(scope: Scoped) -> datetime:
    return datetime.combine(scope.start, time(), UTC)


@dataclass(frozen=True)
class Overdue:
    total: int
    lately: int
    by_severity: list[tuple[Severity, int]]
    rows: Sequence[Finding]
    url: str
    dated: bool


def overdue(scope: Scoped) -> Overdue:
    """dated: whether any finding has a day by which it is due."""
    now = timezone.now()
    dated = mine(Finding.objects.filter(resolved_at=None, due_at__isnull=False), scope)
    late = dated.filter(due_at__lte=now)
    counts = work_facets.overdue(
        mine(AccountFindings.objects.order_by(), scope), mine(Finding.objects.all(), scope), "severity"
    )
    return Overdue(
        sum(counts.values()),
        late.filter(due_at__gte=_begin(scope)).count(),
        [(severity, counts[severity]) for severity in sorted(Severity, reverse=True) if counts.get(severity)],
        list(late.select_related("account").order_by("due_at", "pk")[:LISTED]),
        scope.findings(due="over"),
        bool(counts) or dated.exists(),
    )


@dataclass(frozen=True)
class Resolved:
    """An interval that ended, and the last administrative call on its subject before that, where CloudTrail told of one."""

    ended: EndedInterval
    call: str
    by: str


def resolved(scope: Scoped) -> list[Resolved]:
    """The worst ones that were put right in the period. Two queries."""
    ended = mine(EndedInterval.objects.filter(resolved_at__gte=_begin(scope)), scope)
    rows = list(
        ended.exclude(why=Finding.Why.NOT_APPLICABLE)
        .select_related("account", "finding")
        .order_by("-severity", "-resolved_at", "-pk")[:LISTED]
    )
    events = _changes(rows)
    return [_resolved(row, next((one for one in events if _is_of(one, row)), None)) for row in rows]


def _changes(rows: list[EndedInterval]) -> list[AdminEvent]:
    """What was done to their subjects in their intervals, the last first.

    Not a subquery of them: without the names before it the planner takes all that changed in an account by its time.
    """
    if not rows:
        return []
    each = (
        Q(
            account=row.account_id,
            target_name=row.finding.subject_name,
            target_type=row.finding.subject_type,
            at__range=(row.opened_at, row.resolved_at),
        )
        for row in rows
    )
    return list(AdminEvent.objects.filter(reduce(or_, each), error="", denied=False).order_by("-at", "-pk"))


def _is_of(event: AdminEvent, row: EndedInterval) -> bool:
    subject = row.account_id, row.finding.subject_name, row.finding.subject_type
    same = (event.account_id, event.target_name, event.target_type) == subject
    return same and row.opened_at <= event.at <= row.resolved_at


def _resolved(row: EndedInterval, event: AdminEvent | None) -> Resolved:
    if event is None:
        return Resolved(row, "", "")
    who = event.principal_arn.rpartition(":")[2] or event.principal_id
    return Resolved(row, event.name, f"{who} as {event.session_name}" if event.session_name else who)


@dataclass(frozen=True)
class Recording:
    """Findings of rules on recording (a trail stopped, an account no longer read): opened and resolved in the period."""

    lost: Listed
    regained: int
    regained_url: str


def recording(scope: Scoped) -> Recording:
    codes = [rule.code for rule in rules() if rule.slug in RECORDING]
    days = between(scope.start, scope.today)
    opened = mine(Finding.objects.filter(resolved_at=None, code__in=codes, opened_at__gte=_begin(scope)), scope)
    ended = mine(EndedInterval.objects.filter(resolved_at__gte=_begin(scope), code__in=codes), scope)
    rows = list(opened.select_related("account").order_by("-severity", "-opened_at", "-pk")[:LISTED])
    url = scope.findings(since=days, practice=Practice.MONITORING.prefix)
    back = scope.findings(resolved=days, practice=Practice.MONITORING.prefix)
    return Recording(Listed(rows, opened.count(), url), ended.count(), back)


@dataclass(frozen=True)
class Seen:
    """Of the accounts: how many were judged in the period and today; the others, and those that are not collected, by name."""

    accounts: int
    judged: int
    today: int
    quiet: list[str]
    held: list[str]


def seen(scope: Scoped) -> Seen:
    accounts = Account.objects.all() if scope.accounts is None else Account.objects.filter(pk__in=scope.accounts)
    last = AccountDay.objects.filter(account=OuterRef("pk")).order_by("-day").values("day")[:1]
    rows = list(accounts.annotate(last=Subquery(last)).order_by("name").values_list("pk", "name", "last"))
    held = set(accounts.filter(HELD).values_list("pk", flat=True))
    why = {one.account_id: one.why for one in Membership.objects.filter(account__in=held)}
    quiet = [
        f"{show.hidden(name)} ({f'last judged {last:%-d %B %Y}' if last else 'never judged'})"
        for pk, name, last in rows
        if pk not in held and (last is None or last < scope.start)
    ]
    return Seen(
        len(rows),
        sum(last is not None and last >= scope.start for *_, last in rows),
        sum(last == scope.today for *_, last in rows),
        quiet,
        [f"{show.hidden(name)} {why.get(pk, 'is not collected')}" for pk, name, _ in rows if pk in held],
    )


@dataclass(frozen=True)
class OfPractice:
    practice: Practice
    words: str
    url: str


def practices(scope: Scoped, found: Moved | None) -> list[OfPractice]:
    """A paragraph each, in the mission's order."""
    by = {line.key: line for line in lines(scope.accounts, scope.start, scope.stop, Key("practice")).all}
    have = {rule.practice for rule in rules()}
    return [
        OfPractice(
            one,
            paragraph(scope.request, one, by.get(one.prefix, Line(one.prefix)), found),
            scope.findings(practice=one.prefix),
        )
        for one in Practice
        if one in have
    ]


def paragraph(request: HttpRequest, practice: Practice, line: Line, found: Moved | None) -> SafeString:
    """Open, what came and went, and what it did to the score."""
    sentences = [f"{line.open:,} open, {line.urgent:,} of them critical or high; {line.was:,} were open before."]
    if line.opened or line.ended.n:
        right = line.ended.right
        went = f"{right.fixed:,} fixed, {right.gone:,} gone with their subjects, {line.ended.lapsed:,} no longer judged"
        sentences.append(
            f"{line.opened:,} opened ({line.reopened:,} of them again) and {line.ended.n:,} were resolved: {went}."
        )
    else:
        sentences.append("Nothing opened and nothing was resolved.")
    by = found.by_practice.get(practice, 0) if found else 0
    if found and abs(by) >= SMALL:
        codes = sorted((c for c in found.rules if Practice.of(c) is practice), key=lambda c: -abs(found.bettered(c)))
        way = "raised" if by > 0 else "lowered"
        sentences.append(format_html("It {} the score by {}, most by {}.", way, said(by), named(request, codes[:1])))
    elif found:
        sentences.append("It did not move the score.")
    return format_html_join(" ", "{}", ((one,) for one in sentences))


@dataclass(frozen=True)
class Worst:
    name: str
    aws_id: str
    url: str
    score: int | None
    change: int | None
    urgent: int
    open: int
    urgent_url: str
    open_url: str

    @property
    def moved(self) -> str:
        if self.change is None:
            return "not known"
        return "none" if abs(self.change) < SMALL else f"{self.change / POINT:+.1f}"


def worst(scope: Scoped) -> list[Worst]:
    """Accounts with the lowest score; those without one by what is open. Two queries."""
    before = scope.start - DAY
    found = points.read(scope.accounts, (before, scope.today), Key("account"))
    names = {str(pk): (aws_id, name) for pk, aws_id, name in Account.objects.values_list("pk", "aws_id", "name")}
    rows = []
    for key, (then, now) in found.items():
        if key in names:
            aws_id, name = names[key]
            change = None if then.score is None or now.score is None else now.score - then.score
            rows.append((now, change, show.hidden(name), aws_id))
    rows.sort(key=lambda row: (row[0].score is None, row[0].score or 0, -row[0].urgent, row[2]))
    return [
        Worst(
            name, aws_id, scope.findings(account=aws_id), None if now.score is None else whole(now.score), change,
            now.urgent, now.open, scope.findings(tab="", account=aws_id, severity=URGENT), scope.findings(tab="", account=aws_id),
        )
        for now, change, name, aws_id in rows[:LISTED]
    ]  # fmt: skip
