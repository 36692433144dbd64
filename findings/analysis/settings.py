"""From what was decided to what an account is judged by: each value with where it comes from. Pure: no Django, no clock.

The order is product default < environment < all accounts < OUs from the root down < groups < the account. Of two groups the
one decided last counts. A field that adds goes together key by key; any other is the nearest's whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from findings.analysis.facts import Settings
from findings.analysis.places import Scope, Standing
from findings.analysis.setting_fields import DECIDED, Field

DEFAULT, ENVIRONMENT = "product default", "environment"


@dataclass(frozen=True)
class Decision:
    """value: plain JSON. target: as of Standing.rank. at: when it was decided."""

    scope: Scope
    target: str
    name: str
    value: Any
    by: str
    at: datetime


@dataclass(frozen=True)
class Origin:
    """A value that somebody said, and where; by, at: "" and None for what no operator decided."""

    value: Any
    source: str
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Value:
    """What holds of one setting. said: all that was said of it for the account, from the furthest to the nearest."""

    field: Field
    value: Any
    said: tuple[Origin, ...]

    @property
    def holds(self) -> tuple[Origin, ...]:
        """Of whom the value is: the nearest alone, or of a field that adds all that gave a part."""
        if not self.field.adds:
            return self.said[-1:]
        return tuple(one for one in self.said if one.value) or self.said[-1:]

    @property
    def overruled(self) -> tuple[Origin, ...]:
        return () if self.field.adds else self.said[:-1]

    @property
    def decided(self) -> bool:
        """Whether anything but the product says it."""
        return len(self.said) > 1

    @property
    def text(self) -> str:
        return self.field.said(self.value)

    @property
    def in_place_of(self) -> str:
        return ", ".join(f"{self.field.said(one.value)} ({one.source})" for one in reversed(self.overruled))

    @property
    def source(self) -> str:
        return " and ".join(one.source for one in self.holds)

    def __str__(self) -> str:
        return f"{self.field.title.lower()} {self.text}: from {self.source}"


def resolve(
    decisions: Iterable[Decision], standing: Standing, environment: Mapping[str, Any] | None = None
) -> dict[str, Value]:
    """By name, all settings that operators decide. environment: those that it says, as Settings has them.

    A decision that nobody can read any more, or of an unknown name, counts as not made.
    """
    said: defaultdict[str, list[Origin]] = defaultdict(list)
    for name, value in (environment or {}).items():
        said[name].append(Origin(value, ENVIRONMENT))
    for one in _nearest_last(decisions, standing):
        if (value := _read(one)) is not None:
            said[one.name].append(Origin(value, standing.words(one.scope, one.target), one.by, one.at))
    return NOBODY_SAID | {name: _value(DECIDED[name], some) for name, some in said.items() if name in DECIDED}


def as_settings(values: Mapping[str, Value], **more: Any) -> Settings:
    """more: fields that are decided elsewhere."""
    return Settings(**{name: one.value for name, one in values.items()}, **more)


def _nearest_last(decisions: Iterable[Decision], standing: Standing) -> list[Decision]:
    ranked = [(rank, one) for one in decisions if (rank := standing.rank(one.scope, one.target)) is not None]
    return [one for _, one in sorted(ranked, key=lambda pair: (pair[0], pair[1].at))]


def _read(one: Decision) -> Any:
    try:
        return DECIDED[one.name].read(one.value)[0]
    except (KeyError, ValueError):
        return None


def _value(field: Field, said: list[Origin]) -> Value:
    chain = (Origin(field.default, DEFAULT), *said)
    value = chain[-1].value
    if field.adds:
        value = chain[0].value
        for one in chain[1:]:
            value = value | one.value
    return Value(field, value, chain)


NOBODY_SAID: dict[str, Value] = {name: _value(field, []) for name, field in DECIDED.items()}
