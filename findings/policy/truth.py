"""Three values: yes, no, and "it hangs on these condition keys" (Kleene's logic).

A Maybe is an object, so it is true for `if`. Compare with `is True` and `is False`, never by truthiness.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Maybe:
    """It hangs on these condition keys, in the spelling of the policy."""

    keys: frozenset[str]


Truth = bool | Maybe


def maybe(*keys: str) -> Maybe:
    return Maybe(frozenset(keys))


def all_of(truths: Iterable[Truth]) -> Truth:
    """False wins, whatever is unknown; of nothing it is True. Stops at the first False."""
    return _fold(truths, decides=False)


def any_of(truths: Iterable[Truth]) -> Truth:
    """True wins, whatever is unknown; of nothing it is False. Stops at the first True."""
    return _fold(truths, decides=True)


def negate(truth: Truth) -> Truth:
    return truth if isinstance(truth, Maybe) else not truth


def _fold(truths: Iterable[Truth], decides: bool) -> Truth:
    keys: frozenset[str] | None = None
    for truth in truths:
        if truth is decides:
            return decides
        if isinstance(truth, Maybe):
            keys = truth.keys if keys is None else keys | truth.keys
    return not decides if keys is None else Maybe(keys)
