"""The Overview's first words: is it better or worse, where is most of it, and why. It reads little beside its other parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest

from collectors.models import Account
from findings.trends import Moved, ScoreLine, Trend
from findings.vocabulary import Practice, Severity
from iamdash.pages import report_parts, show, trend_figures
from iamdash.pages.grouped import by_ou
from iamdash.pages.severities import Counts
from iamdash.pages.trend import Shown
from iamdash.pages.trend_figures import SMALL
from iamdash.pages.trends import directions

URGENT = (Severity.CRITICAL, Severity.HIGH)
WORDS = {-1: "Better", 0: "Neither better nor worse", 1: "Worse"}
MIXED = "Better in one way and worse in another"


@dataclass(frozen=True)
class Most:
    """Of open critical and high findings those of one practice, account or OU."""

    label: str
    n: int
    url: str


@dataclass(frozen=True)
class Answer:
    """mark: a shape of the sprite. where: the most of each kind; why: sentences. "" and nothing where two judged days lack."""

    mark: str = "unknown"
    better: str = ""
    where: tuple[Most, ...] = ()
    why: tuple[str, ...] = ()


def answer(
    request: HttpRequest,
    shown: Shown,
    practices: Mapping[Practice, int],
    accounts: Mapping[int, Counts],
    moved: Moved | None,
) -> Answer:
    """practices: open critical and high findings. accounts: open findings, by key. moved: what moved the score."""
    where = tuple(_where(request, practices, {pk: sum(one[s] for s in URGENT) for pk, one in accounts.items()}))
    if not shown.found.told:
        return Answer(better="Not known yet: better or worse shows from the second judged day on.", where=where)
    signs = directions(shown.found, shown.line)
    mark = "resolved" if signs == {-1} else "high" if signs == {1} else "info"
    return Answer(
        mark,
        sentence(shown.found, shown.line, shown.days),
        where,
        tuple(report_parts.why_score(request, moved)) if moved else (),
    )


def sentence(found: Trend, line: ScoreLine, days: int) -> str:
    """Score and open critical and high findings at the end of the period against its beginning."""
    signs = directions(found, line)
    word = MIXED if len(signs) > 1 else WORDS[next(iter(signs), 0)]
    over = f"in {days} days" if len(found.days) == days else f"since {found.days[0]:%-d %B %Y}"
    parts = [part for part in (_score(line), _urgent(found)) if part]
    return f"{word}: {', and '.join(parts)} {over}."


def _score(line: ScoreLine) -> str:
    if not line.means:
        return ""
    last = line.means[-1]
    more = trend_figures.points(last.unknown)
    standing = f"{trend_figures.points(last.score)} of 100{f' (up to {more} more are unknown)' if more else ''}"
    change = line.change or 0
    if abs(change) < SMALL:
        return f"the score stayed at {standing}"
    return f"the score {trend_figures.went(line)} to {standing}"


def _urgent(found: Trend) -> str:
    first, last = found.urgent(0), found.urgent(-1)
    if first == last:
        return f"open critical and high findings stayed at {last:,}"
    return f"open critical and high findings {'fell' if last < first else 'rose'} from {first:,} to {last:,}"


def _where(request: HttpRequest, practices: Mapping[Practice, int], accounts: Mapping[int, int]) -> Iterable[Most]:
    practice = max(practices, key=lambda one: practices[one], default=None)
    if practice and practices[practice]:
        yield Most(practice.label, practices[practice], _urgent_ones(request, practice=practice.prefix))
    if len(accounts) > 1 and (pk := max(accounts, key=lambda one: (accounts[one], -one))) and accounts[pk]:
        account = Account.objects.get(pk=pk)
        yield Most(account.name, accounts[pk], _urgent_ones(request, account=account.aws_id))
        yield from _unit(request, accounts)


def _unit(request: HttpRequest, accounts: Mapping[int, int]) -> Iterable[Most]:
    """The OU that has most, of those with as much the one furthest down."""
    found = {slug: (sum(accounts.get(pk, 0) for pk in pks), -len(pks), words) for slug, (words, pks) in by_ou().items()}
    slug = max(found, key=lambda one: found[one], default="")
    if slug and found[slug][0]:
        yield Most(found[slug][2], found[slug][0], _urgent_ones(request, ou=slug))


def _urgent_ones(request: HttpRequest, **narrow: str) -> str:
    """The list of just what is counted."""
    first, second = (one.slug for one in URGENT)
    return f"{show.address(request, 'findings', severity=first, **narrow)}&severity={second}"
