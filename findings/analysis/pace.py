"""Judging makes many objects and next to no cycles of them: looking for cycles each 700 objects, as Python does by itself, costs
a tenth of the time."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

SELDOM = (100_000, 20, 20)  # gc.set_threshold; accounts that are done with are cycles, so it is not switched off


@contextmanager
def few_collections() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    _leave_quickly()
    try:
        yield
    finally:
        gc.set_threshold(*before)


def look_seldom() -> None:
    """For the rest of a process. What was imported so far stays, and is not walked through again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)


@cache
def _leave_quickly() -> None:
    """A process that ends need not look for cycles once more, which takes a second."""
    atexit.register(gc.freeze)
