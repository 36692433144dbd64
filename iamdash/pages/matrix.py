"""What a principal is granted, what of it is in effect, and what of that is used: a table of services by access level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_

from findings.analysis.permissions import Cell
from findings.analysis.usage import Seen
from findings.analysis.used import Told, Window, said
from findings.policy.catalogue import Catalogue, Level

SHOWN = 15  # services before the rest folds away
COLUMNS = (Level.LIST, Level.READ, Level.WRITE, Level.TAGGING, Level.PERMISSIONS, Level.UNKNOWN)
GRAVITY = (Level.PERMISSIONS, Level.WRITE, Level.TAGGING, Level.READ, Level.LIST, Level.UNKNOWN)
NONE = Cell(0, 0)


@dataclass(frozen=True)
class CellUse:
    """Of the actions in effect: how many were used, were not, and how many of which nobody can say it. said: a sentence each,
    with when, how often and by which source."""

    used: int
    unused: int
    unknown: int
    said: str

    @property
    def state(self) -> str:
        """ "used", "unused" or "unknown": what most matters of it."""
        return "used" if self.used else "unknown" if self.unknown else "unused"

    @property
    def words(self) -> str:
        """ "3 used", "all used", "unused", "5 unused" where of the rest nobody can say it, "unknown"."""
        if self.used:
            return f"{self.used:,} used" if self.unused or self.unknown else "all used"
        if self.unused:
            return f"{self.unused:,} unused" if self.unknown else "unused"
        return "unknown"


@dataclass(frozen=True)
class Shown:
    """One cell: numbers of actions, and what is known of their use. use None: nothing is in effect, or use is not asked for."""

    granted: int
    effective: int
    use: CellUse | None = None


@dataclass(frozen=True)
class Row:
    """One service. told: whether any source tells of it; seen: its last use, at None: none while it was watched."""

    service: str
    name: str
    cells: tuple[Shown, ...]
    seen: Seen | None = None

    @property
    def granted(self) -> int:
        return sum(cell.granted for cell in self.cells)

    @property
    def effective(self) -> int:
        return sum(cell.effective for cell in self.cells)


@dataclass(frozen=True)
class Matrix:
    """columns: headings of the levels that occur. with_use: a principal's, whose use is shown. unread: why silence on services
    says nothing; silent: why that on single actions does not."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    with_use: bool = False
    unread: str = ""
    silent: str = ""

    @property
    def first(self) -> tuple[Row, ...]:
        return self.rows[:SHOWN]

    @property
    def rest(self) -> tuple[Row, ...]:
        return self.rows[SHOWN:]

    @property
    def granted(self) -> int:
        return sum(row.granted for row in self.rows)

    @property
    def effective(self) -> int:
        return sum(row.effective for row in self.rows)


def matrix(
    summary: Mapping[str, Mapping[Level, Cell]], catalogue: Catalogue, effective: int = 0, window: Window | None = None
) -> Matrix:
    """The services that matter most come first: by their gravest level in effect, then by how much of it. effective: the actions
    in effect, where window tells of their use."""
    columns = tuple(level for level in COLUMNS if any(level in levels for levels in summary.values()))
    rows = [
        Row(
            service,
            catalogue.service_names.get(service, service),
            tuple(_cells(service, levels, columns, catalogue, effective, window)),
            window.known.services.get(service) if window else None,
        )
        for service, levels in summary.items()
    ]
    rows.sort(key=lambda row: _gravity(summary[row.service]), reverse=True)
    more = (True, window.known.unread, window.silent) if window else ()
    return Matrix(tuple(level.value for level in columns), tuple(rows), *more)


def _cells(
    service: str,
    levels: Mapping[Level, Cell],
    columns: Iterable[Level],
    catalogue: Catalogue,
    effective: int,
    window: Window | None,
) -> Iterable[Shown]:
    mine = effective & catalogue.services[service]
    told = window.told(service, mine) if window and mine else None
    for level in columns:
        cell, mask = levels.get(level, NONE), catalogue.levels[level] & mine
        use = _use(service, told, mask, window) if window and told and mask else None
        yield Shown(cell.granted, cell.effective, use)


def _use(service: str, told: Told, mask: int, window: Window) -> CellUse:
    used, unused = told.used & mask, told.unused & mask
    unknown = {why: some & mask for why, some in told.unknown.items() if some & mask}
    sentences = []
    if used:
        sentences.append(f"{used.bit_count():,} used: {window.seen(service, used)}")
    if unused:
        sentences.append(f"{unused.bit_count():,} not used: {window.unseen_since(service, unused)}")
    sentences += [f"{some.bit_count():,} unknown: {why}" for why, some in unknown.items()]
    seen = window.known.services.get(service)
    if unknown and not used and seen and seen.at:
        sentences.append(f"the service was used, {said(seen)}")
    return CellUse(
        used.bit_count(), unused.bit_count(), reduce(or_, unknown.values(), 0).bit_count(), "; ".join(sentences)
    )


def _gravity(levels: Mapping[Level, Cell]) -> Iterable[int]:
    return tuple(levels.get(level, NONE).effective for level in GRAVITY)
