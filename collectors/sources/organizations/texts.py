"""Policy documents as Organizations gives them: text."""

from __future__ import annotations

import json
from typing import Any

from collectors.records import clean


def document(text: str) -> Any:
    """The parsed JSON; the text where it is none."""
    try:
        return clean(json.loads(text))
    except (ValueError, RecursionError):
        return text
