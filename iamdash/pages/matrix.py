"""What a principal is granted, what of it is in effect, and what of that is used: a table of services by access level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from collectors import records
from findings.analysis.permissions import Cell
from findings.policy.catalogue import Catalogue, Level

SHOWN = 15  # services before the rest folds away
COLUMNS = (Level.LIST, Level.READ, Level.WRITE, Level.TAGGING, Level.PERMISSIONS, Level.UNKNOWN)
GRAVITY = (Level.PERMISSIONS, Level.WRITE, Level.TAGGING, Level.READ, Level.LIST, Level.UNKNOWN)
NONE = Cell(0, 0)


@dataclass(frozen=True)
class Row:
    """One service. seen: whether Access Advisor told of it; used_at None then: not in its 400 days."""

    service: str
    name: str
    cells: tuple[Cell, ...]
    seen: bool
    used_at: datetime | None

    @property
    def granted(self) -> int:
        return sum(cell.granted for cell in self.cells)

    @property
    def effective(self) -> int:
        return sum(cell.effective for cell in self.cells)


@dataclass(frozen=True)
class Matrix:
    """columns: headings of the levels that occur. advised: Access Advisor was read for the principal."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    advised: bool

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

    @property
    def used(self) -> int:
        return sum(row.used_at is not None for row in self.rows)


def matrix(
    summary: Mapping[str, Mapping[Level, Cell]], catalogue: Catalogue, advisor: records.LastAccessed | None
) -> Matrix:
    """The services that matter most come first: by their gravest level in effect, then by how much of it."""
    columns = tuple(level for level in COLUMNS if any(level in levels for levels in summary.values()))
    told = {use.namespace: use for use in advisor.services} if advisor else {}
    rows = [
        Row(
            service,
            catalogue.service_names.get(service, service),
            tuple(levels.get(level, NONE) for level in columns),
            service in told,
            told[service].last_at if service in told else None,
        )
        for service, levels in summary.items()
    ]
    rows.sort(key=lambda row: _gravity(summary[row.service]), reverse=True)
    return Matrix(tuple(level.value for level in columns), tuple(rows), advisor is not None)


def _gravity(levels: Mapping[Level, Cell]) -> Iterable[int]:
    return tuple(levels.get(level, NONE).effective for level in GRAVITY)
