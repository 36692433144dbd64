"""Waiting with a deadline, looking at process trees, and driving `manage.py up` of the stand-in project."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

NOBODY = 65534


def until(probe: Callable[[], object], what: str, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not probe():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def tree(pid: int) -> list[psutil.Process]:
    top = psutil.Process(pid)
    return [top, *top.children(recursive=True)]


def command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # also a zombie
        return ""


def living(processes: list[psutil.Process]) -> list[str]:
    """A zombie does not count: in a container nobody may reap it."""
    found = []
    for process in processes:
        try:
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{process.pid} {command(process)}")
        except psutil.NoSuchProcess:
            continue
    return found


def as_ordinary_user() -> list[str]:
    """What to put before a command so that it runs as nobody. The interpreter may lie below /root, so it may read all."""
    setpriv = shutil.which("setpriv") or "setpriv"
    plain = [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    runs_itself = "import subprocess, sys; subprocess.check_call([sys.executable, '-c', ''])"
    if subprocess.run([*plain, sys.executable, "-c", runs_itself], check=False, capture_output=True).returncode == 0:
        return plain
    return [*plain, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Up:
    """One `manage.py up` of the stand-in."""

    def __init__(
        self, project: Path, state: Path, *arguments: str, before: list[str] | None = None, **env: str
    ) -> None:
        self.port, self.lines, self.state = free_port(), [], state  # type: ignore[var-annotated]
        notes = state.with_name(f"{state.name}-notes")
        notes.mkdir(exist_ok=True)
        if before:
            shutil.chown(notes, NOBODY, NOBODY)
        self.notes = notes
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(notes),
            "IAMDASH_STATE": str(state),
            "STANDIN_NOTES": str(notes),
        }
        self.process = subprocess.Popen(
            [*(before or []), sys.executable, "manage.py", "up", "--port", str(self.port), *arguments],
            cwd=project, env=environment | env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def wait_for(self, pattern: str, seconds: float = 30) -> None:
        def seen() -> bool:
            assert self.process.poll() is None or re.search(pattern, self.text), self.text
            return bool(re.search(pattern, self.text))

        until(seen, f"{pattern}\n{self.text}", seconds)

    def tree(self) -> list[psutil.Process]:
        return tree(self.process.pid)

    def commands(self) -> str:
        return "\n".join(command(process) for process in self.tree())

    def child(self, word: str) -> psutil.Process:
        return next(p for p in psutil.Process(self.process.pid).children() if word in command(p))

    def end(self, signum: signal.Signals = signal.SIGINT, seconds: float = 15) -> int:
        self.process.send_signal(signum)
        code = self.process.wait(seconds)
        self.reader.join(2)
        return code
