"""What a reader sees of a page."""

from __future__ import annotations

import re
from typing import Any


def text(response: Any) -> str:
    """Without tags, spaces folded; a word that may break, and what stands before a comma, are in one piece. Characters that are
    escaped stay so."""
    words = re.sub(r"<[^>]*>", " ", response.content.decode().replace("<wbr>", ""))
    return re.sub(r" ([.,:])(?!\.)", r"\1", re.sub(r"\s+", " ", words))
