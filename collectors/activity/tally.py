"""What reading came upon beside events: nothing is dropped in silence, and nothing that is counted grows without end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

NAMES = 50  # distinct names that are kept of one sort; whoever writes the file chooses them
REST = "others"


@dataclass
class Tally:
    """events: records that were aggregated. rejected: reason -> records that were not. noted: what was read and is odd, or
    is no activity, such as "category Insight" -> n. problem: why the object was not read, or not to its end; "" for a good one.
    skipped: what it is instead, when it is no log of activity (a digest).
    """

    events: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)
    problem: str = ""
    skipped: str = ""

    def reject(self, reason: str) -> None:
        _count(self.rejected, reason)

    def note(self, what: str) -> None:
        _count(self.noted, what)

    def add(self, other: Tally) -> None:
        """Sum up; problem and skipped are of one object and stay behind."""
        self.events += other.events
        for mine, theirs in ((self.rejected, other.rejected), (self.noted, other.noted)):
            for name, n in theirs.items():
                _count(mine, name, n)


def _count(counter: Counter[str], name: str, n: int = 1) -> None:
    name = name[:80]
    counter[name if name in counter or len(counter) < NAMES else REST] += n
