"""Which columns of a list are shown: the ones that its address names (`cols`), else the usual ones. An export follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Columns:
    """offered: name -> heading, of columns that may be left out. usual: those that are shown when nothing is chosen."""

    offered: Mapping[str, str]
    usual: tuple[str, ...]

    def read(self, given: Sequence[str]) -> tuple[str, ...]:
        """In the table's order; () for the usual ones."""
        chosen = tuple(name for name in self.offered if name in given)
        return () if chosen == self.usual else chosen

    def shown(self, chosen: Sequence[str]) -> tuple[str, ...]:
        return tuple(chosen) or self.usual

    def hidden(self, chosen: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for name in self.offered if name not in self.shown(chosen))


NONE = Columns({}, ())


def followed(fields: Mapping[str, T], tells: Mapping[str, Sequence[str]], shown: Sequence[str]) -> dict[str, T]:
    """The fields of an export where columns were chosen. tells: column -> fields that tell the same, as far as one does.

    What no column tells (the ids of a row, most often) stays; of the rest, what the chosen columns tell.
    """
    told = {name for column in shown for name in tells.get(column, ())}
    every = {name for names in tells.values() for name in names}
    return {name: get for name, get in fields.items() if name in told or name not in every}
