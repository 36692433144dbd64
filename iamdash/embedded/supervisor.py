"""Run a family of processes in the foreground: start, restart with back-off, ordered stop. Linux and macOS.

honcho and its kind orphan everything on kill -9; here each child has its own session, the kernel's parent-death signal and the
guard (guard.py). Start children from a thread that lives as long as they do: that signal fires when the forking thread ends.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

from .child import GUARD, Child, Output

SLOWEST_RESTART = 30.0
STEADY = 60.0  # who ran this long starts again with the shortest back-off
SECOND_CTRL_C = 0.5  # `make` and terminals may deliver one Ctrl-C twice
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):  # noqa: N818 - not an error
    """A signal asked us to stop."""


class ChildError(Exception):
    """A child did not become ready, or a step failed."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


class Supervisor:
    def __init__(self, output: IO[str], guard: subprocess.Popen[str], wake: int | None) -> None:
        """wake: a descriptor that gets a byte with each signal; none: this process does not handle signals (pytest)."""
        self.output, self.guard, self.wake = Output(output), guard, wake
        self.children: list[Child] = []
        self.stop_asked = 0.0
        self.hard = False

    def say(self, text: str) -> None:
        self.output.say("iamdash", text)

    def on_signal(self, signum: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self.stop_asked:
            self.stop_asked = now
        elif signum == signal.SIGINT and now - self.stop_asked > SECOND_CTRL_C:
            self.hard = True

    def start(self, child: Child) -> None:
        """Start it and keep it running."""
        if child not in self.children:
            self.children.append(child)
        self._spawn(child)

    def _spawn(self, child: Child) -> None:
        child.started, child.retry_at = time.monotonic(), 0.0
        child.spawn(self.output)
        self._tell_guard(f"start {child.pid} {int(child.stop)} {child.grace} {child.tier}")

    def _bury(self, child: Child) -> None:
        child.bury()
        self._tell_guard(f"end {child.pid}")

    def _tell_guard(self, words: str) -> None:
        with contextlib.suppress(OSError):  # the guard was killed: the kernel's signal remains
            print(words, file=self.guard.stdin, flush=True)

    def _pause(self, seconds: float) -> None:
        """Until a signal or a child's end, at most so long."""
        if self.wake is None:
            time.sleep(min(seconds, 0.02))
        elif select.select([self.wake], [], [], seconds)[0]:
            os.read(self.wake, 512)

    def tick(self, seconds: float = 1.0) -> None:
        """Wait a little, start again what has ended. Raises Stopped after a signal."""
        self._pause(seconds)
        if self.stop_asked:
            raise Stopped
        now = time.monotonic()
        for child in list(self.children):
            if child.alive:
                if now - child.started > STEADY:
                    child.fails = 0
            elif child.marker:
                self._finish(child, child.marker)
            elif not child.retry_at:
                self._bury(child)
                child.fails += 1
                delay = min(SLOWEST_RESTART, 2.0 ** (child.fails - 1))
                child.retry_at = now + delay
                where = f" (see {child.log})" if child.log else ""
                self.say(f"{child.name} {child.fate}{where}; starting it again in {delay:.0f} s")
            elif now >= child.retry_at:
                self._spawn(child)

    def _finish(self, child: Child, marker: Path) -> None:
        """What failed is tried again at the next start of the whole family."""
        self._bury(child)
        self.children.remove(child)
        if child.process and child.process.returncode == 0:
            marker.touch()
        else:
            self.say(f"{child.name} {child.fate}; it is tried again at the next start")

    def watch(self) -> None:
        while True:
            self.tick()

    def wait_until(self, ready: Callable[[], bool], child: Child, seconds: float = 60.0) -> None:
        """A first start is not repeated: who fails now would fail again, and the reason is fresh."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.stop_asked:
                raise Stopped
            if not child.alive:
                child.bury()
                raise ChildError(f"{child.name} did not start: it {child.fate}. {child.clue}")
            if time.monotonic() > deadline:
                raise ChildError(f"{child.name} did not answer within {seconds:.0f} s. {child.clue}")
            self._pause(0.05)

    def run(self, *steps: Child) -> None:
        """Run these to their ends, side by side, while the others stay supervised."""
        for step in steps:
            self._spawn(step)
        try:
            while any(step.alive for step in steps):
                self.tick(0.1)
        finally:
            self._end(steps)
        for step in steps:
            if step.process and (code := step.process.returncode):
                raise ChildError(f"{step.name} failed: it {step.fate}. {step.clue}", code if code > 0 else 1)

    def stop(self) -> None:
        """Tier by tier, the last started of a tier first."""
        for tier in sorted({child.tier for child in self.children}, reverse=True):
            self._end([child for child in reversed(self.children) if child.tier == tier])

    def _end(self, children: Sequence[Child]) -> None:
        for child in children:
            child.send(child.stop)
        asked = time.monotonic()
        for child in children:
            while child.alive and not self.hard and time.monotonic() - asked < child.grace:
                self._pause(0.05)
            if child.alive and not self.hard:
                self.say(f"{child.name} did not stop within {child.grace:.0f} s: killing it")
            self._bury(child)


@contextlib.contextmanager
def supervisor(
    output: IO[str] | None = None, *, signals: bool = True, hold: Sequence[int] = (), remove: Path | None = None
) -> Iterator[Supervisor]:
    """Leaving the block stops all. hold: descriptors the guard keeps open until the last child is gone (a lock);
    remove: a folder it deletes then."""
    guard = subprocess.Popen(  # noqa: S603 - our own script
        [*GUARD, "watch", *([str(remove)] if remove else [])],
        stdin=subprocess.PIPE, text=True, start_new_session=True, cwd="/", pass_fds=tuple(hold),
    )  # fmt: skip
    with _wakeup() if signals else contextlib.nullcontext() as wake:
        family = Supervisor(output or sys.stdout, guard, wake)
        if signals:
            for signum in STOP_SIGNALS:
                signal.signal(signum, family.on_signal)
        try:
            yield family
        finally:
            family.stop()
            guard.communicate()  # end of its input: it removes the folder, lets go of the lock


@contextlib.contextmanager
def _wakeup() -> Iterator[int]:
    """The reading end of a pipe that gets a byte with each signal, so that nobody has to poll."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    before = {signum: signal.getsignal(signum) for signum in (*STOP_SIGNALS, signal.SIGCHLD)}
    signal.signal(signal.SIGCHLD, lambda *_: None)
    try:
        yield read
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
        signal.set_wakeup_fd(-1)
        os.close(read)
        os.close(write)
