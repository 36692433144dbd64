"""Two texts beside each other, out of the lines of their unified difference: templates/components/diff.html shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from itertools import zip_longest
from typing import NamedTuple


class Line(NamedTuple):
    """A line of each side; None: that side has none there. state: "same", "changed", "gone", "added", or "skip" where lines that
    stayed are left out."""

    state: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class Beside:
    lines: tuple[Line, ...]

    @property
    def gone(self) -> int:
        return sum(line.before is not None for line in self.lines if line.state != "same")

    @property
    def added(self) -> int:
        return sum(line.after is not None for line in self.lines if line.state != "same")


def difference(before: str, after: str, around: int = 3) -> Beside:
    """around: how many lines that stay are shown on each side of what changed."""
    return beside(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=around))


def beside(difference: Iterable[str]) -> Beside:
    """difference: as difflib.unified_diff has it, with or without the two lines that name the sides."""
    lines = list(difference)
    named = len(lines) > 1 and lines[0].startswith("---") and lines[1].startswith("+++")
    return Beside(tuple(_paired(lines[2:] if named else lines)))


def _paired(lines: Sequence[str]) -> Iterator[Line]:
    gone: list[str] = []
    added: list[str] = []
    for n, line in enumerate(lines):
        if line.startswith("-") and not added:
            gone.append(line[1:])
        elif line.startswith("+"):
            added.append(line[1:])
        else:
            yield from _block(gone, added)
            gone, added = ([line[1:]], []) if line.startswith("-") else ([], [])
            if line.startswith(" "):
                yield Line("same", line[1:], line[1:])
            elif line.startswith("@@") and n:
                yield Line("skip")
    yield from _block(gone, added)


def _block(gone: Sequence[str], added: Sequence[str]) -> Iterator[Line]:
    for before, after in zip_longest(gone, added):
        yield Line("added" if before is None else "gone" if after is None else "changed", before, after)
