"""Ids in lines that any commit of a repository added, on all branches, tags and the stash. Not what a merge alone brought."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryFile

from findings.management.key_ids import Found, ids

SOURCE = "git history"
# Nothing that a repository's own configuration names is run: no external diff, no filter, no signature check, no monitor.
LOG = (
    "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "log", "--all", "--reverse", "--format=%x00%H", "--patch",
    "--unified=0", "--text", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--no-show-signature",
    "--src-prefix=a/", "--dst-prefix=b/", "-G(AKIA|ASIA)[A-Z0-9]{16}",
)  # fmt: skip
# Nothing is asked, locked or fetched.
QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class HistoryError(Exception):
    """Why the history cannot be read, in git's words."""


def in_history(root: Path) -> Iterator[Found]:
    """The oldest commit first. Raises HistoryError."""
    with TemporaryFile() as complaints:
        try:
            git = subprocess.Popen(  # noqa: S603 - the arguments are ours; the path stands behind -C
                ["git", "-C", str(root), *LOG],  # noqa: S607
                stdout=subprocess.PIPE, stderr=complaints, env={**os.environ, **QUIET},
            )  # fmt: skip
        except OSError as error:
            raise HistoryError(f"git cannot be run: {error.strerror}") from error
        with git:
            yield from parsed(git.stdout or ())
        if git.returncode:
            complaints.seek(0)
            said = complaints.read().decode(errors="replace").strip().splitlines()
            raise HistoryError(said[0] if said else f"git ended with {git.returncode}")


def parsed(lines: Iterable[bytes]) -> Iterator[Found]:
    """Of `git log --patch`. A hunk says how many lines it has, so that a line that looks like a header is none inside."""
    commit, path, line, removed, added = "", "", 0, 0, 0
    for text in lines:
        if removed and text.startswith(b"-"):
            removed -= 1
        elif added and text.startswith(b"+"):
            for _, key_id in ids(text):
                yield Found(key_id, SOURCE, path, line, commit)
            added, line = added - 1, line + 1
        elif text.startswith(b"\0"):
            commit = text[1:].strip().decode(errors="replace")
        elif text.startswith(b"+++ "):
            path = _path(text[4:])
        elif found := HUNK.match(text):
            removed, line, added = (int(one) if one is not None else 1 for one in found.groups())


def _path(text: bytes) -> str:
    """Names with odd characters stand in quotes, those with blanks before a tab."""
    return os.fsdecode(text.rstrip(b"\r\n").rstrip(b"\t").strip(b'"')).removeprefix("b/")
