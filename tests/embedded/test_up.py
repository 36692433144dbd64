from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .helpers import Up, as_ordinary_user, living, until

RUNS = "Ctrl-C stops everything"
AMBIENT = {"AWS_PROFILE": "mine", "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}
Starter = Callable[..., Up]


@pytest.fixture
def start(project: Path, open_folder: Path) -> Iterator[Starter]:
    started: list[Up] = []

    def begin(*arguments: str, **options: str) -> Up:
        started.append(Up(project, open_folder / "state", *arguments, **options))
        return started[-1]

    yield begin
    for up in started:
        up.process.kill()
        up.process.wait()
        up.reader.join(5)
        if up.process.stdout:
            up.process.stdout.close()


def aws(up: Up, who: str) -> dict[str, str]:
    """The AWS variables a process of ours was started with."""
    until((up.notes / who).exists, f"{who} started")
    return {k: v for k, v in json.loads((up.notes / who).read_text()).items() if k.startswith("AWS_")}


def role(up: Up, who: str) -> str:
    return str(json.loads((up.notes / who).read_text())["IAMDASH_DB_ROLE"])


def test_first_start_then_ctrl_c_then_second_start(start: Starter) -> None:
    up = start("--lab", **AMBIENT)
    up.wait_for(RUNS)
    password = (up.state / "admin_password").read_text()
    assert f"http://127.0.0.1:{up.port}/" in up.text
    assert f"Password: {password} (kept in {up.state}/admin_password)" in up.text
    for secret in ("admin_password", "secret_key", "environment.json"):
        assert stat.S_IMODE((up.state / secret).stat().st_mode) == 0o600
    assert not aws(up, "web")
    assert not aws(up, "beat")
    lab_url = (up.state / "lab.url").read_text()
    assert aws(up, "worker") == {
        "AWS_ENDPOINT_URL": lab_url, "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "lab", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t",
    }  # fmt: skip
    assert [role(up, who) for who in ("web", "worker", "beat")] == ["web", "worker", "worker"]
    members = up.tree()
    assert up.end(signal.SIGINT) == 0
    assert not living(members)

    again = start("--lab")
    again.wait_for(RUNS)
    assert password not in again.text
    assert (again.state / "admin_password").read_text() == password
    assert (again.state / "lab.url").read_text() == lab_url
    assert again.end(signal.SIGHUP) == 0

    (again.state / "welcomed").unlink()
    (again.state / "restored").touch()  # as `manage.py restore` leaves it
    restored = start()
    restored.wait_for(RUNS)
    assert "Its password is that of the backup" in restored.text
    assert password not in restored.text
    assert restored.end(signal.SIGINT) == 0


def test_a_second_up_is_refused_and_crashed_ones_start_again(start: Starter) -> None:
    up = start("--lab")
    up.wait_for(RUNS)
    second = start()
    assert second.process.wait(15) == 1
    second.reader.join(2)
    assert f"iamdash already runs on this state: process {up.process.pid}, http://127.0.0.1:{up.port}/" in second.text
    names = {"lab": "collectors.lab", "postgres": "bin/postgres", "web": "gunicorn"}
    for word in names.values():
        up.child(word).kill()
    for name, word in names.items():
        up.wait_for(rf"{name} was ended by SIGKILL.*; starting it again in 1 s")
        until(lambda word=word: word in up.commands(), f"{name} again")
    assert up.end(signal.SIGTERM) == 0


@pytest.mark.parametrize("user", ["the user of this run", "nobody"])
def test_kill_9_leaves_no_process_and_the_next_start_works(
    user: str, start: Starter, open_folder: Path, request: pytest.FixtureRequest
) -> None:
    before = []
    if user == "nobody":
        request.getfixturevalue("as_root")
        before = as_ordinary_user()
        open_folder.chmod(0o777)
    up = start("--lab", before=before)
    up.wait_for(RUNS)
    members = up.tree()
    assert not before or {p.username() for p in members} == {"nobody"}
    words = up.commands()
    for word in (
        "guard.py watch",
        "bin/postgres",
        "checkpointer",
        "valkey-server",
        "gunicorn",
        "worker",
        "beat",
        "collectors.lab",
    ):
        assert word in words
    up.process.kill()
    again = start("--lab", before=before)
    again.wait_for(RUNS)
    assert not living(members)
    assert again.end() == 0


def test_once_prints_the_summary_alone_and_stops(project: Path, open_folder: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "IAMDASH_STATE": str(open_folder / "s"),
        "STANDIN_NOTES": str(open_folder),
    }
    command = [sys.executable, "manage.py", "up", "--lab", "--once"]
    done = subprocess.run(command, cwd=project, env=environment, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "summary of all\n"), done.stderr
    assert not (open_folder / "web").exists()
    assert not (open_folder / "beat").exists()
    environment["STANDIN_FAILS"] = "first_admin"
    done = subprocess.run(command, cwd=project, env=environment, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (7, "")
    assert "first_admin failed: it exited with 7" in done.stderr


def test_outside_servers_start_none_here_and_ambient_aws_reaches_the_worker_only(start: Starter) -> None:
    up = start(DATABASE_URL=os.environ["DATABASE_URL"], REDIS_URL=os.environ["REDIS_URL"], **AMBIENT)
    up.wait_for(RUNS)
    words = up.commands()
    assert "gunicorn" in words
    assert not [word for word in ("bin/postgres", "valkey-server", "collectors.lab") if word in words]
    assert aws(up, "worker") == AMBIENT
    assert not aws(up, "web")
    assert not aws(up, "beat")
    assert up.end() == 0


def test_a_taken_port_is_said_before_anything_starts(start: Starter, open_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        up = start("--port", str(taken.getsockname()[1]))
        assert up.process.wait(15) == 1
    up.reader.join(2)
    assert "is taken. Choose another with --port" in up.text
    assert not (open_folder / "state/pg").exists()


def test_ctrl_c_during_the_start_leaves_nothing(start: Starter) -> None:
    up = start("--lab")
    until(lambda: "manage.py migrate" in up.commands(), "it migrates")
    members = up.tree()
    assert up.end() == 0
    assert not living(members)
    assert "Traceback" not in up.text
