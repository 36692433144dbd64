"""The two wildcards of IAM, `*` (any text, also none) and `?` (one character). Everything else is plain text, `[` too.

Owners of accounts choose both the patterns and the texts, so nothing here may backtrack: `*` as `.*` in a regular
expression takes minutes on a few hundred characters (TRUST.md, trap 7). A pattern is cut at its stars; each piece is
searched once, leftmost first, which is right because a star takes whatever lies between two pieces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple


class Wild(Enum):
    """A wildcard among the tokens of a pattern; a token that is a str stands for itself."""

    STAR = "*"
    ONE = "?"


Token = str | Wild

ARN_COLONS = 5
ANY_CHARACTER = "."
NO_STAR = "[^*]"  # in `covers` a star of the other pattern stands for many characters, so `?` cannot take it


@dataclass(frozen=True, slots=True)
class Piece:
    """What stands between two stars: plain text, or text with `?` in it, then as an expression of fixed length."""

    length: int
    text: str
    expression: re.Pattern[str] | None = None

    def starts(self, text: str) -> bool:
        return text.startswith(self.text) if self.expression is None else self.expression.match(text) is not None

    def ends(self, text: str, start: int) -> bool:
        """Whether the text ends with this piece, which must not reach back before start."""
        at = len(text) - self.length
        if at < start:
            return False
        return text.endswith(self.text) if self.expression is None else self.expression.match(text, at) is not None

    def find(self, text: str, start: int) -> int:
        """The first place at or after start where this piece stands, or -1."""
        if self.expression is None:
            return text.find(self.text, start)
        found = self.expression.search(text, start)
        return -1 if found is None else found.start()


@dataclass(frozen=True, slots=True)
class Glob:
    """A pattern made ready. pieces: what stands before, between and after the stars; n stars make n + 1 pieces."""

    pieces: tuple[Piece, ...]

    def match(self, text: str) -> bool:
        pieces = self.pieces
        first = pieces[0]
        if len(pieces) == 1:
            return len(text) == first.length and first.starts(text)
        if not first.starts(text):
            return False
        at = first.length
        for piece in pieces[1:-1]:
            found = piece.find(text, at)
            if found < 0:
                return False
            at = found + piece.length
        return pieces[-1].ends(text, at)

    @property
    def always(self) -> bool:
        """Whether every text matches: nothing but stars."""
        return len(self.pieces) > 1 and not any(piece.length for piece in self.pieces)


def tokens(pattern: str) -> Iterator[Token]:
    """The pattern as plain texts and wildcards."""
    for kind, run in groupby(pattern, key=lambda c: c if c in "*?" else ""):
        if kind:
            yield from (Wild(c) for c in run)
        else:
            yield "".join(run)


def from_tokens(parts: Iterable[Token], one: str = ANY_CHARACTER) -> Glob:
    """A ready pattern from tokens; plain texts may hold `*` and `?` that mean themselves."""
    pieces: list[list[Token]] = [[]]
    for part in parts:
        if part is Wild.STAR:
            pieces.append([])
        else:
            pieces[-1].append(part)
    inner = [p for p in pieces[1:-1] if p]
    kept = [pieces[0], *inner, pieces[-1]] if len(pieces) > 1 else pieces
    return Glob(tuple(_piece(piece, one) for piece in kept))


def _piece(parts: list[Token], one: str) -> Piece:
    length = sum(len(part) if isinstance(part, str) else 1 for part in parts)
    if Wild.ONE not in parts:
        return Piece(length, "".join(str(part) for part in parts))
    expression = "".join(re.escape(part) if isinstance(part, str) else one for part in parts)
    return Piece(length, "", re.compile(expression, re.DOTALL))


@lru_cache(maxsize=32_768)
def ready(pattern: str) -> Glob:
    """The pattern made ready, remembered."""
    return from_tokens(tokens(pattern))


@lru_cache(maxsize=8_192)
def ready_any_case(pattern: str) -> Glob:
    """The pattern in lower case, made ready: for action names, to be matched with a text in lower case."""
    return from_tokens(tokens(pattern.lower()))


def glob(pattern: str, text: str) -> bool:
    """Whether the whole text matches the pattern, case-sensitive."""
    return pattern in ("*", text) or ready(pattern).match(text)


def whole_arn(pattern: str) -> str:
    """An ARN pattern of fewer than six fields completed with "*": arn:aws:sqs is arn:aws:sqs:*:*:* (IAM user guide, "IAM
    ARNs")."""
    missing = ARN_COLONS - pattern.count(":")
    return pattern + ":*" * missing if missing > 0 and pattern.startswith("arn:") else pattern


def covers(pattern: str, other: str) -> bool:
    """Whether every text that matches the pattern `other` matches `pattern` too. May say False where it is so (never
    seen for patterns as people write them), never True where it is not."""
    return pattern in ("*", other) or _covering(pattern).match(_tidy(other))


@lru_cache(maxsize=8_192)
def _covering(pattern: str) -> Glob:
    return from_tokens(tokens(_tidy(pattern)), one=NO_STAR)


def _tidy(pattern: str) -> str:
    """The same pattern with each run of wildcards as its `?`s and then at most one `*`: "*?*" is "?*"."""
    if "*?" not in pattern and "**" not in pattern:
        return pattern
    runs = ("".join(run) for _, run in groupby(pattern, key=lambda c: c in "*?"))
    return "".join("?" * r.count("?") + "*" * ("*" in r) if r[0] in "*?" else r for r in runs)


def overlaps(a: str, b: str) -> bool:
    """Whether some text matches both patterns. Exact."""
    if "*" in a and "*" in b:
        return ends(a).meet(ends(b))
    if "*" not in a and "?" not in a:
        return glob(b, a)
    if "*" not in b and "?" not in b:
        return glob(a, b)
    return _walked(a, b)


class Ends(NamedTuple):
    """What a pattern has before its first star and behind its last one. Of two patterns with stars nothing else decides whether
    some text matches both: what each has between its stars can stand one after the other."""

    head: str
    tail: str

    def meet(self, other: Ends) -> bool:
        """Whether the shorter of each two can be where the longer one is."""
        (head, tail), (their_head, their_tail) = self, other
        return (head.startswith(their_head) or their_head.startswith(head) or _alike(head, their_head)) and (
            tail.endswith(their_tail) or their_tail.endswith(tail) or _alike(tail[::-1], their_tail[::-1])
        )


@lru_cache(maxsize=8_192)
def ends(pattern: str) -> Ends:
    """Of a pattern with a star."""
    return Ends(pattern[: pattern.index("*")], pattern[pattern.rindex("*") + 1 :])


def _alike(a: str, b: str) -> bool:
    """Whether they may be the same as far as both go."""
    return ("?" in a or "?" in b) and all(x == y or "?" in (x, y) for x, y in zip(a, b, strict=False))


def _walked(a: str, b: str) -> bool:
    """Walks `a` and keeps, as the bits of an int, the set of places in `b` that can be reached with the same text; one
    step handles all places at once, so two patterns of 2,000 characters take a few milliseconds.
    """
    a, b = _tidy(a), _tidy(b)
    stars, takes, any_one = _places(b)
    end, one = 1 << len(b), takes.get("?", 0)
    reached = _past_stars(1, stars)
    for character in a:
        if character == "*":  # takes any text, so every later place of b is reached
            reached = (end << 1) - (reached & -reached)
        else:
            fits = any_one if character == "?" else takes.get(character, 0) | one
            reached = _past_stars((reached & fits) << 1 | (reached & stars), stars)
        if not reached:
            return False
    return bool(reached & end)


@lru_cache(maxsize=8_192)
def _places(pattern: str) -> tuple[int, dict[str, int], int]:
    """As bits: where its stars are, where each other character is, where any of those others are."""
    takes: dict[str, int] = {}
    for n, character in enumerate(pattern):
        takes[character] = takes.get(character, 0) | 1 << n
    stars = takes.pop("*", 0)
    return stars, takes, sum(takes.values())


def _past_stars(reached: int, stars: int) -> int:
    """A star may take nothing: whoever stands before one also stands behind it. No two stars follow each other."""
    return reached | (reached & stars) << 1
