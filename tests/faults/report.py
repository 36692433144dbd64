"""docs/operate/reliability.md from what `make soak` found: `python -m tests.faults.report [--check]`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.faults.results import FILE

PAGE = Path(__file__).resolve().parents[2] / "docs/operate/reliability.md"
HEAD = """# Reliability

<!-- Made by `python -m tests.faults.report` from tests/faults/results.json, which `make soak` writes. Do not edit. -->

What was broken on purpose, and what was known afterwards. The oracle is a dump of inventory, findings and aggregates, row by row
without ids: after the fault is over and the queue is empty it must equal that of a run in which nothing went wrong.

One thing of the history is not compared row by row where real processes run: how often a finding's words (title, evidence)
changed on the way. A judgement begins when a worker is free, between whichever two sources that is, so two runs without any
fault differ in it, too. What such a row must be holds all the same: the words before it are others than those after it, so none
was written twice; and each time that a finding opened, closed or became graver, and what its words are in the end, is equal.

`make test` runs a sample of each row, but of those with real processes, which take a minute a run. `make soak` runs all of it
(`SOAK_MINUTES=60 make soak` for a longer random mix, `FAULT_SEED=n` for other points). A row that is not there was not run.

| Fault | How | Must hold | Runs | Failed | Seeds | On |
|---|---|---|---:|---:|---|---|
"""


def page(rows: dict[str, dict[str, Any]]) -> str:
    return HEAD + "".join(line(name, row) for name, row in sorted(rows.items()))


def line(name: str, row: dict[str, Any]) -> str:
    cells = (name, row["how"], row["oracle"], row["runs"], row["failed"], ranges(row["seeds"]), row["date"])
    return f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |\n"


def ranges(seeds: list[int]) -> str:
    """[8, 9, 10, 20] as "8 to 10, 20"."""
    every = sorted(set(seeds))
    starts = [seed for seed in every if seed - 1 not in every]
    ends = [seed for seed in every if seed + 1 not in every]
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in zip(starts, ends, strict=True))


def main(arguments: list[str]) -> int:
    text = page(json.loads(FILE.read_text()) if FILE.exists() else {})
    if arguments == ["--check"]:
        same = PAGE.exists() and PAGE.read_text() == text
        sys.stderr.write("" if same else f"{PAGE} is not what results.json says: run python -m tests.faults.report\n")
        return int(not same)
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
