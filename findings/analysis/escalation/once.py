"""What an iterator yields, for many who read it from its beginning: each item is made once, when the first of them asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    def __init__(self, made: Iterator[T]) -> None:
        self._made = made
        self._kept: list[T] = []

    def __iter__(self) -> Iterator[T]:
        at = 0
        while at < len(self._kept) or self._more():
            yield self._kept[at]
            at += 1

    def _more(self) -> bool:
        for item in self._made:
            self._kept.append(item)
            return True
        return False
