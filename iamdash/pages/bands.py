"""The services that a principal may use, by how long ago it used them: what it lives on, and what nobody would miss."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from iamdash.pages.matrix import Row

NEVER, NO_DATA = "Never", "No data"
BANDS = ((30, "Within 30 days"), (90, "31 to 90 days ago"), (None, "More than 90 days ago"))


@dataclass(frozen=True)
class Band:
    """rows: of the matrix, the last used first."""

    title: str
    rows: tuple[Row, ...]


def bands(rows: Iterable[Row], now: datetime) -> list[Band]:
    """Every band, also those that are empty; of services of which something is in effect."""
    found: dict[str, list[Row]] = {title: [] for title in (*(title for _, title in BANDS), NEVER, NO_DATA)}
    for row in rows:
        if row.effective:
            found[_title(row, now)].append(row)
    return [Band(title, tuple(sorted(many, key=_last, reverse=True))) for title, many in found.items()]


def _title(row: Row, now: datetime) -> str:
    if row.seen is None:
        return NO_DATA
    if (at := row.seen.at) is None:
        return NEVER
    return next(title for days, title in BANDS if days is None or now - at <= timedelta(days=days))


def _last(row: Row) -> float:
    return row.seen.at.timestamp() if row.seen and row.seen.at else 0
