"""A PostgreSQL of one's own, named in the environment for a Django that is set up in this process."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iamdash.embedded import services
from iamdash.embedded.state import State
from iamdash.embedded.supervisor import Supervisor, supervisor


@contextmanager
def database() -> Iterator[tuple[Supervisor, Path]]:
    """Who watches over its servers, and the folder in which they are."""
    with tempfile.TemporaryDirectory(prefix="iamdash-bench-") as name, supervisor(sys.stderr, signals=False) as family:
        folder = Path(name)
        folder.chmod(0o755)
        os.environ["IAMDASH_SECRET_KEY_FILE"] = str(State.open(folder).secret_key)
        os.environ["DATABASE_URL"] = services.start(family, services.postgres(folder))
        os.environ["DJANGO_SETTINGS_MODULE"] = "iamdash.settings"
        yield family, folder
