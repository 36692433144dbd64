"""The lab's past is loaded once, beside everything else, and a failure of it disturbs nothing."""

from __future__ import annotations

from .helpers import until
from .test_up import RUNS, Starter, start

__all__ = ["start"]  # the fixture


def test_the_past_is_loaded_once(start: Starter) -> None:
    up = start("--lab")
    up.wait_for(RUNS)
    up.wait_for(r"history *\| lab_history is done")
    until((up.state / "lab_history").exists, "the marker")
    assert "history exited" not in up.text
    assert up.end() == 0
    again = start("--lab")
    again.wait_for(RUNS)
    assert again.end() == 0
    assert "lab_history is done" not in again.text


def test_what_failed_is_tried_at_the_next_start(start: Starter) -> None:
    up = start("--lab", STANDIN_FAILS="lab_history")
    up.wait_for(r"history exited with 7; it is tried again at the next start")
    assert not (up.state / "lab_history").exists()
    assert "gunicorn" in up.commands()
    assert up.end() == 0
    again = start("--lab")
    again.wait_for(r"lab_history is done")
    assert again.end() == 0


def test_a_large_lab_has_no_past(start: Starter) -> None:
    up = start("--lab", "--lab-accounts", "51")
    up.wait_for(RUNS)
    assert up.end() == 0
    assert "lab_history is done" not in up.text
