"""Cases of which `make test` takes some."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pytest

F = TypeVar("F", bound=Callable[..., Any])


def cases(every: Iterable[Any], sample: int) -> Callable[[F], F]:
    """sample: how many of them `make test` runs; `make soak` runs all."""

    def mark(function: F) -> F:
        function.cases = (list(every), sample)  # type: ignore[attr-defined]
        return function

    return mark


def fault(name: str, how: str, oracle: str) -> pytest.MarkDecorator:
    """The row of the table that a test stands for."""
    return pytest.mark.fault(name, how, oracle)
