from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from iamdash.embedded import state as module
from iamdash.embedded.state import BusyError, State, default_folder, prepare_environment


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    monkeypatch.setenv("IAMDASH_STATE", str(tmp_path / "a" / "state"))
    for name in module.OURS:
        monkeypatch.delenv(name, raising=False)
    return State.open()


def test_secrets_are_private_and_survive(state: State) -> None:
    for path, least in ((state.secret_key, 60), (state.admin_password, 20)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert len(path.read_text()) >= least
    assert State.open().secret_key.read_text() == state.secret_key.read_text()
    assert State.open().admin_password.read_text() == state.admin_password.read_text()
    assert state.secret_key.read_text() != state.admin_password.read_text()


def test_the_folder_is_closed_to_listing(state: State) -> None:
    for path in (state.folder, state.folder.parent):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o066


def test_a_second_lock_is_refused_and_says_who_has_it(state: State) -> None:
    held = state.lock("http://127.0.0.1:8000/")
    with pytest.raises(BusyError, match=rf"process {os.getpid()}, http://127.0.0.1:8000/(.|\n)*{state.folder}"):
        state.lock("elsewhere")
    assert state.running
    os.close(held)
    assert not state.running
    os.close(state.lock("again"))


def test_a_lock_whose_process_is_dead_is_waited_for(state: State) -> None:
    """As after kill -9 of `up`: its guard holds the lock until the last child is gone."""
    held = state.lock("gone soon")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    os.ftruncate(held, 0)
    os.pwrite(held, b'{"pid": %d, "address": "gone soon"}' % gone.pid, 0)
    keeper = subprocess.Popen(["sleep", "0.3"], pass_fds=[held])
    os.close(held)
    os.close(state.lock("after it"))
    assert keeper.wait() == 0


def test_up_gets_a_secret_key_of_its_own(state: State) -> None:
    prepare_environment(["up", "--lab"])
    assert os.environ.pop("IAMDASH_SECRET_KEY_FILE") == str(state.secret_key)


def test_up_keeps_a_secret_key_that_was_given(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IAMDASH_SECRET_KEY", "mine")
    prepare_environment(["up"])
    assert "IAMDASH_SECRET_KEY_FILE" not in os.environ


def test_other_commands_talk_to_the_up_that_runs(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    state.write_private("environment.json", '{"DATABASE_URL": "postgresql:///x"}')
    prepare_environment(["changepassword"])
    assert "DATABASE_URL" not in os.environ, "none runs"
    held = state.lock("here")
    prepare_environment(["changepassword"])
    os.close(held)
    assert os.environ.pop("DATABASE_URL") == "postgresql:///x"


def test_other_commands_keep_settings_that_were_given(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    state.write_private("environment.json", '{"DATABASE_URL": "postgresql:///x"}')
    monkeypatch.setenv("REDIS_URL", "redis://mine")
    held = state.lock("here")
    prepare_environment(["migrate"])
    os.close(held)
    assert "DATABASE_URL" not in os.environ


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        (["judge", "folder", "--format", "json"], True),
        (["judge", "folder", "--as-of=2026-11-01"], True),
        (["simulate", "--bundle", "folder", "--account-is-no-option"], True),
        (["simulate", "--bun=folder"], True),
        (["judge", "--account", "1", "--plan", "x"], False),
        (["judge", "--acc=1", "--plan", "x"], False),
        (["simulate", "--principal", "arn:aws:iam::1:role/x", "--action", "a:B"], False),
        (["simulate", "--account", "1"], False),
        (["verify_review", "file", "--key=x"], True),
        (["verify_review", "file", "--k", "x"], True),
        (["verify_review", "file"], False),
        (["verify_review", "--print-key"], False),
        (["migrate"], False),
    ],
)
def test_only_what_reads_files_does_without_the_up_that_runs(
    state: State, monkeypatch: pytest.MonkeyPatch, arguments: list[str], files: bool
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "")
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")
    state.write_private("environment.json", '{"DATABASE_URL": "postgresql:///x"}')
    held = state.lock("here")
    prepare_environment(arguments)
    os.close(held)
    assert (os.environ.pop("DATABASE_URL", None) is None) is files
    assert (os.environ.get("DJANGO_SETTINGS_MODULE") == module.FILES_SETTINGS) is files


def test_a_folder_that_cannot_be_made_is_said_plainly(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state: State
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("IAMDASH_STATE", str(tmp_path / "file" / "state"))
    with pytest.raises(SystemExit, match=r"state folder: .*IAMDASH_STATE="):
        prepare_environment(["up"])


def test_default_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IAMDASH_STATE", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_folder().parent == Path("/var/lib/iamdash")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_STATE_HOME", "/x")
    assert default_folder().parent == Path("/x/iamdash")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert default_folder().parent == Path("/home/me/.local/state/iamdash")
