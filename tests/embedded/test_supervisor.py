from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from iamdash.embedded.child import Child
from iamdash.embedded.supervisor import ChildError, supervisor

from .helpers import living, tree, until

ENV = {"PATH": os.environ["PATH"]}
STUBBORN = "trap '' TERM; sleep 600 & wait; wait"
# A family whose members ignore SIGTERM, with grandchildren; killed in several ways below.
FAMILY = f"""
import sys
from iamdash.embedded import supervisor as s
from iamdash.embedded.child import Child
s.SECOND_CTRL_C = 0
env = {ENV!r}
with s.supervisor() as family:
    for name in ("one", "two"):
        family.start(Child(name, ["/bin/sh", "-c", {STUBBORN!r}], env, grace=float(sys.argv[1])))
    try:
        family.watch()
    except s.Stopped:
        family.say("asked")
"""


def shell(name: str, script: str, **more: object) -> Child:
    return Child(name, ["/bin/sh", "-c", script], ENV, **more)  # type: ignore[arg-type]


@contextlib.contextmanager
def family(grace: float, script: str = STUBBORN) -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    with subprocess.Popen(
        [sys.executable, "-c", FAMILY.replace(repr(STUBBORN), repr(script)), str(grace)],
        text=True, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2],
    ) as process:  # fmt: skip
        until(lambda: sum(p.name() == "sleep" for p in tree(process.pid)) == 2, "both sleep")
        yield process, tree(process.pid)


def test_lines_carry_the_name_and_the_last_one_is_not_lost() -> None:
    out = io.StringIO()
    with supervisor(out, signals=False) as it:
        it.run(shell("step", "echo one; printf two"))
    assert out.getvalue() == "step    | one\nstep    | two\n"


def test_who_stands_back_for_others_does_so_from_the_start() -> None:
    out, ours = io.StringIO(), os.nice(0)
    with supervisor(out, signals=False) as it:
        it.run(shell("front", "nice"))
        it.run(shell("behind", "nice", nice=5))
    assert out.getvalue() == f"front   | {ours}\nbehind  | {ours + 5}\n"


def test_a_crashed_child_starts_again_later_and_later() -> None:
    out = io.StringIO()
    with supervisor(out, signals=False) as it:
        it.start(child := shell("bad", "exit 3"))
        until(lambda: it.tick(0.02) or child.fails == 3, "third crash")
        assert "bad exited with 3; starting it again in 1 s" in out.getvalue()
        assert "starting it again in 2 s" in out.getvalue()
        child.fails, child.retry_at = 9, 1.0
        until(lambda: it.tick(0.02) or child.fails == 10, "tenth crash")
        assert "starting it again in 30 s" in out.getvalue()


def test_what_a_dead_leader_left_behind_is_killed_before_it_starts_again() -> None:
    with supervisor(io.StringIO(), signals=False) as it:
        it.start(child := shell("pool", "sleep 600 & wait"))
        until(lambda: len(tree(child.pid)) == 2, "the sleep")
        members = tree(child.pid)
        members[0].kill()
        until(lambda: it.tick(0.02) or child.fails == 1, "its end is noticed")
        until(lambda: not living(members), "the orphan is gone")


def test_higher_tiers_stop_first_and_the_last_started_first_within_one(tmp_path: Path) -> None:
    order = tmp_path / "order"
    with supervisor(io.StringIO(), signals=False) as it:
        for name, tier in (("data", 0), ("broker", 1), ("web", 3), ("beat", 3)):
            script = f"trap 'echo {name} >> {order}; exit' TERM; touch {tmp_path}/{name}; while :; do sleep 0.02; done"
            it.start(child := shell(name, script, tier=tier))
            it.wait_until((tmp_path / name).exists, child)
    said = order.read_text().split()
    assert set(said[:2]) == {"web", "beat"}
    assert said[2:] == ["broker", "data"]


def test_a_first_start_that_fails_says_why(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    with supervisor(io.StringIO(), signals=False) as it:
        it.start(child := shell("x", "echo no disk; exit 4", log=log))
        with pytest.raises(ChildError, match=rf"x did not start: it exited with 4. The end of {log}:\n  no disk"):
            it.wait_until(lambda: False, child)


def test_a_step_that_fails_gives_its_code() -> None:
    with supervisor(io.StringIO(), signals=False) as it, pytest.raises(ChildError) as caught:
        it.run(shell("step", "exit 7"))
    assert caught.value.code == 7


def test_who_ignores_the_signal_is_killed_after_its_grace() -> None:
    with family(grace=0.2) as (process, members):
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert not living(members)


def test_a_second_ctrl_c_kills_hard() -> None:
    with family(grace=600) as (process, members):
        process.send_signal(signal.SIGINT)
        assert process.stdout
        until(lambda: "asked" in process.stdout.readline(), "it heard")
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0
        assert not living(members)


def test_kill_9_leaves_nothing_even_of_children_that_ignore_signals() -> None:
    with family(grace=0.2) as (process, members):
        process.kill()
        until(lambda: not living(members), "all gone", 5)


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux has the parent-death signal; elsewhere the guard is alone"
)
def test_kill_9_of_supervisor_and_guard_still_reaches_the_children() -> None:
    with family(grace=5, script="exec sleep 600") as (process, members):
        next(p for p in members if "watch" in p.cmdline()).kill()
        process.kill()
        until(lambda: not living(members), "all gone", 5)
