"""What came of each fault, kept in a file that the report is made of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).with_name("results.json")


class Results:
    """A pytest plugin: adds up the runs of each row, and writes those of this session over their older ones, or to them."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        report: Any = yield
        mark = item.get_closest_marker("fault")
        if mark and (report.when == "call" or report.failed):
            name, how, oracle = mark.args
            empty = {"how": how, "oracle": oracle, "runs": 0, "failed": 0, "seconds": 0.0, "seeds": []}
            row = self.rows.setdefault(name, empty)
            more = dict(item.user_properties)
            row["runs"] += more.get("runs", 1)
            row["failed"] += report.failed
            row["seconds"] = round(row["seconds"] + call.duration, 1)
            row["seeds"] += [more["seed"]] if "seed" in more else []
        return report

    def pytest_sessionfinish(self) -> None:
        kept = json.loads(FILE.read_text()) if FILE.exists() else {}
        today = datetime.now(UTC).date().isoformat()
        kept |= {name: added(kept.get(name), row | {"date": today}) for name, row in self.rows.items()}
        FILE.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def added(kept: dict[str, Any] | None, row: dict[str, Any]) -> dict[str, Any]:
    """A day's runs at other points count together; the same points again, or another day, stand in place of what was."""
    if not kept or kept["date"] != row["date"] or not row["seeds"] or not set(row["seeds"]).isdisjoint(kept["seeds"]):
        return row
    return row | {name: kept[name] + row[name] for name in ("runs", "failed", "seconds", "seeds")}
