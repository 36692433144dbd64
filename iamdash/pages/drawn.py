"""Small line drawings made on the server: they need no script, follow the theme by their classes, and print.

A line is solid where it was measured and dashed where what was known before is carried on. Lengths are units of the viewBox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from iamdash.pages.charts import Chart

LEFT, RIGHT, TOP, BOTTOM = 34, 6, 6, 18  # room for the labels
WIDE = 720


@dataclass(frozen=True)
class Mark:
    """A point with what it says and where it leads."""

    x: float
    y: float
    says: str
    url: str
    note: str = ""


@dataclass(frozen=True)
class Drawing:
    """values, over: by day; over draws a band above the line (what is not known). solid: whether the day was measured.

    top: the greatest value of the axis; 0: as much as there is. colour: a class. says, links: of the points, notes: what is
    written below them. unit: of the axis. url, words: of the title.
    """

    title: str
    days: Sequence[str]
    values: Sequence[int]
    solid: Sequence[bool]
    width: int = WIDE
    height: int = 160
    top: int = 0
    over: Sequence[int] = ()
    colour: str = "accent"
    says: Sequence[str] = ()
    links: Sequence[str] = ()
    notes: Sequence[str] = ()
    unit: str = ""
    url: str = ""
    words: str = ""

    @property
    def box(self) -> str:
        return f"0 0 {self.width} {self.height}"

    @cached_property
    def most(self) -> int:
        return self.top or nice(max((*self.values, *self.over, 1)))

    @cached_property
    def xs(self) -> list[float]:
        step = (self.width - LEFT - RIGHT) / max(len(self.values) - 1, 1)
        return [round(LEFT + step * n, 1) for n in range(len(self.values))]

    def y(self, value: float) -> float:
        return round(TOP + (self.height - TOP - self.bottom) * (1 - value / self.most), 1)

    @property
    def bottom(self) -> int:
        return BOTTOM * 2 if self.notes else BOTTOM

    @property
    def noted(self) -> int:
        """Where notes stand, above the first and last day."""
        return self.height - BOTTOM - 4

    def _path(self, keep: bool) -> str:
        """Steps from each day to the next, of those that are (not) solid."""
        pieces, pen = [], False
        for n in range(len(self.values) - 1):
            if self.solid[n] is not keep:
                pen = False
                continue
            start = "" if pen else f"M{self.xs[n]} {self.y(self.values[n])}"
            pieces.append(f"{start}H{self.xs[n + 1]}V{self.y(self.values[n + 1])}")
            pen = True
        return "".join(pieces)

    @property
    def line(self) -> str:
        return self._path(keep=True)

    @property
    def dashes(self) -> str:
        return self._path(keep=False)

    @property
    def band(self) -> str:
        """Between the line and `over`."""
        if not self.over:
            return ""
        last = len(self.values) - 1
        there = "".join(f"H{self.xs[n]}V{self.y(self.over[n])}" for n in range(1, last + 1))
        back = "".join(f"V{self.y(self.values[n])}H{self.xs[n]}" for n in range(last - 1, -1, -1))
        return f"M{self.xs[0]} {self.y(self.over[0])}{there}V{self.y(self.values[last])}{back}Z" if last > 0 else ""

    @property
    def grid(self) -> list[tuple[float, str]]:
        return [
            (self.y(value), f"{value:,}{self.unit}")
            for value in (0, self.most // 2, self.most)
            if value or self.most > 1
        ]

    @property
    def first(self) -> str:
        return self.days[0] if self.days else ""

    @property
    def last(self) -> str:
        return self.days[-1] if self.days else ""

    @property
    def foot(self) -> int:
        return self.height - 4

    @property
    def left(self) -> int:
        return LEFT

    @property
    def right(self) -> int:
        return self.width - RIGHT

    @property
    def marks(self) -> list[Mark]:
        return [
            Mark(
                self.xs[n],
                self.y(self.values[n]),
                self.says[n] if self.says else "",
                self.links[n] if self.links else "",
                self.notes[n] if self.notes else "",
            )
            for n in range(len(self.values))
            if self.solid[n]
        ]


def nice(n: int) -> int:
    """The next even round number: 2, 4, 10, 20, 40, 100..."""
    step = 1
    while True:
        for factor in (2, 4, 10):
            if factor * step >= n:
                return factor * step
        step *= 10


@dataclass(frozen=True)
class Figure:
    """Drawings with one sentence and one table of their numbers (chart)."""

    chart: Chart
    drawings: tuple[Drawing, ...]

    @property
    def small(self) -> bool:
        """They stand beside each other."""
        return all(one.width < WIDE for one in self.drawings)
