"""What messages say, in words of people; Slack, e-mail and the pages' previews say the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.conf import settings

from findings.rules.registry import catalogue
from findings.score import POINT
from findings.vocabulary import Severity
from iamdash.notify import content, digests
from iamdash.notify.content import Content, First, Item
from iamdash.notify.digests import Week
from iamdash.notify.models import Delivery
from iamdash.notify.vocabulary import Kind

# Pages by their names: their routes are not asked, so that the worker need not load all pages.
PAGES = {
    "overview": "/",
    "findings": "/findings/",
    "finding": "/findings/{}/",
    "settings-alerts": "/settings/alerts/",
    "trends-report": "/trends/report/",
}
LONGEST = 300  # characters of a title
SUMMARY = 5  # what a summary lists


@dataclass(frozen=True)
class Line:
    """text: hostile words of an account's, in one printable line. under: what stands below it. url: "" where PUBLIC_URL is not
    set."""

    text: str
    url: str = ""
    under: str = ""
    severity: str = ""


@dataclass(frozen=True)
class Message:
    """subject: one line. lines: what happened, worst first. foot: where to look on."""

    subject: str
    lines: tuple[Line, ...] = ()
    foot: tuple[Line, ...] = ()


def plain(text: str, longest: int = LONGEST) -> str:
    """One line that says what can be seen: control and direction characters are written out, white space is one blank."""
    text = " ".join(text.split())
    text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def link(view: str, *args: object, **query: str) -> str:
    """An address of iamdash, "" where nobody said where it is found."""
    if not settings.PUBLIC_URL:
        return ""
    return f"{settings.PUBLIC_URL}{PAGES[view].format(*args)}{'?' + urlencode(query) if query else ''}"


def message(delivery: Delivery) -> Message:
    if delivery.reason == Delivery.Reason.DIGEST:
        return of_week(digests.read(delivery.content))
    found = of_content(content.read(delivery.content))
    return replace(found, subject=f"Test: {found.subject}") if delivery.reason == Delivery.Reason.TEST else found


def of_content(told: Content) -> Message:
    items = told.items if not told.omitted else told.items[:SUMMARY]
    lines = [*_firsts(told.firsts), *map(_item, items)]
    left = told.happened - len(items)
    if left:
        lines.append(Line(f"and {left:,} more in {_accounts(len(told.by_account))}", link("findings")))
    foot = Line(f"Told by: {plain(', '.join(told.rules))}", link("settings-alerts")) if told.rules else None
    return Message(_subject(told), tuple(lines), (foot,) if foot else ())


def _subject(told: Content) -> str:
    if not told.happened:
        n = len(told.firsts)
        return f"First collection of {_accounts(n)}: {_counted(_all(told.firsts.values()))}"
    if len(told.items) == 1 and told.happened == 1 and not told.firsts:
        one = told.items[0]
        return f"{_word(one)}: {plain(one.title, 150)} ({one.severity}, {plain(one.account_name, 60)})"
    kinds = [kind.word for kind in Kind if told.by_kind.get(kind)]
    return f"{_findings(told.happened)} {'/'.join(kinds)}: {_counted(told.by_severity)}"


def _firsts(firsts: Mapping[str, First]) -> Iterator[Line]:
    ordered = sorted(firsts.items(), key=lambda pair: -pair[1].total)
    for aws_id, first in ordered[:SUMMARY]:
        text = f"First collection of {plain(first.name, 100)} ({aws_id}): {_counted(first.by_severity)}"
        yield Line(text, link("findings", account=aws_id))
    if len(ordered) > SUMMARY:
        rest = [first for _, first in ordered[SUMMARY:]]
        yield Line(f"and first collections of {_accounts(len(rest))} more: {_counted(_all(rest))}", link("findings"))


def _item(one: Item) -> Line:
    raised = f" from {one.before}" if one.before else ""
    due = f", due {one.due_at[:10]}" if one.due_at else ""
    owner = f", {plain(one.owner, 100)}" if one.owner else ""
    gone = ", resolved meanwhile" if one.status == "resolved" else ""
    account = f"{plain(one.account_name, 100)} ({one.account_id})"
    under = f"{_word(one)}{raised} · {one.code} {_slug(one.code)} · {account}{owner}{due}{gone}"
    return Line(plain(one.title), link("finding", one.finding) if one.finding else "", under, one.severity)


def of_week(week: Week) -> Message:
    lines = [
        Line(f"{slug}: {now:,} open{_was(before, now)}", severity=slug) for slug, (before, now) in week.open.items()
    ]
    lines.append(Line(f"{week.opened:,} opened, {week.resolved:,} resolved{_before(week)}", link("trends-report")))
    if week.score:
        before, now = week.score
        change = f" ({(now - before) / POINT:+.1f} in a week)" if before is not None else ", a week ago unknown"
        lines.append(Line(f"Posture score {now / POINT:.1f} of 100{change}"))
    if week.overdue:
        lines.append(Line(f"{week.overdue:,} overdue"))
    if week.partial:
        lines.append(Line(f"{_accounts(week.partial)} could not be read whole: what is wrong there may be more"))
    lines += map(_item, week.newest[:SUMMARY])
    subject = (
        f"Week until {week.until}: {week.opened:,} opened, {week.resolved:,} resolved in {_accounts(week.accounts)}"
    )
    return Message(subject, tuple(lines), (Line("What changed this week", link("trends-report")),))


def _was(before: int | None, now: int) -> str:
    if before is None:
        return ", a week ago unknown"
    return f" ({now - before:+,} in a week)" if now != before else ", as a week ago"


def _before(week: Week) -> str:
    return f"; the week before {week.before[0]:,} and {week.before[1]:,}" if week.before else ""


def _word(one: Item) -> str:
    kind = Kind.MONITORING if Kind.MONITORING.value in one.kinds else Kind(one.kinds[0])
    return kind.word.capitalize()


def _slug(code: str) -> str:
    entry = catalogue().get(code)
    return entry.rule.slug if entry else ""


def _all(firsts: Iterable[First]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for first in firsts:
        for slug, n in first.by_severity.items():
            counts[slug] = counts.get(slug, 0) + n
    return counts


def _counted(by_severity: Mapping[str, int]) -> str:
    found = [f"{by_severity[s.slug]:,} {s.slug}" for s in sorted(Severity, reverse=True) if by_severity.get(s.slug)]
    return ", ".join(found) or "nothing"


def _findings(n: int) -> str:
    return f"{n:,} finding{'' if n == 1 else 's'}"


def _accounts(n: int) -> str:
    return f"{n:,} account{'' if n == 1 else 's'}"
