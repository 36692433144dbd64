"""Dump and restore with PostgreSQL's programs: what comes back is what was there, and what is not is named."""

from __future__ import annotations

import json
import lzma
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from collectors.models import Account
from findings.models import Finding
from iamdash.access.models import Operator
from iamdash.embedded.state import OURS
from tests.conftest import AS_OF

CHECKOUT = Path(__file__).resolve().parents[2]
RELEASES = Path(__file__).parent / "releases"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def backup(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Of the test database with an account, a finding and an operator."""
    folder = tmp_path_factory.mktemp("backups") / "one"
    with django_db_blocker.unblock():
        account = Account.objects.create(aws_id="000000000077", name="kept ' account")
        Finding.objects.create(
            account=account, code="LP101", practice="LP", severity=3, subject_type="role", subject_id="AROA", subject_name="r",
            title="Role r is unused", evidence={}, first_opened_at=AS_OF, opened_at=AS_OF,
        )  # fmt: skip
        operator = Operator.objects.create_user("kept")
        call_command("backup", str(folder))
        yield folder
        account.delete()
        operator.delete()


@pytest.fixture
def empty(db: None) -> Iterator[str]:
    """The URL of an empty database beside the tests'."""
    given = connection.settings_dict
    name = f"restored_{os.getpid()}"
    with psycopg.connect(host=given["HOST"], user=given["USER"], dbname="postgres", autocommit=True) as server:
        server.execute(f"drop database if exists {name} with (force)")
        server.execute(f"create database {name} template template0")
        yield f"postgresql://{given['USER']}@/{name}?host={quote(given['HOST'])}"
        server.execute(f"drop database {name} with (force)")


def restore(url: str, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "restore", str(folder), *more]
    return subprocess.run(
        command, cwd=CHECKOUT, env=os.environ | {"DATABASE_URL": url}, capture_output=True, text=True, check=False
    )


def names(url: str) -> list[str]:
    with psycopg.connect(url) as database:
        return [name for (name,) in database.execute("select name from collectors_account order by id")]


def test_what_is_restored_is_what_was_there(backup: Path, empty: str) -> None:
    manifest = json.loads((backup / "manifest.json").read_text())
    assert manifest["tables"]["findings_finding"][0] == 1
    assert "django_session" not in manifest["tables"]
    done = restore(empty, backup)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"as they were at {manifest['made_at']}" in done.stdout
    assert names(empty) == ["kept ' account"]
    with psycopg.connect(empty) as database:  # the rights are there again: the web may not write what was collected
        database.execute("set role iamdash_web")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute("delete from findings_finding")

    again = restore(empty, backup)
    assert again.returncode == 1
    assert "The database is not empty." in again.stderr
    with psycopg.connect(empty, application_name="iamdash-web"):
        busy = restore(empty, backup, "--replace")
        assert "in use by iamdash-web: stop iamdash first" in busy.stderr
    assert names(empty) == ["kept ' account"]
    assert restore(empty, backup, "--replace").returncode == 0


def test_the_database_of_up_takes_a_backup(backup: Path, open_folder: Path) -> None:
    """Without DATABASE_URL, as a new operator tries it: with a PostgreSQL that runs for as long as it takes."""
    ours = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", *OURS}}
    state = open_folder / "tried"
    command = [sys.executable, "manage.py", "restore", str(backup)]
    done = subprocess.run(
        command, cwd=CHECKOUT, env=ours | {"IAMDASH_STATE": str(state)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "are as they were at" in done.stdout
    assert (state / "pg").is_dir()
    assert (state / "restored").exists(), "`up` must not tell a password that nobody has"


def test_a_dump_that_is_not_the_manifest_s_is_told(backup: Path, empty: str, tmp_path: Path) -> None:
    altered = tmp_path / "altered"
    altered.mkdir()
    (altered / "database.dump").write_bytes((backup / "database.dump").read_bytes())
    manifest = json.loads((backup / "manifest.json").read_text())
    manifest["tables"]["findings_finding"][1] = "7"
    (altered / "manifest.json").write_text(json.dumps(manifest))
    done = restore(empty, altered)
    assert done.returncode == 1
    assert "not what the manifest says, in findings_finding:" in done.stderr


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "manifest.json cannot be read"),
        ({"manifest.json": "{}"}, "manifest.json cannot be read"),
        ({"manifest.json": '{"form": 9}'}, "has form 9"),
    ],
)
def test_what_is_no_backup_is_refused_before_anything_is_touched(
    files: dict[str, str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "given")
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    before = Account.objects.count()
    with pytest.raises(CommandError, match=says):
        call_command("restore", str(tmp_path), replace=True)
    assert Account.objects.count() == before


def test_a_folder_that_exists_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_backup_that_breaks_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iamdash.embedded.backup.client_program", lambda name: "/bin/false")
    with pytest.raises(CommandError, match="pg_dump failed"):
        call_command("backup", str(tmp_path / "one"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("release", sorted(path.name for path in RELEASES.iterdir() if path.is_dir()))
def test_a_backup_of_an_earlier_release_comes_back_as_today_s(release: str, empty: str, tmp_path: Path) -> None:
    text = (RELEASES / release / "manifest.json").read_text()
    (tmp_path / "manifest.json").write_text(text)
    (tmp_path / "database.dump").write_bytes(lzma.decompress((RELEASES / release / "database.dump.xz").read_bytes()))
    done = restore(empty, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "The secret key is another one than the backup's" in done.stdout
    findings = json.loads(text)["tables"]["findings_finding"][0]
    assert findings > 100
    with psycopg.connect(empty) as database:
        assert database.execute("select count(*) from findings_finding").fetchone() == (findings,)
        assert database.execute("select sum(n) from findings_findingcount").fetchone() == (findings,)
    environment = os.environ | {"DATABASE_URL": empty}
    subprocess.run([sys.executable, "manage.py", "migrate", "--check"], cwd=CHECKOUT, env=environment, check=True)
