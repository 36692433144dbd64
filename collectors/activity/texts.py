"""Text that others chose, made fit for a database and a page: bounded, without control characters and lone surrogates."""

from __future__ import annotations

import re
from functools import lru_cache

from collectors.records import clean

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
LONG = 512
# What programs put into session names so that each is another: times, hashes, UUIDs. Kept, they would be rows without end.
COUNTED = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|(?=[a-f]*\d)[0-9a-f]{16,}|\d{9,}")
INSTANCE = re.compile(r"i-[0-9a-f]{8,17}\Z")


@lru_cache(20_000)
def tidy(text: str, limit: int = LONG) -> str:
    """Each run of control characters (ESC, CR, LF, NUL) becomes one space; at most `limit` bytes, as indexes count them."""
    fit = str(clean(CONTROL.sub(" ", text[: 2 * limit])))[:limit]
    return fit if fit.isascii() else fit.encode()[:limit].decode(errors="ignore")


@lru_cache(20_000)
def session_name(text: str) -> str:
    """The name with `*` for what a program counts up; an instance's id and an e-mail address stay as they are."""
    name = tidy(text, 128)
    return name if "@" in name or INSTANCE.match(name) else COUNTED.sub("*", name)
