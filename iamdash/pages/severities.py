"""Open findings counted by severity, as chips that lead to the findings they count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.db.models import Count, Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.safestring import SafeString

from findings.models import Finding, RuleState
from findings.vocabulary import Severity
from iamdash.pages import show
from iamdash.pages.html import format_html, format_html_join

URGENT = (Severity.CRITICAL.slug, Severity.HIGH.slug)
WORST_FIRST = tuple(sorted(Severity, reverse=True))
OPEN_FIELDS = tuple(f"open_{s.slug}" for s in WORST_FIRST)  # of exports: open findings by severity
Counts = Mapping[Severity, int]


def counted(row: Any) -> Counts:
    """From a row with a column or annotation for each severity's slug."""
    return {s: getattr(row, s.slug) for s in WORST_FIRST}


def judged(account: str = "account") -> dict[str, Exists]:
    """Annotation for `counts_of` and `open_fields`: whether the row's account was ever judged. account: a column of the row."""
    return {"judged": Exists(RuleState.objects.filter(account=OuterRef(account)))}


def counts_of(row: Any, url: str) -> SafeString:
    """Of a row with `judged`: that nothing is open is known only where the account was judged."""
    return counts(counted(row), url) if known(row) else show.unknown("not judged yet")


def open_fields() -> dict[str, Callable[[Any], int | None]]:
    """The same as fields of an export; None: not judged yet."""
    return {f"open_{s.slug}": partial(_told, s.slug) for s in reversed(Severity)}


def _told(slug: str, row: Any) -> int | None:
    return getattr(row, slug) if known(row) else None


def known(row: Any) -> bool:
    """Whether what is not found of a row with `judged` is known not to be there."""
    return row.judged or any(counted(row).values())


def open_counts(subject_id: str, **which: Any) -> dict[str, Coalesce]:
    """Annotations for `counted`: open findings of the row's subject by severity. subject_id: a column of the row, beside
    `account`. which: a filter of the findings."""
    still_open = Finding.objects.filter(
        account=OuterRef("account"), subject_id=OuterRef(subject_id), status=Finding.Status.OPEN, **which
    )
    found = still_open.order_by().values("account").annotate(n=Count("pk")).values("n")
    return {s.slug: Coalesce(Subquery(found.filter(severity=s)), 0) for s in Severity}


def counts(numbers: Counts, url: str) -> SafeString:
    """Worst first, none left out but zeros. url: the findings that are counted; each chip adds its severity."""
    some = [(s, numbers[s]) for s in WORST_FIRST if numbers[s]]
    if not some:
        return format_html('<span class="muted">{}</span>', "none")
    join, texts = "&" if "?" in url else "?", ((s, f"{n:,}") for s, n in some)
    return format_html_join(
        " ",
        '<a class="count {}" href="{}{}severity={}" title="{} {}">{}{}<span class="hidden"> {}</span></a>',
        ((s.slug, url, join, s.slug, n, s.label.lower(), show.mark(s.slug), n, s.label.lower()) for s, n in texts),
    )
