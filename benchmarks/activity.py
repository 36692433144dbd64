"""Reading CloudTrail on one core: decompress, parse, all aggregates, in processor time, so that others may use the machine.

The floor is decompressing the same files as `igzip -dc` does, in parts that stay in the cache, and without its start. Many small
files cost more than few large ones. The peer is trailscraper, which prints the records. Two workers read half of the files each:
the slower one's processor time is what they take where each has a core. Memory is that of processes of their own.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from pathlib import Path

from isal import igzip_lib

from benchmarks import process, trail
from benchmarks.figure import Figure
from benchmarks.peer import installed
from collectors.activity import Aggregate, take

FILES, EVENTS = 26, 4_000  # an even number, so that two workers have as much to do
SMALL_FILES, SMALL_EVENTS = 4_000, 25
PEER, VERSION, PEER_FILES = "trailscraper", "0.10.0", 5
ROUNDS = 5
GOAL = 80_000  # events a second and core of small files, with everything on
MEMORY_LIMIT = 300.0  # MiB a worker on any input
PART = 256 << 10  # bytes that are decompressed at once


def run() -> Iterator[Figure]:
    peer = installed(PEER, VERSION)
    blobs = large()
    floor, ours = best(lambda: list(map(decompress, blobs))), best(lambda: aggregated(blobs))
    yield Figure(f"{FILES * EVENTS:,} events in {FILES} files, all aggregates", ours, "s", "igzip -dc", floor, 8)
    few, theirs = blobs[:PEER_FILES], selected(peer, blobs[:PEER_FILES])
    yield Figure(
        f"the first {PEER_FILES} of them", best(lambda: aggregated(few)), "s", f"{PEER} select", theirs, 1 / 10
    )
    yield Figure("all of them by two workers, the slower one", two(), "s", "one worker", ours, 1 / 1.8)
    many = best(lambda: aggregated(small()))
    per_event = 1e6 * many / (SMALL_FILES * SMALL_EVENTS)
    yield Figure(f"time an event in {SMALL_FILES:,} small files", per_event, "us", "goal", 1e6 / GOAL, 1)
    for what in ("zeros", "records", "spaces"):
        yield Figure(f"peak memory over a bomb of {what}", peak(what), "MiB", "limit", MEMORY_LIMIT, 1)


def large() -> list[bytes]:
    return list(trail.files(FILES, EVENTS))


def small() -> list[bytes]:
    """Few distinct ones, many times: what differs is the cost of a file."""
    return list(trail.files(100, SMALL_EVENTS)) * (SMALL_FILES // 100)


def aggregated(blobs: Sequence[bytes]) -> Aggregate:
    """All of it, added up: `uses` does that."""
    total = Aggregate(trail.DAY + timedelta(days=30))
    for blob in blobs:
        take(total, "", blob)
    assert total.uses
    return total


def decompress(blob: bytes) -> None:
    member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    member.decompress(blob, PART)
    while not member.eof:
        member.decompress(b"", PART)


def best(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        seconds.append(time.process_time() - begun)
    return min(seconds)


def half(number: int) -> float:
    blobs = large()[number::2]
    return best(lambda: aggregated(blobs))


def two() -> float:
    with ProcessPoolExecutor(2) as pool:
        return max(pool.map(half, range(2)))


def selected(peer: Path, blobs: Sequence[bytes]) -> float:
    with tempfile.TemporaryDirectory(prefix="iamdash-bench-") as name:
        folder = Path(name)
        for number, blob in enumerate(blobs):
            at = trail.DAY + timedelta(minutes=5 * number)
            own = f"{trail.ACCOUNT}_CloudTrail_us-east-1_{at:%Y%m%dT%H%MZ}_{number:016}.json.gz"
            (folder / own).write_bytes(blob)
        return process.run([str(peer), "select", "--log-dir", name], folder / "records.json").processor


def peak(what: str) -> float:
    code = f"from benchmarks.activity import bomb, read_all; read_all(bomb({what!r}))"
    with tempfile.TemporaryDirectory(prefix="iamdash-bench-") as name:
        return process.run([sys.executable, "-c", code], Path(name, "log")).peak


def read_all(blob: bytes) -> None:
    take(Aggregate(trail.DAY + timedelta(days=30)), "", blob)


def bomb(what: str) -> bytes:
    """4 GiB of zeros, 300 MB of records each of which is another actor's, or a record and 4 GiB of spaces."""
    if what == "zeros":
        return gzip.compress(bytes(16 << 20)) * 256
    record = gzip.decompress(next(trail.files(1, 1)))[len(b'{"Records":[') : -2]
    begin, end = gzip.compress(b'{"Records":[' + record + b","), gzip.compress(record + b"]}")
    if what == "spaces":
        return begin + gzip.compress(b" " * (16 << 20)) * 256 + end
    return begin + b"".join(gzip.compress(_strangers(record, number)) for number in range(20)) + end


def _strangers(record: bytes, number: int) -> bytes:
    head, role, tail = record.partition(b'"principalId":"AROA')
    return b"".join(head + role + b"%06d" % (number * 10_000 + n) + tail + b"," for n in range(10_000))
