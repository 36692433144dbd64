"""The files of a bundle, from a folder or a zip: names first, content when asked for, and never more than the limits (TRUST)."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO

FILE_LIMIT = 256_000_000  # bytes of one file; a GetAccountAuthorizationDetails of 10,000 roles has about 100 MB
TOTAL_LIMIT = 1_000_000_000  # bytes read of one bundle
TRAIL = "cloudtrail"  # the one folder of a bundle; its files keep their paths
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class BundleError(Exception):
    """The path is no bundle. str(error) says why and what to do next."""


class FileError(Exception):
    """One file cannot be read. str(error) completes "<name> ..."."""


class Files(ABC):
    """Files at the bundle's top, and those below TRAIL, by name, with the time of each. refused: names that were not let in, and
    why."""

    def __init__(self) -> None:
        self.times: dict[str, datetime] = {}
        self.refused: list[str] = []
        self._left = TOTAL_LIMIT

    def __contains__(self, name: str) -> bool:
        return name in self.times

    def read(self, name: str) -> bytes:
        """Raises FileError: too large, damaged, not ours to read."""
        limit = min(FILE_LIMIT, self._left)
        try:
            with self._open(name) as file:
                data = file.read(limit + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
            raise FileError(f"cannot be read: {error}. Make the file again.") from error
        if len(data) > limit:
            raise FileError(f"has more than {limit:,} bytes, the limit of what is read of it.")
        self._left -= len(data)
        return data

    @property
    def trail(self) -> list[str]:
        """CloudTrail's files."""
        return sorted(name for name in self.times if name.startswith(f"{TRAIL}/"))

    @abstractmethod
    def _open(self, name: str) -> IO[bytes]: ...


class Folder(Files):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path, home = path, path.resolve()
        for entry in sorted((*path.iterdir(), *(path / TRAIL).rglob("*"))):
            if not entry.is_file():
                continue
            name = entry.relative_to(path).as_posix()
            if not entry.resolve().is_relative_to(home):
                self.refused.append(f"{name} is a link that leads out of the bundle; copy the file into it.")
                continue
            self.times[name] = datetime.fromtimestamp(entry.stat().st_mtime, UTC)

    def _open(self, name: str) -> IO[bytes]:
        return (self._path / name).open("rb")


class Zip(Files):
    """The files at the top of a zip, or in its one top folder, and below TRAIL there. Nothing is written to disk, so no name can
    lead anywhere."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._zip = zipfile.ZipFile(path)
        self._inner: dict[str, zipfile.ZipInfo] = {}
        kept = [info for info in self._zip.infolist() if not info.is_dir() and self._fit(info)]
        tops = {PurePosixPath(info.filename).parts[0] for info in kept}
        wrapped = len(tops) == 1 and tops != {TRAIL} and all("/" in info.filename for info in kept)
        for info in kept:
            parts = PurePosixPath(info.filename).parts[1 if wrapped else 0 :]
            if len(parts) == 1 or parts[0] == TRAIL:
                name = "/".join(parts)
                self._inner[name] = info
                with contextlib.suppress(ValueError):  # a zip may hold month 0; then another file tells the time
                    self.times[name] = datetime(*info.date_time, tzinfo=UTC)
                self.times.setdefault(name, datetime(1980, 1, 1, tzinfo=UTC))

    def _fit(self, info: zipfile.ZipInfo) -> bool:
        """Whether an entry is let in. What macOS adds is passed over without a word."""
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if not path.parts or path.parts[0] == "__MACOSX":
            return False
        if path.is_absolute() or ".." in path.parts or "\\" in info.filename or ":" in path.parts[0]:
            self.refused.append(f"{info.filename[:100]!r} leads out of the zip and was left out.")
        elif info.flag_bits & 1:
            self.refused.append(f"{path.name} is encrypted; pack it without a password.")
        elif info.compress_type not in METHODS:
            self.refused.append(f"{path.name} is packed by an unusual method; pack it with plain `zip`.")
        else:
            return True
        return False

    def _open(self, name: str) -> IO[bytes]:
        return self._zip.open(self._inner[name])


def open_files(path: Path) -> Files:
    """Raises BundleError when there is neither a folder nor a zip."""
    advice = "Give a folder or zip as `manage.py bundle --help` makes it."
    try:
        if path.is_dir():
            return Folder(path)
        if path.is_file():
            return Zip(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, zlib.error) as error:
        raise BundleError(f"{path} cannot be opened: {error}. {advice}") from error
    raise BundleError(f"{path} is not there. {advice}")
