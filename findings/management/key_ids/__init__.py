"""Ids of access keys in source code: in files, in a repository's history, in another scanner's report. Never a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

SIZE = 20  # characters of an id
ID = re.compile(rb"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])")
EXAMPLE = "EXAMPLE"  # how the ids of AWS's own documentation end
TEMPORARY = "ASIA"


@dataclass(frozen=True, order=True, slots=True)
class Found:
    """source, path, line, commit: as in records.KeySighting. place: of the report, "" for what was scanned itself."""

    key_id: str
    source: str
    path: str
    line: int = 0
    commit: str = ""
    place: str = ""


def ids(text: bytes) -> Iterator[tuple[int, str]]:
    """(where it begins, id)."""
    for match in ID.finditer(text):
        if not (key_id := match.group().decode()).endswith(EXAMPLE):
            yield match.start(), key_id
