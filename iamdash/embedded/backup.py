"""A backup is a folder: PostgreSQL's own dump, and a manifest that says what must be in it.

The manifest's counts and checksums come from the snapshot that pg_dump reads, so that whoever restores can tell that nothing is
missing and nothing was altered on the way. Sessions are left out: a stolen backup signs nobody in.
"""

from __future__ import annotations

import hmac
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from iamdash.access.database import make_roles
from iamdash.embedded.services import client_program

FORM = 1  # of the manifest
DUMP, MANIFEST = "database.dump", "manifest.json"
LEFT_OUT = ("django_session",)
_TABLES = """
select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
and not relname = any(%s) order by relname
"""
# A sum of the rows' hashes: no order, and partitions count as their table.
_SUM = 'select count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text from "{}" t'


class BackupError(Exception):
    """What is wrong with the backup or the database, and what to do."""


@dataclass(frozen=True)
class Manifest:
    """tables: name -> rows and checksum. key: tells secret keys apart, and tells nothing of them. made_at: ISO, UTC."""

    form: int
    made_at: str
    server: str
    key: str
    tables: dict[str, tuple[int, str]]

    @property
    def rows(self) -> int:
        return sum(rows for rows, _ in self.tables.values())


def key_mark() -> str:
    return hmac.new(settings.SECRET_KEY.encode(), b"iamdash backup", "sha256").hexdigest()[:16]


def dump(folder: Path) -> Manifest:
    """Write a backup of the database of the settings; whole or not at all. Raises BackupError, ChildError."""
    if folder.exists():
        raise BackupError(f"{folder} exists already: name a new folder.")
    draft = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    try:
        with _snapshot() as snapshot:
            manifest = _manifest()
            left_out = [f"--exclude-table-data={table}" for table in LEFT_OUT]
            _run(
                "pg_dump", "--format=custom", f"--snapshot={snapshot}", *left_out, f"--file={draft / DUMP}", *_target()
            )
        (draft / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n")
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return manifest


def read(folder: Path) -> Manifest:
    try:
        given = json.loads((folder / MANIFEST).read_text())
        if given["form"] != FORM:
            raise BackupError(
                f"{folder} has form {given['form']}, and this iamdash reads form {FORM}: use the one that made it."
            )
        tables = {name: (int(rows), str(total)) for name, (rows, total) in given.pop("tables").items()}
        manifest = Manifest(**given, tables=tables)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BackupError(f"{folder} is no backup: its {MANIFEST} cannot be read ({error}).") from error
    if not (folder / DUMP).is_file():
        raise BackupError(f"{folder} is no whole backup: {DUMP} is missing.")
    return manifest


def load(folder: Path, *, replace: bool = False) -> Manifest:
    """Put a backup into the database of the settings, which must be empty and used by nobody, and prove it by the manifest.

    replace: what is there is dropped first, when the dump was found to be readable. Raises BackupError, ChildError.
    """
    manifest = read(folder)
    _run("pg_restore", "--list", "--file=/dev/null", str(folder / DUMP))
    _alone()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TABLES, [[]])
        if cursor.fetchone():
            if not replace:
                raise BackupError(
                    "The database is not empty. Name an empty one, or give --replace: what is in it is lost then."
                )
            cursor.execute("drop schema public cascade")
            cursor.execute("create schema public")
        make_roles(cursor)
    whole = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    _run("pg_restore", *whole, *_target(), str(folder / DUMP))
    _proven(manifest)
    return manifest


@contextmanager
def _snapshot() -> Iterator[str]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        cursor.execute("select pg_export_snapshot()")
        yield cursor.fetchone()[0]


def _manifest() -> Manifest:
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('server_version')")
        (server,) = cursor.fetchone()
    return Manifest(FORM, datetime.now(UTC).isoformat(timespec="seconds"), server, key_mark(), _sums())


def _sums() -> dict[str, tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_TABLES, [list(LEFT_OUT)])
        names = [name for (name,) in cursor.fetchall()]
        sums = {}
        for name in names:
            cursor.execute(_SUM.format(name))
            sums[name] = cursor.fetchone()
        return sums


def _proven(manifest: Manifest) -> None:
    now = _sums()
    wrong = sorted(name for name in manifest.tables.keys() | now.keys() if manifest.tables.get(name) != now.get(name))
    if wrong:
        raise BackupError(
            f"What was restored is not what the manifest says, in {', '.join(wrong)}: the dump or the manifest was altered. "
            "Do not use this database; take another backup."
        )


def _alone() -> None:
    """Whoever reads or writes meanwhile would see half of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct application_name from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and backend_type = 'client backend' order by 1"
        )
        others = [name or "a client without a name" for (name,) in cursor.fetchall()]
    if others:
        raise BackupError(f"The database is in use by {', '.join(others)}: stop iamdash first.")


def _target() -> list[str]:
    """Without the password, which every process list would show."""
    given = connection.settings_dict
    parts = {"host": given["HOST"], "port": given["PORT"], "user": given["USER"], "dbname": given["NAME"]}
    return [f"--dbname={' '.join(f'{k}={_quoted(str(v))}' for k, v in parts.items() if v)}"]


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _run(name: str, *arguments: str) -> None:
    options: dict[str, Any] = connection.settings_dict["OPTIONS"]
    secure = {f"PG{k.upper()}": str(v) for k, v in options.items() if k.startswith("ssl")}
    environment = (
        os.environ | secure | {"PGPASSWORD": str(connection.settings_dict["PASSWORD"]), "PGAPPNAME": "iamdash-backup"}
    )
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program
        [client_program(name), *arguments], check=False, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise BackupError(f"{name} failed: {done.stderr.strip()}")
