"""Real workers, a real queue and a real database, killed at random points of a run: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.embedded import test_backup as backups
from tests.faults import proxy as net
from tests.faults.conftest import SEED
from tests.faults.dump import Dump, differences
from tests.faults.sampling import cases, fault
from tests.faults.stand import PATIENCE, Stand, standing

pytestmark = pytest.mark.django_db  # the stand's database is a copy of the tests'
EQUAL = "Once the queue is drained, everything equals a run without a fault, its history too; no job failed."
PRESENT = "Once the queue is drained, inventory, findings and aggregates equal those of a run without a fault."
POINTS = int(os.environ.get("FAULT_POINTS", "20"))  # of each sort
CALLS = 540  # a run of the stand makes about so many
What = Callable[[Stand, random.Random], None]


@pytest.fixture(scope="module")
def stand(django_db_setup: None, django_db_blocker: Any) -> Iterator[Stand]:
    with django_db_blocker.unblock(), standing() as stand:
        yield stand


@pytest.fixture(scope="module")
def expected(stand: Stand) -> Dump:
    """After a run without a fault."""
    stand.fresh()
    stand.drain()
    assert set(stand.jobs()) == {"done"}, stand.log()
    assert not stand.told_for_nothing()
    return stand.dump()


def struck(
    stand: Stand,
    expected: Dump,
    seed: int,
    *whats: What,
    ticks: int = 1,
    beats: int = 0,
    script: net.Script = net.nothing,
    away: float = 0,
) -> None:
    """A run in which each of these happens after some calls. away: seconds in which nothing can be done."""
    chance = random.Random(seed)
    stand.fresh(beats=beats)
    stand.proxy.script = script
    for what in whats:
        stand.after(chance.randrange(1, CALLS), lambda c, what=what: what(stand, c), chance)  # type: ignore[misc]
    stand.drain(ticks, patience=PATIENCE + away)
    equal(stand, expected, seed)


def equal(stand: Stand, expected: Dump, seed: int) -> None:
    assert set(stand.jobs()) == {"done"}, (seed, stand.jobs(), stand.log())
    told = [*differences(expected, stand.dump()), *stand.told_for_nothing()]
    assert not told, "\n".join([f"seed {seed}", *told])


ONE_BY_ONE: dict[str, What] = {
    "SIGKILL of a worker's child": Stand.kill_child,
    "SIGKILL of a worker": Stand.kill_worker,
    "SIGTERM at a deployment": Stand.deploy,
    "Valkey killed and emptied": Stand.kill_valkey,
    "PostgreSQL restarted immediately": Stand.restart_postgres,
}


@fault(
    "All of these in one run, and two beats",
    "real processes; after a number of calls to AWS that the seed chooses",
    EQUAL,
)
@cases(range(3), 0)
def test_a_run_in_which_all_of_it_happens(case: int, stand: Stand, expected: Dump, record_property: Any) -> None:
    record_property("seed", SEED + case)
    struck(
        stand, expected, SEED + case, Stand.kill_child, Stand.restart_postgres, Stand.kill_valkey, Stand.die_at, ticks=2
    )


def each_alone(name: str) -> Any:
    """Random points of one sort, in the long form only."""

    @fault(name, "real processes; after a number of calls to AWS that the seed chooses", EQUAL)
    @cases(range(POINTS), 0)
    def test(case: int, stand: Stand, expected: Dump, record_property: Any) -> None:
        record_property("seed", SEED + case)
        struck(stand, expected, SEED + case, ONE_BY_ONE[name])

    return test


test_a_killed_child = each_alone("SIGKILL of a worker's child")
test_a_killed_worker = each_alone("SIGKILL of a worker")
test_a_deployment = each_alone("SIGTERM at a deployment")
test_a_lost_valkey = each_alone("Valkey killed and emptied")
test_a_lost_postgres = each_alone("PostgreSQL restarted immediately")


@fault(
    "A worker's child dies after a statement of SQL",
    "real processes; the child kills itself after a statement that the seed chooses, in the midst of storing too",
    EQUAL,
)
@cases(range(POINTS), 0)
def test_a_child_that_dies_while_it_stores(case: int, stand: Stand, expected: Dump, record_property: Any) -> None:
    record_property("seed", SEED + case)
    struck(stand, expected, SEED + case, Stand.die_at, Stand.die_at)


@fault("Two beats, each of its own process", "real processes", EQUAL)
@cases(range(3), 0)
def test_two_beats(case: int, stand: Stand, expected: Dump) -> None:
    struck(stand, expected, SEED + case, ticks=2, beats=2)


@fault("Valkey away for five minutes", "real processes; it is stopped in the midst of a run and started again", EQUAL)
@cases([300], 0)
def test_valkey_is_away(case: int, stand: Stand, expected: Dump) -> None:
    def leave(stand: Stand, chance: random.Random) -> None:
        stand.kill_valkey(chance)
        stand.valkey.child.retry_at = time.monotonic() + case

    struck(stand, expected, SEED, leave, away=case)


@fault(
    "Backed up in the midst of a run, and restored",
    "`manage.py backup` after a number of calls that the seed chooses; workers and database are lost; `manage.py restore`",
    EQUAL,
)
@cases(range(3), 0)
def test_backup_and_restore(case: int, stand: Stand, expected: Dump, record_property: Any) -> None:
    record_property("seed", SEED + case)
    stand.fresh()
    stand.drain(calls=random.Random(SEED + case).randrange(1, CALLS))
    stand.restore()
    stand.drain()
    equal(stand, expected, SEED + case)


@fault(
    "Restored from an earlier release's backup",
    "`manage.py restore` of what `manage.py backup` of that release wrote",
    "As many rows of each kind as it had, on the tables of today.",
)
@cases(sorted(path.name for path in backups.RELEASES.iterdir() if path.is_dir()), 0)
def test_an_upgrade(case: str, empty: str, tmp_path: Path) -> None:
    backups.test_a_backup_of_an_earlier_release_comes_back_as_today_s(case, empty, tmp_path)


@fault(
    "A random mix of all faults",
    "real processes and the proxy: kills, restarts, lost answers, refusals, one to five a run",
    PRESENT,
)
@cases(["mix"], 0)
def test_a_random_mix(case: str, stand: Stand, expected: Dump, minutes: float, record_property: Any) -> None:
    end, runs = time.monotonic() + 60 * minutes, 0
    passing = [net.status(500), net.refused("throttled"), net.truncated, net.reset, net.lost]
    while time.monotonic() < end:
        seed = SEED * 1_000 + runs
        chance = random.Random(seed)
        whats = chance.choices([*ONE_BY_ONE.values(), Stand.die_at], k=chance.randint(1, 3))
        script = net.once_each(chance.sample(passing, 2))
        struck(stand, expected, seed, *whats, ticks=chance.choice([1, 2]), script=script)
        runs += 1
    record_property("runs", runs)
    record_property("seed", SEED * 1_000)
