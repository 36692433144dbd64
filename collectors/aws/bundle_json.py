"""JSON of unknown origin: any depth, any number, any encoding, a key twice. What json.loads would choke on or hide is kept
apart, so that one odd value does not cost its file."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any

LEVELS = 100  # of nesting that are read; policy documents lie within the first ten and may have 64
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_DEEPER = '"(nested deeper)"'


class Twice(dict[str, Any]):
    """An object that names a key twice. Of such a key the last value stands; whoever reads it decides what that means."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.twice = next(name for name, n in Counter(name for name, _ in pairs).items() if n > 1)


def text_of(data: bytes) -> str:
    """By the byte order mark or the pattern of zeros: PowerShell writes UTF-16. What is no text becomes U+FFFD."""
    return data.decode(json.detect_encoding(data), "replace")


def parse(text: str) -> Any:
    """Raises ValueError, as json.loads does. NaN, infinity and integers of more than 18 digits are given as text."""
    try:
        return _parse(text)
    except RecursionError:
        return _parse(_cut(text))


def _parse(text: str) -> Any:
    return json.loads(
        text, object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=str, strict=False
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Twice(pairs)


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= 18 else text


def _float(text: str) -> float | str:
    return number if math.isfinite(number := float(text)) else text


def _cut(text: str) -> str:
    """The text with everything below LEVELS replaced. One pass over its tokens."""
    pieces, kept, depth = [], 0, 0
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth == LEVELS + 1:
                pieces += [text[kept : token.start()], _DEEPER]
        elif token[0] in "]}":
            if depth == LEVELS + 1:
                kept = token.end()
            depth -= 1
    return "".join(pieces) + text[kept:] if depth <= LEVELS else ""
