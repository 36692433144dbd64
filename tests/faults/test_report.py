"""What the page on reliability says of runs of several times."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.report import ranges
from tests.faults.results import added


def row(*seeds: int, failed: int = 0, date: str = "2026-11-27") -> dict[str, Any]:
    return {"date": date, "runs": max(len(seeds), 1), "failed": failed, "seconds": 1.5, "seeds": list(seeds)}


@pytest.mark.parametrize(
    ("kept", "new", "runs", "failed"),
    [
        (None, row(8), 1, 0),
        (row(8, 9), row(8, 9, 10), 3, 0),  # the same points once more
        (row(8, date="2026-11-26"), row(9), 1, 0),
        (row(), row(), 1, 0),  # without points: as often as it was run last
        (row(8, failed=1), row(20, 21), 3, 1),
    ],
)
def test_runs_of_a_day_at_other_points_count_together(
    kept: dict[str, Any] | None, new: dict[str, Any], runs: int, failed: int
) -> None:
    assert (added(kept, new)["runs"], added(kept, new)["failed"]) == (runs, failed)


@pytest.mark.parametrize(
    ("seeds", "shown"), [([], ""), ([8], "8"), ([9, 8, 10], "8 to 10"), ([100, 101, 200, 201, 8], "8, 100 to 101, 200 to 201")]
)  # fmt: skip
def test_points_are_told_as_ranges(seeds: list[int], shown: str) -> None:
    assert ranges(seeds) == shown
