"""Open findings counted by severity, as chips that lead to the findings they count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from findings.vocabulary import Severity
from iamdash.pages import show

WORST_FIRST = tuple(sorted(Severity, reverse=True))
Counts = Mapping[Severity, int]


def counted(row: Any) -> Counts:
    """From a row with a column or annotation for each severity's slug."""
    return {s: getattr(row, s.slug) for s in WORST_FIRST}


def counts(numbers: Counts, url: str) -> SafeString:
    """Worst first, none left out but zeros. url: the findings that are counted; each chip adds its severity."""
    some = [(s, numbers[s]) for s in WORST_FIRST if numbers[s]]
    if not some:
        return format_html('<span class="muted">{}</span>', "none")
    join = "&" if "?" in url else "?"
    return format_html_join(
        " ",
        '<a class="count {}" href="{}{}severity={}" title="{} {}">{}{}<span class="hidden"> {}</span></a>',
        ((s.slug, url, join, s.slug, n, s.label.lower(), show.mark(s.slug), n, s.label.lower()) for s, n in some),
    )
