"""Effective sets, access levels and escalation of many roles with a boundary and three levels of SCPs, on one core."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import process
from benchmarks.figure import Figure
from benchmarks.inventory import facts, prepare
from benchmarks.peer import CHECKOUT
from findings.analysis.facts import Facts
from findings.analysis.pace import few_collections

ROLES, SECONDS = 10_000, 5.0
STREAMED, ACCOUNT_SIZE = 100_000, 5_000
MEMORY_LIMIT = 400.0  # MiB


def run() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="iamdash-bench-") as folder:
        output = Path(folder) / "said"
        process.run(_itself(ROLES, ROLES), output, PYTHONPATH=str(CHECKOUT))
        seconds, processor = map(float, output.read_text().split())
        what = f"sets, levels and escalation of {ROLES:,} roles"
        yield Figure(what, seconds, "s", "limit", SECONDS, 1)
        yield Figure("the same, on the processor", processor, "s", "limit", SECONDS, 1)
        spent = process.run(_itself(STREAMED, ACCOUNT_SIZE), output, PYTHONPATH=str(CHECKOUT))
        name = f"peak memory over {STREAMED:,} roles, {ACCOUNT_SIZE:,} an account"
        yield Figure(name, spent.peak, "MiB", "limit", MEMORY_LIMIT, 1)


def _itself(roles: int, an_account: int) -> list[str]:
    """In a process of its own: what was done before leaves memory behind."""
    return [sys.executable, "-c", f"from benchmarks.principals import main; main({roles}, {an_account})"]


def main(roles: int, an_account: int) -> None:
    """Prints the seconds, on the clock and on the processor, that it took; making up the accounts apart."""
    prepare()
    seconds = processor = 0.0
    for number in range(roles // an_account):
        made = facts(an_account, seed=number)
        begun = time.perf_counter(), time.process_time()
        with few_collections():  # as every judgement is made
            assess(made)
        seconds += time.perf_counter() - begun[0]
        processor += time.process_time() - begun[1]
    sys.stdout.write(f"{seconds} {processor}")


def assess(made: Facts) -> None:
    from findings.analysis.escalation import escalations, reaches_admin

    for role in made.snapshot.roles:
        made.permissions.reach(role)
        made.permissions.access(role)
        escalations(role, made)
        reaches_admin(role, made)
