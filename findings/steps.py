"""What to do next: which of two actions takes more risk away for its effort. Defined for readers in docs/operate/next.md. Pure.

An action closes findings of one rule: those of an account, or those that one change in another place closes together (a place of
the organization's tree, a permission set). Its worth is the risk it removes for the effort it takes. It may be done for its worst
findings alone, so it stands with the best of those: findings that are less bad never make an action less worth doing.
"""

from __future__ import annotations

from collections.abc import Mapping

from findings.score import WEIGHTS
from findings.vocabulary import Effort, Severity

LIKE = 4  # so many findings after the first take as long as the first did: the way is known
WORST_FIRST = tuple(sorted(Severity, reverse=True))
Counts = Mapping[Severity, int]


def risk(counts: Counts) -> int:
    """Severity-weighted, by the score's weights."""
    return sum(WEIGHTS[severity] * n for severity, n in counts.items())


def effort(size: Effort, findings: int, *, together: bool = False) -> float:
    """In small efforts. together: one change closes all of them."""
    return float(size) if together or findings <= 1 else size * (1 + (findings - 1) / LIKE)


def worth(size: Effort, counts: Counts, *, together: bool = False) -> float:
    """Risk removed for each small effort; 0 where nothing counts."""
    best, removed, n = 0.0, 0, 0
    for severity in WORST_FIRST:
        if found := counts.get(severity, 0):
            removed, n = removed + WEIGHTS[severity] * found, n + found
            best = max(best, removed / effort(size, n, together=together))
    return best
