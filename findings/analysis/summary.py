"""How many actions somebody has, by service and access level: the permissions matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from findings.policy.catalogue import Catalogue, Level


@dataclass(frozen=True, slots=True)
class Cell:
    """Numbers of actions: granted by identity policies for some resource, and left after denies, boundary and SCPs."""

    granted: int
    effective: int


def by_level(granted: int, effective: int, catalogue: Catalogue) -> Mapping[Level, Cell]:
    """All levels that something is granted of."""
    cells = {}
    for level, mask in catalogue.levels.items():
        if some := granted & mask:
            cells[level] = Cell(some.bit_count(), (effective & mask).bit_count())
    return cells


def by_service(granted: int, effective: int, catalogue: Catalogue) -> Mapping[str, Mapping[Level, Cell]]:
    found = {}
    for service, mask in catalogue.services.items():
        if some := granted & mask:
            found[service] = by_level(some, effective & mask, catalogue)
    return found
