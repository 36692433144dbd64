"""A PostgreSQL of one's own, named in the environment for a Django that is set up in this process."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from iamdash.embedded import services
from iamdash.embedded.state import State
from iamdash.embedded.supervisor import Supervisor, supervisor


@contextmanager
def database() -> Iterator[tuple[Supervisor, Path]]:
    """Who watches over its servers, and the folder in which they are: BENCH_STATE's, which is kept, or one that goes."""
    with folder_of() as folder, supervisor(sys.stderr, signals=False) as family:
        os.environ["IAMDASH_SECRET_KEY_FILE"] = str(State.open(folder).secret_key)
        os.environ["DATABASE_URL"] = services.start(family, services.postgres(folder))
        os.environ["DJANGO_SETTINGS_MODULE"] = "iamdash.settings"
        yield family, folder


@contextmanager
def folder_of() -> Iterator[Path]:
    with ExitStack() as until:
        kept = os.environ.get("BENCH_STATE")
        folder = Path(kept or until.enter_context(tempfile.TemporaryDirectory(prefix="iamdash-bench-")))
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        yield folder
