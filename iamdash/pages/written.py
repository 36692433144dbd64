"""What operators write in forms."""

from __future__ import annotations

from django.core.exceptions import ValidationError


def printable(text: str) -> str:
    """On one line, without what cannot be seen or turns the direction of the text; ValidationError where that stands in it."""
    text = " ".join(text.split())
    if not text.isprintable():
        raise ValidationError("Write it in letters, digits and signs that can be seen.")
    return text
