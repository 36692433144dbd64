"""What operators write in forms and addresses."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError


def printable(text: str) -> str:
    """On one line, without what cannot be seen or turns the direction of the text; ValidationError where that stands in it."""
    text = " ".join(text.split())
    if not text.isprintable():
        raise ValidationError("Write it in letters, digits and signs that can be seen.")
    return text


def number(text: str) -> int | None:
    """A key of the database, or how many there are. None for what is none: digits of other scripts, and more of them than any key
    has, are numbers for Python or look like one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def numbers(texts: Iterable[str]) -> list[int]:
    return [found for text in texts if (found := number(text)) is not None]


def askable(ids: Iterable[str]) -> list[str]:
    """Each once, of those that the database can be asked for: PostgreSQL keeps no NUL, so no id has one."""
    return [one for one in dict.fromkeys(ids) if "\0" not in one]
