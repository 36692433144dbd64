from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import standin


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder all users may enter, with a short name; pytest's own is closed to others."""
    yield from _open_folder()


@pytest.fixture(scope="module")
def project() -> Iterator[Path]:
    for folder in _open_folder():
        yield standin.make(folder)


def _open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="iamdash-up-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def as_root() -> None:
    if os.geteuid():
        pytest.skip("needs root: it changes users")
