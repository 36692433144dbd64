"""Nothing may outlive `manage.py up`, even when it is killed with -9. Run as a plain script, `python -I -S guard.py MODE ...`:

    exec SIGNAL PARENT UID GID NICE PROGRAM ARGS...   become PROGRAM, which gets SIGNAL from the kernel when PARENT dies
    watch [FOLDER]                                    stop the processes named on standard input when it ends; remove FOLDER

The kernel's signal (prctl(2), PR_SET_PDEATHSIG) is immediate but only Linux has it, setuid clears it, and a program may take
it as a wish. So the first mode changes the user before it asks, and the second insists. It imports nothing of iamdash: a
start costs 10 ms.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import sys
import time
from typing import NamedTuple

PR_SET_PDEATHSIG = 1


class Ward(NamedTuple):
    pid: int
    signum: int
    grace: float
    tier: int


def execute(signum: int, parent: int, uid: int, gid: int, nice: int, argv: list[str]) -> None:
    os.nice(nice)
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0)
    if os.getppid() != parent:  # it died before the prctl
        sys.exit(1)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and exec hands that down
    try:
        os.execv(argv[0], argv)  # noqa: S606 - no shell is what we want
    except OSError as error:
        sys.exit(f"{argv[0]}: {error.strerror}")


def alive(pid: int) -> bool:
    """A zombie is dead: in a container whose first process reaps nothing it would stay for ever."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        if os.path.exists("/proc/self/stat"):
            return False
    except ProcessLookupError:
        return False
    return _answers(pid)


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end(wards: list[Ward]) -> None:
    """Ask each one of a tier, wait, then kill what is left of its process group."""
    for ward in wards:
        with contextlib.suppress(ProcessLookupError):
            os.kill(ward.pid, ward.signum)
    started = time.monotonic()
    for ward in wards:
        while alive(ward.pid) and time.monotonic() - started < ward.grace:
            time.sleep(0.02)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(ward.pid, signal.SIGKILL)


def watch(folder: str | None) -> None:
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    wards: dict[int, Ward] = {}
    for line in sys.stdin:
        word, pid, *rest = line.split()
        if word == "start":
            wards[int(pid)] = Ward(int(pid), int(rest[0]), float(rest[1]), int(rest[2]))
        else:
            wards.pop(int(pid), None)
    for tier in sorted({w.tier for w in wards.values()}, reverse=True):
        end([w for w in wards.values() if w.tier == tier])
    if folder:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    if sys.argv[1] == "watch":
        watch(sys.argv[2] if len(sys.argv) > 2 else None)
    else:
        numbers, program = [int(word) for word in sys.argv[2:7]], sys.argv[7:]
        execute(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], program)
