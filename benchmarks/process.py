"""A command in a process of its own: how long it took, on the clock and on the processor, and its most memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peer import CHECKOUT

MIB = 1024  # ru_maxrss is in KiB (getrusage(2))
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Spent:
    """seconds: on the clock. processor: seconds of user and system time. peak: MiB."""

    seconds: float
    processor: float
    peak: float


def compile_ours() -> None:
    """As pip has compiled a peer, and as Python keeps bytecode by itself where nothing forbids it."""
    ours = [str(CHECKOUT / name) for name in ("collectors", "findings", "iamdash")]
    subprocess.run([sys.executable, "-m", "compileall", "-q", *ours], check=True)


def run(command: Sequence[str], output: Path, **environment: str) -> Spent:
    """output: where what it prints goes. Raises CalledProcessError with the end of it when the command fails."""
    with output.open("wb") as file:
        begun = time.perf_counter()
        child = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, env={**os.environ, **environment})
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command, output.read_bytes()[-2_000:])
    return Spent(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / MIB)


def spent_by(pid: int) -> float:
    """Seconds of processor time that a running process took so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
