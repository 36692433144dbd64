"""What a setting's value may be: read from JSON, read from what an operator typed, and written back for them to change.

A reader takes what is good of a list and names the rest: a file is used as far as it goes, a page refuses all of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

MOST_DAYS = 36_500  # a hundred years; every number of the settings is smaller
Read = tuple[Any, list[str]]


class Kind(Protocol):
    """allowed: what a value may be, as the end of "it must be ...". Readers raise ValueError for another form."""

    @property
    def allowed(self) -> str: ...

    def read(self, raw: Any) -> Read:
        """raw: plain JSON -> the value as Settings has it, and what of a list is none."""

    def typed(self, text: str) -> Any:
        """What an operator wrote -> plain JSON. Raises ValueError."""

    def text(self, value: Any) -> str:
        """A value as an operator would write it."""


@dataclass(frozen=True)
class Number:
    """From `low` to `high`, both included. whole False: hours may have parts."""

    unit: str
    low: int = 0
    high: int = MOST_DAYS
    whole: bool = True

    @property
    def allowed(self) -> str:
        return f"a {'whole ' if self.whole else ''}number of {self.unit} between {self.low:,} and {self.high:,}"

    def read(self, raw: Any) -> Read:
        number = _convert(raw, int if self.whole else float)
        if not self.low <= number <= self.high:
            raise ValueError(f"it must lie between {self.low:,} and {self.high:,}")
        return number, []

    def typed(self, text: str) -> Any:
        if not re.fullmatch(r"[0-9]{1,9}" if self.whole else r"[0-9]{1,9}(\.[0-9]{1,3})?", text.strip(), re.ASCII):
            raise ValueError(f"it must be {self.allowed}")
        return int(text) if self.whole else float(text)

    def text(self, value: Any) -> str:
        return str(value)


@dataclass(frozen=True)
class YesNo:
    allowed: str = "yes or no"

    def read(self, raw: Any) -> Read:
        return _convert(raw, bool), []

    def typed(self, text: str) -> Any:
        if text.strip().lower() not in ("yes", "no"):
            raise ValueError(f"it must be {self.allowed}")
        return text.strip().lower() == "yes"

    def text(self, value: Any) -> str:
        return "yes" if value else "no"


@dataclass(frozen=True)
class Names:
    """A set of names. one: what one looks like; a single name may stand alone. what: that in words."""

    one: re.Pattern[str]
    what: str

    @property
    def allowed(self) -> str:
        return f"a list: {self.what}"

    def read(self, raw: Any) -> Read:
        listed = _convert([raw] if isinstance(raw, str) else raw, list[str | int])
        wrong = [str(name) for name in listed if not (isinstance(name, str) and self.one.fullmatch(name))]
        return frozenset(str(name) for name in listed if str(name) not in wrong), wrong

    def typed(self, text: str) -> Any:
        return text.replace(",", " ").split()

    def text(self, value: Any) -> str:
        return "\n".join(sorted(value))


@dataclass(frozen=True)
class Named:
    """A map of names, written as one `key = value` a line. key: whether one is good. value: of numbers, or of texts.

    what: what a key must be, in words. example: a line. also: reads other forms of it that files may have.
    """

    key: Callable[[str], bool]
    what: str
    example: str
    value: Number | None = None
    empty: bool = True
    also: Callable[[Any], Read] | None = None

    @property
    def allowed(self) -> str:
        return f"one a line, as {self.example} ({self.what})"

    def read(self, raw: Any) -> Read:
        if self.also:
            return self.also(raw)
        named: Mapping[str, Any] = _convert(raw, dict[str, int if self.value else str])  # type: ignore[misc]
        good = {key: value for key, value in named.items() if self.key(key) and (self.empty or value)}
        if self.value:
            for value in good.values():
                self.value.read(value)
        return good, [key for key in named if key not in good]

    def typed(self, text: str) -> Any:
        found = {}
        for line in (line.strip() for line in text.splitlines()):
            # The last sign parts: a key may hold one too ("tag:team=red = edge").
            key, sign, value = line.rpartition("=")
            if line and not sign:
                raise ValueError(f"{line[:60]!r} has no value; write {self.example}")
            if line:
                found[key.strip()] = self.value.typed(value) if self.value else value.strip()
        return found

    def text(self, value: Any) -> str:
        return "\n".join(f"{key} = {name}" for key, name in sorted(value.items()))


def _convert(raw: Any, kind: Any) -> Any:
    return msgspec.convert(raw, kind)
