"""Small pieces of HTML that tables and templates share. Everything that comes from data passes through format_html."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlencode

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from collectors.models.job import JUDGE
from collectors.sources import sources
from findings.vocabulary import Severity
from iamdash.pages import carried
from iamdash.pages.html import format_html

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")
DOMAIN = ".amazonaws.com"
_MEET = re.compile(rf"(?<=_)(?=[^_<])|(?=@|{re.escape(DOMAIN)})")
UNITS = (("y", 365 * 86_400), ("mo", 30 * 86_400), ("d", 86_400), ("h", 3_600), ("min", 60))


@lru_cache(256)
def mark(name: str) -> SafeString:
    """A shape of the sprite static/icons.svg, in the colour of the text around it. It says nothing to screen readers."""
    return format_html(
        '<svg class="mark mark-{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        name,
        static("icons.svg"),
        name,
    )


def severity(value: int) -> SafeString:
    """Shape, word and colour."""
    level = Severity(value)
    return format_html('<span class="severity {}">{}{}</span>', level.slug, mark(level.slug), level.label)


def state(name: str, words: str) -> SafeString:
    """A mark and its words: "resolved" for whole, "unknown" for not known, a severity's for failed."""
    return format_html('<span class="state">{}{}</span>', mark(name), words)


def source(name: str) -> str:
    """What is collected by a job, or told by coverage, in words. A source of a former release keeps its name."""
    if name == JUDGE:
        return "Judge by the rules"
    return sources()[name].title if name in sources() else name


def span(seconds: float) -> str:
    """A length of time in one unit: "3 h". Months and years are of 30 and 365 days."""
    for unit, size in UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "now"


def relative(at: datetime) -> str:
    seconds = (timezone.now() - at).total_seconds()
    text = span(abs(seconds))
    if text == "now":
        return "just now"
    return f"{text} ago" if seconds > 0 else f"in {text}"


def ago(at: datetime | None, *, focus: bool = False, none: str = "never") -> SafeString:
    """Relative time, with the absolute one on hover. focus: also for the keyboard, where times are few."""
    if at is None:
        return format_html('<span class="muted">{}</span>', none)
    form = (
        '<time datetime="{}" title="{}" tabindex="0">{}</time>' if focus else '<time datetime="{}" title="{}">{}</time>'
    )
    return format_html(form, at.isoformat(), f"{at:%Y-%m-%d %H:%M} UTC", relative(at))


def unknown(reason: str) -> SafeString:
    """What could not be read, and why."""
    return format_html('<span class="unknown">{}unknown: {}</span>', mark("unknown"), reason)


def hidden(text: str) -> str:
    """Printable form of a name: control and direction characters, which could pass one name off for another, are shown."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\u200d" else f"\\u{ord(c):04x}" for c in text)


def name(text: str) -> SafeString:
    """A name out of AWS, with its direction kept to itself. It may break where its parts meet."""
    said = format_html("<bdi>{}</bdi>", hidden(text))
    return SafeString(_MEET.sub("<wbr>", said))


def copy(target: object, what: str, prefix: str = "") -> SafeString:
    """A button that copies the text of the element of that id; static/js/app.js shows it and says what became of it."""
    return format_html(
        '<button type="button" class="quiet copy" data-copy="{}{}" data-script-only hidden><span>Copy</span>'
        '<span class="hidden"> {}</span></button>',
        prefix,
        target,
        what,
    )


def address(request: HttpRequest, view: str, /, *args: object, **parameters: str | Sequence[str]) -> str:
    """The URL of a page, with what stays from page to page (carried.py)."""
    pairs = {k: v for k, v in carried.along(request, parameters).items() if v}
    path = _path(view, args, get_script_prefix())
    return f"{path}?{'&'.join(_parameter(*pair) for pair in pairs.items())}" if pairs else path


def _parameter(name: str, value: str | Sequence[str]) -> str:
    """As urlencode, which takes ten times as long: a chart of a year has thousands of links, of plain slugs and dates."""
    only = value if isinstance(value, str) else value[0] if len(value) == 1 else " "
    if _PLAIN.fullmatch(only):
        return f"{name}={only}"
    return urlencode([(name, value)], doseq=True)


@lru_cache(4_096)
def _path(view: str, args: tuple[object, ...], _prefix: str) -> str:
    """Of a page: lists of hundreds of links lead to the same ones again and again."""
    return reverse(view, args=args)
