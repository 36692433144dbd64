from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from findings.policy.patterns import overlaps


def some_text_matches_both(a: str, b: str) -> bool:
    """By trying everything: places in both patterns that the same text leads to."""
    waiting, seen = [(0, 0)], {(0, 0)}
    while waiting:
        i, j = waiting.pop()
        if (i, j) == (len(a), len(b)):
            return True
        ahead = {(i + 1, j)} if a[i : i + 1] == "*" else set()
        ahead |= {(i, j + 1)} if b[j : j + 1] == "*" else set()
        if i < len(a) and j < len(b) and (a[i] == b[j] or {a[i], b[j]} & {"*", "?"}):
            ahead.add((i + (a[i] != "*"), j + (b[j] != "*")))
        waiting += ahead - seen
        seen |= ahead
    return False


patterns = st.text("ab*?", max_size=7)


@given(patterns, patterns)
def test_two_patterns_overlap_when_some_text_matches_both(a: str, b: str) -> None:
    assert overlaps(a, b) is some_text_matches_both(a, b)


@pytest.mark.parametrize(
    ("a", "b", "meet"),
    [
        ("bucket/*", "*/*", True),
        ("bucket/*", "other/*", False),
        ("*-prod", "*-dev", False),
        ("ab*ba", "aba*", True),
        ("a?c*", "abd*", False),
        ("a?c*", "abc*", True),
        ("?", "*?*?*", False),
        ("??", "*?*?*", True),
        ("a" * 2_000 + "*", "*" + "a?" * 1_000 + "*", True),
    ],
)
def test_patterns_overlap(a: str, b: str, meet: bool) -> None:
    assert overlaps(a, b) is overlaps(b, a) is meet
