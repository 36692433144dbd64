"""Another scanner's report: gitleaks (`--report-format json`), TruffleHog (`--json`), or any JSON that has ids in its texts.

One array, or an object a line. Of an object are read the ids in its texts and where it says that they stand; the secrets beside
them are not kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from findings.management.key_ids import Found, ids

LARGEST = 200_000_000  # bytes
DEEPEST = 20
FILE, LINE, COMMIT, REPOSITORY = ("file", "path"), ("startline", "line"), ("commit",), ("repository",)


class ReportError(Exception):
    """Why it is no report, as a sentence."""


class Report:
    """bad: how many lines could not be read."""

    def __init__(self, file: Path) -> None:
        self.file, self.bad = file, 0

    def __iter__(self) -> Iterator[Found]:
        """Raises ReportError."""
        for one in self._entries(self._text()):
            if isinstance(one, Mapping):
                yield from _found(one)
            else:
                self.bad += 1

    def _text(self) -> str:
        try:
            if (size := self.file.stat().st_size) > LARGEST:
                raise ReportError(f"It has {size:,} bytes; {LARGEST:,} are the most that is read.")
            return self.file.read_text("utf-8-sig", errors="replace")
        except OSError as error:
            raise ReportError(f"It cannot be read: {error.strerror}.") from error

    def _entries(self, text: str) -> Iterator[Any]:
        if text.lstrip().startswith("["):
            yield from self._whole(text)
            return
        for line in filter(str.strip, text.splitlines()):
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                self.bad += 1

    def _whole(self, text: str) -> list[Any]:
        try:
            return list(json.loads(text))
        except (ValueError, RecursionError) as error:
            raise ReportError(f"It is no JSON: {error}.") from error


def _found(entry: Mapping[str, Any]) -> Iterator[Found]:
    """One for each id that the entry names."""
    plain = list(_plain(entry))
    scanner = "gitleaks" if "RuleID" in entry else "trufflehog" if "DetectorName" in entry else "report"
    line = next((value for value in _all(plain, LINE) if isinstance(value, int) and 0 < value < 1 << 62), 0)
    place = _text(plain, REPOSITORY).rstrip("/").rpartition("/")[2].removesuffix(".git")
    texts = (value.encode(errors="replace") for _, value in plain if isinstance(value, str))
    for key_id in sorted({key_id for text in texts for _, key_id in ids(text)}):
        yield Found(key_id, scanner, _text(plain, FILE), line, _text(plain, COMMIT), place)


def _plain(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """(name in small letters, text or number), however deep it lies."""
    if depth > DEEPEST:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _plain(inner, str(key).lower(), depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _plain(inner, name, depth + 1)
    else:
        yield name, value


def _all(plain: list[tuple[str, Any]], names: tuple[str, ...]) -> Iterator[Any]:
    return (value for wanted in names for name, value in plain if name == wanted)


def _text(plain: list[tuple[str, Any]], names: tuple[str, ...]) -> str:
    return next((value for value in _all(plain, names) if isinstance(value, str) and value), "")
