"""The catalogue in one file, because reading it together from its sources takes a second or two.

The file's name holds the versions of the sources, so a new package makes a new file. It is looked for in the installation
(sys.prefix/share/iamdash, where `manage.py catalogue` puts it), then in the cache of the user. Where none of them can be
written, each process reads the sources.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from findings.policy.catalogue_contents import Contents, build, version

FORMAT = 1  # to be raised when Contents change
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def load() -> Contents:
    for folder in folders():
        with suppress(OSError, msgspec.DecodeError):
            return read(folder)
    contents = build()
    with suppress(OSError):
        write(users_folder(), contents)
    return contents


def folders() -> Iterator[Path]:
    yield installed_folder()
    with suppress(OSError):
        yield users_folder()


def installed_folder() -> Path:
    return Path(sys.prefix, "share", "iamdash")


def users_folder() -> Path:
    """$IAMDASH_CACHE, or iamdash in the user's cache."""
    if chosen := os.environ.get("IAMDASH_CACHE"):
        return Path(chosen)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base, "iamdash")
    try:
        return Path.home() / ".cache" / "iamdash"
    except RuntimeError as error:
        raise FileNotFoundError("this user has no home") from error


def path(folder: Path) -> Path:
    versions = re.sub(r"[^0-9A-Za-z.]+", "-", version())
    return folder / f"catalogue-{versions}-{FORMAT}.msgpack"


def read(folder: Path) -> Contents:
    """Raises OSError or DecodeError. What others could have put there is not believed."""
    _demand_ours(os.stat(folder))
    with open(os.open(path(folder), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        _demand_ours(os.fstat(file.fileno()))
        contents = msgspec.msgpack.decode(file.read(), type=Contents)
    if contents.version != version():
        raise msgspec.DecodeError("the file's name and its version differ")
    return contents


def write(folder: Path, contents: Contents) -> Path:
    """Whole or not at all, whoever else is writing. Raises OSError."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    _demand_ours(os.stat(folder))
    number, draft = tempfile.mkstemp(dir=folder, prefix=".catalogue-")
    try:
        with open(number, "wb") as file:
            file.write(msgspec.msgpack.encode(contents))
            os.fchmod(file.fileno(), 0o644)
        return Path(draft).rename(path(folder))
    except BaseException:
        os.unlink(draft)
        raise


def publish(contents: Contents) -> Path:
    """Keeps it for every process of this installation, or else for this user; those of older versions go."""
    try:
        written = write(installed_folder(), contents)
    except OSError:
        return write(users_folder(), contents)
    for other in written.parent.glob("catalogue-*.msgpack"):
        if other != written:
            other.unlink(missing_ok=True)
    return written


def _demand_ours(found: os.stat_result) -> None:
    """Ours are root, who runs this process, and who has this code."""
    ours = {0, os.geteuid(), os.stat(__file__).st_uid}
    if found.st_uid not in ours or found.st_mode & OTHERS_WRITE:
        raise PermissionError("others than the owner of this installation may write here")
