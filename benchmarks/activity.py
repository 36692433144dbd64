"""Reading CloudTrail on one core: decompress, parse, all aggregates; processor time, against decompressing the same files alone.

Many small files cost more than few large ones; the last figure is memory over a gzip bomb, in a process of its own.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

from isal import igzip

from benchmarks import trail
from benchmarks.figure import Figure
from collectors.activity import Aggregate, take

FILES, EVENTS = 25, 4_000
SMALL_FILES, SMALL_EVENTS = 4_000, 25
ROUNDS = 5
GOAL = 80_000  # events a second and core, with everything on
MEMORY_LIMIT = 300.0  # MiB a worker on any input


def run() -> Iterator[Figure]:
    for name, blobs in (("large", large()), ("small", small())):
        events = FILES * EVENTS if name == "large" else SMALL_FILES * SMALL_EVENTS
        floor = best(lambda blobs=blobs: [igzip.decompress(blob) for blob in blobs])  # type: ignore[misc]
        ours = best(lambda blobs=blobs: aggregated(blobs))  # type: ignore[misc]
        yield Figure(
            f"{events:,} events in {len(blobs):,} {name} files, all aggregates",
            ours,
            "s",
            "decompressing alone",
            floor,
            8,
        )
        yield Figure(f"time an event, {len(blobs):,} {name} files", 1e6 * ours / events, "us", "goal", 1e6 / GOAL, 1)
    yield Figure("peak memory over a bomb of 4 GiB", float(bomb()), "MiB", "limit", MEMORY_LIMIT, 1)


def large() -> list[bytes]:
    return list(trail.files(FILES, EVENTS))


def small() -> list[bytes]:
    """Few distinct ones, many times: what differs is the cost of a file."""
    return list(trail.files(100, SMALL_EVENTS)) * (SMALL_FILES // 100)


def aggregated(blobs: list[bytes]) -> Aggregate:
    total = Aggregate(trail.DAY + timedelta(days=30))
    for blob in blobs:
        take(total, "", blob)
    return total


def best(work: object) -> float:
    """Seconds of processor time; others may use the machine meanwhile."""
    seconds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()  # type: ignore[operator]
        seconds.append(time.process_time() - begun)
    return min(seconds)


def bomb() -> float:
    """MiB: the high-water mark of a process that reads one bomb of zeros and one of records."""
    code = (
        "import resource; from benchmarks.activity import aggregated, bombs\n"
        "aggregated(bombs())\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def bombs() -> list[bytes]:
    record = gzip.decompress(next(trail.files(1, 1)))[len(b'{"Records":[') : -2]
    zeros, records = gzip.compress(bytes(16 << 20)), gzip.compress(b",".join([record] * 10_000) + b",")
    return [zeros * 256, gzip.compress(b'{"Records":[') + records * 20 + gzip.compress(record + b"]}")]
