"""Ids in the files of a folder, whatever is in them: text of any encoding, and binaries. Packed files are not opened."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from findings.management.key_ids import SIZE, Found, ids

SOURCE = "files"
CHUNK = 1 << 20  # bytes
LEFT_OUT = frozenset({".git"})  # what git keeps is packed: --git-history reads it


class Files:
    """looked_at: how many files were read. unread: what could not be."""

    def __init__(self, root: Path) -> None:
        self.root, self.looked_at, self.unread = root, 0, list[str]()

    def __iter__(self) -> Iterator[Found]:
        for path in self._paths():
            name = path.relative_to(self.root).as_posix() if path != self.root else path.name
            try:
                if stat.S_ISREG(path.lstat().st_mode):  # no links, which lead elsewhere, and no pipes, which wait
                    with path.open("rb") as file:
                        yield from (Found(key_id, SOURCE, name, line) for line, key_id in in_file(file))
                    self.looked_at += 1
            except OSError as error:
                self.unread.append(f"{name}: {error.strerror}")

    def _paths(self) -> Iterator[Path]:
        if not self.root.is_dir():
            yield self.root
            return
        for folder, folders, names in os.walk(self.root, onerror=self._left):
            folders[:] = sorted(set(folders) - LEFT_OUT)
            yield from (Path(folder, name) for name in sorted(names))

    def _left(self, error: OSError) -> None:
        self.unread.append(f"{error.filename}: {error.strerror}")


def in_file(file: BinaryIO, size: int = CHUNK) -> Iterator[tuple[int, str]]:
    """(line, id). size: of what is looked at in one go. In UTF-16 every second byte of an id is NUL."""
    line, kept, first, wide = 1, b"", True, False
    while True:
        chunk = file.read(size)
        wide = wide or (first and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)))
        text = kept + (chunk.replace(b"\0", b"") if wide else chunk)
        for at, key_id in ids(text):
            begun_before = not first and at == 0  # it was told with the chunk before, which knew what stands in front
            if not begun_before and (not chunk or at + SIZE < len(text)):
                yield line + text.count(b"\n", 0, at), key_id
        if not chunk:
            return
        kept, first = text[-SIZE - 1 :], first and len(text) <= SIZE + 1
        line += text.count(b"\n", 0, len(text) - len(kept))
