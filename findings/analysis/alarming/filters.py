"""The pattern language of CloudWatch Logs' metric filters, as far as JSON events are concerned, and its unstructured terms.

Source: "Filter pattern syntax for metric filters" in CloudWatch Logs' user guide. A property that an event lacks matches nothing
but NOT EXISTS: so says the guide of equality, and of != it says nothing.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

Event = Mapping[str, Any]
Matches = Callable[[Event], bool]
LONGEST, DEEPEST = 4_096, 40  # AWS takes patterns of 1,024 characters; a bundle may hold anything
TOKEN = re.compile(
    r"""\s*(?:(?P<sign>\(|\)|&&|\|\||!=|>=|<=|=|<|>)|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<regex>%[^%]*%)|(?P<word>[^\s()&|=!<>"%]+))""",
    re.DOTALL,
)
STEP = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<index>\d+|\*)\]|\[['\"](?P<quoted>[^'\"]+)['\"]\]")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
ORDER: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
WORDS = {("IS", "NULL"): None, ("IS", "TRUE"): True, ("IS", "FALSE"): False}
Token = tuple[str, str]


class PatternError(Exception):
    """The pattern is not understood; str(error) says where."""


@lru_cache(2_048)
def compiled(pattern: str) -> Matches:
    """Raises PatternError."""
    text = pattern.strip()
    if len(text) > LONGEST:
        raise PatternError("it is longer than AWS lets it be")
    if text.startswith("{") and text.endswith("}"):
        return _Parser(list(_tokens(text[1:-1]))).whole()
    if text.startswith(("[", "{")):
        raise PatternError("it is for lines that are not JSON")
    return _terms(text)


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            if not text[at:].strip():
                return
            raise PatternError(f"{text[at : at + 20]!r} is not understood")
        kind = found.lastgroup or ""
        yield kind, found[kind]
        at = found.end()


class _Parser:
    """&& binds closer than ||."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0

    def whole(self) -> Matches:
        found = self._either()
        if self._at < len(self._tokens):
            raise PatternError(f"{self._tokens[self._at][1]!r} is not understood")
        return found

    def _either(self) -> Matches:
        some = [self._both()]
        while self._take("||"):
            some.append(self._both())
        return some[0] if len(some) == 1 else lambda event: any(one(event) for one in some)

    def _both(self) -> Matches:
        some = [self._one()]
        while self._take("&&"):
            some.append(self._one())
        return some[0] if len(some) == 1 else lambda event: all(one(event) for one in some)

    def _one(self) -> Matches:
        if not self._take("("):
            return self._condition()
        self._depth += 1
        if self._depth > DEEPEST:
            raise PatternError("it is nested too deeply")
        found = self._either()
        if not self._take(")"):
            raise PatternError("a bracket is not closed")
        self._depth -= 1
        return found

    def _condition(self) -> Matches:
        steps = _steps(self._next()[1])
        kind, sign = self._next()
        if kind == "word":
            return _existing(steps, sign.upper(), self._next()[1].upper())
        kind, value = self._next()
        if sign in ORDER:
            return _ordered(steps, ORDER[sign], value)
        if sign not in ("=", "!="):
            raise PatternError(f"{sign!r} is not understood")
        alike = _alike(kind, value)
        equal = sign == "="
        return lambda event: any(
            alike(one) is equal for one in _values(event, steps) if not isinstance(one, dict | list)
        )

    def _take(self, sign: str) -> bool:
        there = self._at < len(self._tokens) and self._tokens[self._at] == ("sign", sign)
        self._at += there
        return there

    def _next(self) -> Token:
        if self._at >= len(self._tokens):
            raise PatternError("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]


def _steps(text: str) -> tuple[str | int, ...]:
    """ "$.a.b[0]" -> ("a", "b", 0); "*" stands for all entries of a list."""
    if not text.startswith("$"):
        raise PatternError(f"{text[:40]!r} is no property")
    found: list[str | int] = []
    at = 1
    while at < len(text):
        step = STEP.match(text, at)
        if step is None:
            raise PatternError(f"{text[:40]!r} is no property")
        name = step["name"] or step["quoted"]
        found.append(name if name else "*" if step["index"] == "*" else int(step["index"][:9]))
        at = step.end()
    return tuple(found)


def _values(event: Any, steps: tuple[str | int, ...]) -> list[Any]:
    """What stands there; empty where nothing does."""
    found = [event]
    for step in steps:
        found = [below for one in found for below in _below(one, step)]
    return found


def _below(value: Any, step: str | int) -> list[Any]:
    if isinstance(value, dict):
        return [value[step]] if step in value else []
    if isinstance(value, list):
        return value if step == "*" else value[step : step + 1] if isinstance(step, int) else []
    return []


def _existing(steps: tuple[str | int, ...], first: str, second: str) -> Matches:
    if (first, second) == ("NOT", "EXISTS"):
        return lambda event: not _values(event, steps)
    if (first, second) not in WORDS:
        raise PatternError(f"{first} {second} is not understood")
    wanted = WORDS[first, second]
    return lambda event: any(one is wanted for one in _values(event, steps))


def _ordered(steps: tuple[str | int, ...], order: Callable[[float, float], bool], value: str) -> Matches:
    if not NUMBER.fullmatch(value):
        raise PatternError(f"{value[:40]!r} is no number")
    limit = float(value)
    return lambda event: any(
        order(float(one), limit)
        for one in _values(event, steps)
        if isinstance(one, int | float) and not isinstance(one, bool)
    )


def _alike(kind: str, value: str) -> Callable[[Any], bool]:
    if kind == "regex":
        raise PatternError("regular expressions are not judged")
    if kind == "sign":
        raise PatternError(f"{value!r} is not understood")
    text = value[1:-1].replace('\\"', '"') if kind == "quoted" else value
    return lambda one: glob(text, _text(one))


def glob(pattern: str, text: str) -> bool:
    """* stands for anything. In time that grows with the lengths, whatever the pattern."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    *middle, last = rest
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _terms(text: str) -> Matches:
    """ "ConsoleLogin" "Failed authentication": all of them; ?a ?b: one of them; -a: without it."""
    found = re.findall(r'([-?]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))', text)
    words = [(sign, quoted or plain) for sign, quoted, plain in found]
    every, some, none = ([word for sign, word in words if sign == one] for one in ("", "?", "-"))

    def matches(event: Event) -> bool:
        line = json.dumps(event, separators=(",", ":"))
        wanted = all(word in line for word in every) and not any(word in line for word in none)
        return wanted and (not some or bool(every) or any(word in line for word in some))

    return matches
