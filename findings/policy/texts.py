"""What the string and ARN operators compare with: a pattern, ready to be matched, with its variables filled in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from findings.policy.patterns import Glob, Token, from_tokens, tokens
from findings.policy.request import Context
from findings.policy.variables import parse, resolve

ARN_PARTS = 6
TRUTHS = ("true", "false")
NO_KEYS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TextKind:
    """wildcards: whether `*` and `?` are wildcards. arn: the six parts are compared one by one. truth: only "true" and
    "false" mean something."""

    wildcards: bool
    any_case: bool = False
    arn: bool = False
    truth: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """A value of the policy. globs: one, or the six of an ARN; none: nothing matches it. unknown: keys of variables
    without a known value; then a match means only that the value could match."""

    globs: tuple[Glob, ...]
    any_case: bool = False
    unknown: frozenset[str] = NO_KEYS

    def match(self, given: str) -> bool:
        if len(self.globs) == 1:
            return self.globs[0].match(given.lower() if self.any_case else given)
        parts = given.split(":", ARN_PARTS - 1)
        if len(parts) != len(self.globs) or not self.globs[-1].match(parts[-1]):  # by which most differ
            return False
        return all(g.match(p) for g, p in zip(self.globs, parts, strict=True))

    @property
    def never(self) -> bool:
        return not self.globs

    @property
    def always(self) -> bool:
        return len(self.globs) == 1 and self.globs[0].always and not self.unknown


NOTHING = Wanted(())


def wanted(kind: TextKind, value: str, context: Context, has_variables: bool) -> Wanted:
    if not has_variables or "${" not in value:
        return _fixed(kind, value)
    text = resolve(parse(value, kind.wildcards), context)
    if text is None:
        return NOTHING
    return _wanted(kind, text.parts, text.unknown)


@lru_cache(maxsize=32_768)
def _fixed(kind: TextKind, value: str) -> Wanted:
    """The value of a policy that has no variables, remembered."""
    parts: Iterable[Token] = (value,)
    if kind.wildcards:
        parts = tokens(value)
    return _wanted(kind, tuple(parts), NO_KEYS)


def _wanted(kind: TextKind, parts: tuple[Token, ...], unknown: frozenset[str]) -> Wanted:
    if kind.any_case:
        parts = tuple(part.lower() if isinstance(part, str) else part for part in parts)
    if kind.truth and not unknown and "".join(map(str, parts)) not in TRUTHS:
        return NOTHING
    if not kind.arn or unknown:  # an unknown value may hold colons: then the ARN as a whole says what could match
        return Wanted((from_tokens(parts),), kind.any_case, unknown)
    six = _arn_parts(parts)
    return Wanted(tuple(from_tokens(part) for part in six)) if len(six) == ARN_PARTS else NOTHING


def _arn_parts(parts: tuple[Token, ...]) -> list[list[Token]]:
    """Cut at the first five colons."""
    found: list[list[Token]] = [[]]
    for part in parts:
        if not isinstance(part, str):
            found[-1].append(part)
            continue
        first, *rest = part.split(":", ARN_PARTS - len(found))
        found[-1].append(first)
        found.extend([piece] for piece in rest)
    return found
