"""Faults, and what is known after them. `make test` runs a sample of each kind, `make soak` all of them and writes the results.

A test says what it is about by `fault(...)`; tests/faults/report.py makes docs/operate/reliability.md of what came of it.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.collectors.test_trail_bucket import put, reader  # noqa: F401 - fixtures
from tests.embedded.test_backup import empty  # noqa: F401 - fixture
from tests.faults import results
from tests.faults.world import World, opened
from tests.notify.conftest import receiver  # noqa: F401 - fixture

SEED = int(os.environ.get("FAULT_SEED", "8"))


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption("--soak", action="store_true", help="all faults, not a sample; writes the results")
    group.addoption("--fault-results", action="store_true", help="writes the results of what is run")
    group.addoption("--soak-minutes", type=float, default=10.0, help="how long the random mix goes on")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(name, how, oracle): a row of docs/operate/reliability.md")
    if soaks(config) or config.getoption("--fault-results", default=False):
        config.pluginmanager.register(results.Results(), "fault-results")


def soaks(config: pytest.Config) -> bool:
    return bool(config.getoption("--soak", default=False))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of many cases asks for `case`: CASES of its function, all of them or so many that the seed chooses."""
    if "case" in metafunc.fixturenames:
        every, sample = getattr(metafunc.function, "cases", ([], 0))
        chosen = list(every)
        if not soaks(metafunc.config) and sample < len(chosen):
            chosen = random.Random(f"{SEED}/{metafunc.function.__name__}").sample(chosen, sample)
        metafunc.parametrize(
            "case", chosen, ids=lambda one: "-".join(map(str, one)) if isinstance(one, tuple) else str(one)
        )


@pytest.fixture
def minutes(pytestconfig: pytest.Config) -> float:
    """How long the random mix goes on; 0: one round."""
    return float(pytestconfig.getoption("--soak-minutes", default=0.0)) if soaks(pytestconfig) else 0.0


@pytest.fixture(scope="module")
def healthy(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Made once: a test's own transaction lies inside this one, and what it changes goes with it."""
    with django_db_blocker.unblock(), opened() as world:
        yield world


@pytest.fixture
def world(healthy: World, db: None) -> Iterator[World]:
    yield healthy
    healthy.proxy.heal()
