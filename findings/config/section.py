"""What `plan` and `export` ask of a section: its keys, what stands, and how an entry is made true or ended."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from findings.config.document import ConfigError, Entry, nearest
from findings.config.keys import Key
from findings.config.whom import Places

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """What stands: values of all keys, in the form that readers give, and the row that says so."""

    values: Values
    it: Any


@dataclass(frozen=True)
class Wanted:
    """What the file says: values of all keys. line: where."""

    values: Values
    line: int


class Section(ABC):
    """order: sections are made true from the least on, and ended from the greatest on. several: an identity may stand more
    than once. A subclass gets the places once for each command."""

    name: ClassVar[str]
    order: ClassVar[int]
    about: ClassVar[str]
    identity: ClassVar[tuple[str, ...]]
    several: ClassVar[bool] = False

    def __init__(self, places: Places) -> None:
        self.places = places
        self.notes: list[str] = []

    @property
    @abstractmethod
    def keys(self) -> tuple[Key, ...]: ...

    @abstractmethod
    def standing(self) -> Iterable[Row]: ...

    @abstractmethod
    def put(self, wanted: Wanted, before: Row | None, by: str) -> None:
        """Raises ValueError for what only shows when it is done."""

    @abstractmethod
    def end(self, row: Row, by: str) -> None: ...

    def faults(self, values: Values) -> Iterator[str]:
        """Of an entry whose keys are good one by one: ends of sentences."""
        yield from ()

    def keeps(self, row: Row, values: Values) -> bool:
        """Whether what stands is what the file says."""
        return row.values == values

    def identified(self, values: Values) -> tuple[Any, ...]:
        return tuple(values[name] for name in self.identity)

    def words(self, values: Values) -> str:
        """What an entry is about, for the list of changes."""
        return " ".join(str(part) for part in self.identified(values) if part not in ("", None))

    @cached_property
    def by_name(self) -> dict[str, Key]:
        return {key.name: key for key in self.keys}

    def read(self, entry: Entry) -> Wanted:
        """Raises ConfigError with all faults of the entry."""
        faults = [
            f"line {entry.lines[name]}: {self.name}: {nearest(name, self.by_name, 'key of it')}"
            for name in entry.values
            if name not in self.by_name
        ]
        values: dict[str, Any] = {}
        for name, key in self.by_name.items():
            try:
                values[name] = self._value(key, entry)
            except ValueError as error:
                faults.append(f"line {entry.lines.get(name, entry.line)}: {self.name}: {name} {error}.")
        if not faults:
            faults = [f"line {entry.line}: {self.name}: {fault}." for fault in self.faults(values)]
        if faults:
            raise ConfigError(faults)
        return Wanted(values, entry.line)

    def _value(self, key: Key, entry: Entry) -> Any:
        if key.name in entry.values:
            return key.read(entry.values[key.name])
        if key.required:
            raise ValueError("is missing")
        return key.default

    def written(self, values: Values) -> dict[str, Any]:
        """As the file says it: without what goes without saying."""
        return {name: values[name] for name, key in self.by_name.items() if key.required or values[name] != key.default}
