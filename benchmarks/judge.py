"""The whole judgement of one account, from files to verdicts and from start-up to exit, against `cloudsplaining scan` on the same
file in the same run. And how long 400 small accounts take in one call."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import account, process
from benchmarks.figure import Figure
from benchmarks.peer import CHECKOUT, installed

SIZE = {"roles": 2_000, "users": 500, "policies": 800}
PEER, VERSION = "cloudsplaining", "0.9.1"
GOAL = 1 / 25
MEMORY_LIMIT = 250.0  # MiB
SMALL = {"roles": 27, "users": 3, "policies": 10}
BUNDLES = 400


def run() -> Iterator[Figure]:
    peer = installed(PEER, VERSION)
    with tempfile.TemporaryDirectory(prefix="iamdash-bench-") as name:
        folder = Path(name)
        bundle = folder / "bundle"
        bundle.mkdir()
        file = account.write(bundle, **SIZE)
        process.compile_ours()
        ours = judged([bundle], folder)
        scan = [str(peer), "scan", "--input-file", str(file), "--output", name, "--skip-open-report"]
        theirs = process.run(scan, folder / "peer.log")
        what = f"judge {SIZE['roles']:,} roles, {SIZE['users']} users, {SIZE['policies']} policies"
        yield Figure(what, ours.seconds, "s", f"{PEER} {VERSION}", theirs.seconds, GOAL)
        yield Figure("the same, on the processor", ours.processor, "s", f"{PEER} {VERSION}", theirs.processor, GOAL)
        yield Figure("its peak memory", ours.peak, "MiB", "limit", MEMORY_LIMIT, 1)
        yield from many(folder)


def many(folder: Path) -> Iterator[Figure]:
    """Start-up once: one call for all against one account alone, times their number."""
    bundles = [folder / f"small-{number}" for number in range(BUNDLES)]
    for number, bundle in enumerate(bundles):
        bundle.mkdir()
        answer = account.details(**SMALL, seed=number)
        (bundle / "iam.get-account-authorization-details.json").write_text(json.dumps(answer))
    one, all_ = judged(bundles[:1], folder), judged(bundles, folder)
    name = f"judge {BUNDLES} accounts of {SMALL['roles']} roles in one call"
    yield Figure(name, all_.seconds, "s", "one at a time", one.seconds * BUNDLES, 0.1)


def judged(bundles: list[Path], folder: Path) -> process.Spent:
    command = [sys.executable, str(CHECKOUT / "manage.py"), "judge", *map(str, bundles), "--format", "json"]
    return process.run(command, folder / "verdicts.jsonl")
