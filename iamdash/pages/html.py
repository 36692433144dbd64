"""Django's format_html for what a list draws thousands of times: it escapes the same, and asks less of each piece."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString


def format_html(form: str, *pieces: object) -> SafeString:
    return SafeString(form.format(*map(escaped, pieces)))


def format_html_join(between: str, form: str, rows: Iterable[Sequence[object]]) -> SafeString:
    """between: HTML of our own."""
    return SafeString(between.join(form.format(*map(escaped, row)) for row in rows))


def escaped(piece: object) -> str:
    kind = piece.__class__
    if kind is SafeString:
        return piece  # type: ignore[return-value]
    return html.escape(piece) if kind is str else conditional_escape(piece)  # type: ignore[arg-type]
