"""pytest plugin (`-p tests.services`): real PostgreSQL and Valkey for this run, and settings that use them.

It wraps pytest_load_initial_conftests because pytest-django reads the settings there, before any conftest.py. The servers of
the developer's environment are never used. xdist's workers share PostgreSQL (pytest-django gives each its own test database)
and get a Valkey each. The guard stops the servers and removes the folder even when pytest is killed.
"""

from __future__ import annotations

import contextlib
import gc
import os
import secrets
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from iamdash.embedded.services import postgres, start, valkey
from iamdash.embedded.supervisor import Supervisor, supervisor
from tests.cluster import copied

SHARED = "IAMDASH_TEST_RUN"  # set by the controller, inherited by xdist's workers
OUTSIDE = ("AWS_", "IAMDASH_", "DATABASE_", "REDIS_")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    running = contextlib.ExitStack()
    early_config.add_cleanup(running.close)
    folder = Path(tempfile.mkdtemp(prefix="iamdash-test-"))
    folder.chmod(0o755)  # as root the servers run as nobody
    family = running.enter_context(supervisor(signals=False, remove=folder))
    if SHARED not in os.environ:
        prepare(family, folder)
    os.environ["REDIS_URL"] = start(family, valkey(folder))
    os.environ["IAMDASH_STATIC_ROOT"] = str(folder / "static")
    yield


def pytest_collection_finish() -> None:
    """What stands by now stays until the end, and a lab and AWS's models join it: looking through all of that again and again for
    cycles took a sixth of the processor time. The young are looked at as ever, if less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 20)


def prepare(family: Supervisor, folder: Path) -> None:
    for name in [name for name in os.environ if name.startswith(OUTSIDE)]:
        del os.environ[name]
    key = folder / "secret_key"
    key.touch(mode=0o600)
    key.write_text(secrets.token_urlsafe(50))
    copied(folder, key)
    os.environ |= {
        SHARED: str(folder),
        "DATABASE_URL": start(family, postgres(folder, quick=True)),
        "IAMDASH_SECRET_KEY_FILE": str(key),
        "IAMDASH_HTTP_ONLY": "1",
        "IAMDASH_LOOKUP_DAYS": "0",  # takes 200 calls; its tests turn it on
        "IAMDASH_AWS_RATE_FACTOR": "1000",  # the lab has no quota; tests of rates make their own buckets
    }
