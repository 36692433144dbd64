"""Policy variables: `${aws:username}`, with a default `${aws:PrincipalTag/team, 'none'}`, and the escapes `${*}`, `${?}`
and `${$}`. They stand in resources and in values of string and ARN conditions, from Version 2012-10-17 on (AWS.md 20).

The value of a variable is plain text: a tag whose value is `*` does not open everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from findings.policy.patterns import Token, Wild, tokens
from findings.policy.request import Context

ESCAPES = frozenset("*?$")
QUOTE = "'"


@dataclass(frozen=True, slots=True)
class Variable:
    """key as written; default None: it has none. A variable that AWS could not read has key ""."""

    key: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A text with its variables filled in. unknown: keys whose value is not known; each stands as a star in parts, so
    parts match whatever the text could be."""

    parts: tuple[Token, ...]
    unknown: frozenset[str]


@lru_cache(maxsize=32_768)
def parse(text: str, wildcards: bool) -> tuple[Token | Variable, ...]:
    """wildcards: whether `*` and `?` outside variables are wildcards, else they are plain text."""
    return tuple(_parse(text, wildcards))


def _parse(text: str, wildcards: bool) -> Iterator[Token | Variable]:
    while "${" in text:
        before, _, rest = text.partition("${")
        end = _closing(rest)
        if end < 0:
            break  # never closed: plain text
        yield from _plain(before, wildcards)
        inside, text = rest[:end], rest[end + 1 :]
        yield inside if inside in ESCAPES else _variable(inside)
    yield from _plain(text, wildcards)


def _plain(text: str, wildcards: bool) -> Iterable[Token]:
    if wildcards:
        return tokens(text)
    return (text,) if text else ()


def _closing(rest: str) -> int:
    """Where the brace closes that is not inside the quotes of a default, or -1."""
    quoted = False
    for n, character in enumerate(rest):
        if character == QUOTE:
            quoted = not quoted
        elif character == "}" and not quoted:
            return n
    return rest.find("}")


def _variable(inside: str) -> Variable:
    key, comma, default = (part.strip() for part in inside.partition(","))
    if not comma:
        return Variable(key)
    if len(default) < 2 or not (default[0] == default[-1] == QUOTE):
        return Variable("")
    return Variable(key, default[1:-1])


def resolve(parts: Iterable[Token | Variable], context: Context) -> Text | None:
    """None: a variable has no single value and no default, so the text matches nothing."""
    filled: list[Token] = []
    unknown: set[str] = set()
    for part in parts:
        if not isinstance(part, Variable):
            filled.append(part)
            continue
        key = part.key.lower()
        if key and key not in context:
            unknown.add(part.key)
            filled.append(Wild.STAR)
            continue
        value = _value(part, context.get(key) if key else None)
        if value is None:
            return None
        filled.append(value)
    return Text(tuple(filled), frozenset(unknown))


def _value(variable: Variable, values: tuple[str, ...] | None) -> str | None:
    if not values:
        return variable.default
    return values[0] if len(values) == 1 else None
