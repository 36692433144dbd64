"""Reading CloudTrail on one core: decompress, parse, all aggregates, in processor time, so that others may use the machine.

The floor is `igzip -dc` of the same files, by turns with ours; where the command is not installed, its library in this process.
Many small files cost more than few large ones. The peer is trailscraper, which prints the records. Two workers read half of the
files each: the slower one's processor time is what they take where each has a core. What two cores of the machine are worth to
Python at best is told beside it, by a loop that needs next to no memory. Each is a new process, as a worker's memory is not that
of a process that made the files, and looks for cycles as seldom as a worker.
"""

from __future__ import annotations

import gzip
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

from isal import igzip_lib

from benchmarks import process, trail
from benchmarks.figure import Figure
from benchmarks.peer import installed
from collectors.activity import Aggregate, take
from findings.analysis.pace import few_collections

FILES, EVENTS = 52, 4_000  # an even number, so that two workers have as much to do
SMALL_FILES, SMALL_EVENTS = 4_000, 25
PEER, VERSION, PEER_FILES = "trailscraper", "0.10.0", 5
ROUNDS, TURNS = 5, 4
LOOP = 4_000_000
GOAL = 80_000  # events a second and core of small files, with everything on
MEMORY_LIMIT = 300.0  # MiB a worker on any input
PART = 256 << 10  # bytes that are decompressed at once


def run() -> Iterator[Figure]:
    peer = installed(PEER, VERSION)
    with trail_files(FILES, EVENTS) as files:
        halves = files[: FILES // 2], files[FILES // 2 :]  # a worker takes files that follow one another
        turns = [(*apart(reading_and_floor, files)[0], slower(apart(reading, *halves))) for _ in range(TURNS)]
        floor, ours, slowest = map(min, zip(*turns, strict=True))
        yield Figure(f"{FILES * EVENTS:,} events in {FILES} files, all aggregates", ours, "s", "igzip -dc", floor, 8)
        few = files[:PEER_FILES]
        own, theirs = slower(apart(reading, few)), selected(peer, few)
        yield Figure(f"the first {PEER_FILES} of them", own, "s", f"{PEER} select", theirs, 1 / 10)
        yield Figure("all of them by two workers, the slower one", slowest, "s", "one worker", ours, 1 / 1.8)
        loops = [(slower(apart(looping, 2)), slower(apart(looping, 1, 1))) for _ in range(TURNS)]
        one, both = map(min, zip(*loops, strict=True))
        yield Figure("a loop without memory, by two processes", both, "s", "one process", one, 1 / 1.8)
    with trail_files(100, SMALL_EVENTS) as some:  # few distinct ones, many times: what differs is the cost of a file
        many = slower(apart(reading, some * (SMALL_FILES // 100)))
    per_event = 1e6 * many / (SMALL_FILES * SMALL_EVENTS)
    yield Figure(f"time an event in {SMALL_FILES:,} small files", per_event, "us", "goal", 1e6 / GOAL, 1)
    for what in ("zeros", "records", "spaces"):
        yield Figure(f"peak memory over a bomb of {what}", peak(what), "MiB", "limit", MEMORY_LIMIT, 1)


@contextmanager
def trail_files(number: int, events: int) -> Iterator[list[Path]]:
    """Under the names that CloudTrail gives them, since the peer goes by these."""
    with tempfile.TemporaryDirectory(prefix="iamdash-bench-") as folder:
        files = []
        for n, blob in enumerate(trail.files(number, events)):
            at = trail.DAY + timedelta(minutes=5 * n)
            files.append(Path(folder, f"{trail.ACCOUNT}_CloudTrail_us-east-1_{at:%Y%m%dT%H%MZ}_{n:016}.json.gz"))
            files[-1].write_bytes(blob)
        yield files


def apart(work: Callable[..., list[float]], *given: object) -> list[list[float]]:
    """The work on each of what is given, at once, by new processes."""
    with ProcessPoolExecutor(len(given), get_context("spawn")) as pool:
        return list(pool.map(work, given))


def slower(seconds: Sequence[Sequence[float]]) -> float:
    return max(one for (one,) in seconds)


def reading_and_floor(files: Sequence[Path]) -> list[float]:
    return best(floor(files), spent(lambda: aggregated(contents(files))))


def reading(files: Sequence[Path]) -> list[float]:
    return best(spent(lambda: aggregated(contents(files))))


def looping(times: int) -> list[float]:
    def loop() -> None:
        for _ in range(times * LOOP):
            pass

    return best(spent(loop))


def best(*works: Callable[[], float]) -> list[float]:
    """The least seconds that each takes. They go by turns, so that what else the machine does falls on all."""
    with few_collections():
        rounds = [[work() for work in works] for _ in range(ROUNDS)]
    return [min(seconds) for seconds in zip(*rounds, strict=True)]


def spent(work: Callable[[], object]) -> Callable[[], float]:
    """Seconds of this process's processor time."""

    def once() -> float:
        begun = time.process_time()
        work()
        return time.process_time() - begun

    return once


def contents(files: Iterable[Path]) -> Iterator[bytes]:
    return (file.read_bytes() for file in files)


def aggregated(blobs: Iterable[bytes]) -> Aggregate:
    """All of it, added up: `uses` does that."""
    total = Aggregate(trail.DAY + timedelta(days=30))
    for blob in blobs:
        take(total, "", blob)
    assert total.uses
    return total


def floor(files: Sequence[Path]) -> Callable[[], float]:
    command = shutil.which("igzip")
    if command is None:
        return spent(lambda: [decompress(blob) for blob in contents(files)])
    whole = [command, "-dc", *map(str, files)]
    return lambda: process.run(whole, Path(os.devnull)).processor


def decompress(blob: bytes) -> None:
    member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    member.decompress(blob, PART)
    while not member.eof:
        member.decompress(b"", PART)


def selected(peer: Path, files: Sequence[Path]) -> float:
    with tempfile.TemporaryDirectory(prefix="iamdash-bench-") as name:
        folder = Path(name)
        for file in files:
            (folder / file.name).symlink_to(file)
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
