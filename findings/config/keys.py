"""What a key of an entry may say: a reader gives the one form in which a value is compared and written, or says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from findings.config.document import nearest
from findings.vocabulary import Severity

Read = Callable[[Any], Any]
TAG_KEY, TAG_VALUE = 128, 256  # AWS's limits


@dataclass(frozen=True)
class Key:
    """read: raises ValueError, whose text ends a sentence that begins with the key. default: what it says where it is left out,
    which is not written either; None with `required`. what: for the documentation."""

    name: str
    read: Read
    what: str
    default: Any = None
    required: bool = False


def text(most: int, *, empty: bool = True, lines: bool = False) -> Read:
    def read(raw: Any) -> str:
        if not isinstance(raw, str):
            raise ValueError(f"must be text: write it in quotes ({raw!r:.40})")
        one = raw if lines else " ".join(raw.split())
        if not one.replace("\n", "").replace("\t", "").isprintable():
            raise ValueError("holds signs that cannot be seen")
        if len(one) > most or not (empty or one):
            raise ValueError("must say something" if not one else f"has {len(one)} characters; at most {most} are kept")
        return one

    return read


def exact(most: int) -> Read:
    """Kept as it is: what AWS gave, or what pages keep as it was written."""

    def read(raw: Any) -> str:
        if not isinstance(raw, str):
            raise ValueError(f"must be text: write it in quotes ({raw!r:.40})")
        if len(raw) > most or "\x00" in raw:
            raise ValueError(f"has more than {most} characters, or one that cannot be kept")
        return raw

    return read


def one_of(words: Collection[str], what: str) -> Read:
    def read(raw: Any) -> str:
        if not isinstance(raw, str) or raw not in words:
            raise ValueError(f"cannot say this: {nearest(str(raw), words, what)}")
        return raw

    return read


def several(one: Read, most: int = 200) -> Read:
    """A list, sorted, each once."""

    def read(raw: Any) -> list[Any]:
        if not isinstance(raw, list):
            raise ValueError("must be a list")
        if len(raw) > most:
            raise ValueError(f"lists {len(raw)}; at most {most} are kept")
        return sorted({one(each) for each in raw})

    return read


def whole(low: int, high: int) -> Read:
    def read(raw: Any) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int) or not low <= raw <= high:
            raise ValueError(f"must be a whole number between {low} and {high}")
        return raw

    return read


def moment(raw: Any) -> str:
    """UTC, to the microsecond that the database keeps: "2026-12-31T00:00:00Z". A date alone is its first moment."""
    try:
        at = datetime.fromisoformat(raw) if isinstance(raw, str) else None
    except ValueError:
        at = None
    if at is None:
        raise ValueError("must be a date or a time, as 2026-12-31 or 2026-12-31T12:00:00Z")
    return written(at.replace(tzinfo=UTC) if at.tzinfo is None else at)


def written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def tag(raw: Any) -> str:
    key, sign, value = raw.partition("=") if isinstance(raw, str) else ("", "", "")
    if not key.strip() or not sign or len(key) > TAG_KEY or len(value) > TAG_VALUE or not raw.isprintable():
        raise ValueError(f"{str(raw)[:60]!r} is no tag: write it as key=value")
    return f"{key.strip()}={value.strip()}"


def matching(pattern: re.Pattern[str], what: str) -> Read:
    def read(raw: Any) -> str:
        if not isinstance(raw, str) or not pattern.fullmatch(raw):
            raise ValueError(f"{str(raw)[:60]!r} cannot be used: {what}")
        return raw

    return read


SEVERITY = one_of([one.slug for one in sorted(Severity, reverse=True)], "severity")
SEVERITIES: Mapping[str, Severity] = {one.slug: one for one in Severity}
