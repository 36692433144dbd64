"""One process below the supervisor: how it is started, signalled and read."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

GUARD = [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py"))]
LAST_LINES = 12


class Output:
    """Lines with the child's name in front. A closed terminal must not stop the reading: children would block."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream, self.lock = stream, threading.Lock()

    def say(self, name: str, text: str) -> None:
        with self.lock, contextlib.suppress(OSError, ValueError):
            self.stream.write(f"{name:8}| {text.rstrip()}\n")
            self.stream.flush()

    def pump(self, name: str, source: IO[str]) -> None:
        with source:
            for line in source:
                self.say(name, line)


@dataclass(eq=False)
class Child:
    name: str
    argv: Sequence[str]
    env: dict[str, str]
    tier: int = 3  # higher tiers stop first
    stop: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    log: Path | None = None  # none: its lines appear on our output, with its name
    owner: tuple[int, int] | None = None  # uid and gid to run with, when we are root
    nice: int = 0  # how much it stands back for the others (nice(2))
    cwd: str = "/"
    marker: Path | None = None  # it runs once and is not started again; this file tells that it ended well
    stdout: IO[str] | None = None  # where its standard output goes as it is; errors still get the name
    process: subprocess.Popen[str] | None = field(default=None, repr=False)
    reader: threading.Thread | None = field(default=None, repr=False)
    fails: int = 0
    started: float = 0.0
    retry_at: float = 0.0

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    @property
    def guarded(self) -> list[str]:
        """The command that becomes this child, tied to our life and with its user."""
        uid, gid = self.owner or (-1, -1)
        return [*GUARD, "exec", *map(str, (int(self.stop), os.getpid(), uid, gid, self.nice)), *self.argv]

    def spawn(self, output: Output) -> None:
        """No preexec_fn: Python 3.12 warns of it in a process with threads. guard.py does that work after the exec."""
        with open(self.log, "a") if self.log else contextlib.nullcontext() as log:
            self.process = subprocess.Popen(  # noqa: S603 - commands of ours
                self.guarded, env=self.env, cwd=self.cwd, start_new_session=True, text=True, errors="replace",
                stdin=subprocess.DEVNULL,
                stdout=log or self.stdout or subprocess.PIPE,
                stderr=subprocess.PIPE if self.stdout else subprocess.STDOUT,
            )  # fmt: skip
        if source := self.process.stdout or self.process.stderr:
            self.reader = threading.Thread(target=output.pump, args=(self.name, source), daemon=True)
            self.reader.start()

    def send(self, signum: signal.Signals) -> None:
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signum)

    def bury(self) -> None:
        """After the leader's end: what it left behind in its group (a pool, a helper) goes too, and its last lines are read."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        if self.process:
            self.process.wait()
        if self.reader:
            self.reader.join(1)

    @property
    def fate(self) -> str:
        code = self.process.poll() if self.process else None
        if code is None:
            return "is running"
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"

    @property
    def clue(self) -> str:
        """Where the reason stands, with the end of it."""
        if not self.log:
            return "The reason is in its lines above."
        lines = self.log.read_text(errors="replace").splitlines()[-LAST_LINES:] if self.log.exists() else []
        return "\n  ".join([f"The end of {self.log}:", *lines])
