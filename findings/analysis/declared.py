"""Settings that somebody wrote down, as plain JSON: what is good of them is taken, and the rest is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from findings.analysis.facts import Settings

MOST_DAYS = 36_500  # a hundred years; every number of the settings is smaller


def declared(raw: Mapping[str, Any]) -> tuple[Settings, tuple[str, ...]]:
    """The settings, and sentences about keys that are unknown or of the wrong type: for those the default holds."""
    fields = {field.name: field for field in msgspec.structs.fields(Settings)}
    good: dict[str, Any] = {}
    complaints = []
    for key, value in raw.items():
        if key not in fields:
            complaints.append(f"settings.json: {key[:80]!r} is no setting; known are {', '.join(sorted(fields))}.")
            continue
        try:
            good[key] = _value(fields[key].type, value)
        except (msgspec.ValidationError, ValueError) as error:
            complaints.append(f"settings.json: {key} was passed over: {error}.")
    return Settings(**good), tuple(complaints)


def _value(kind: Any, value: Any) -> Any:
    found = msgspec.convert(value, kind)
    if isinstance(found, int | float) and not 0 <= found <= MOST_DAYS:
        raise ValueError(f"it must lie between 0 and {MOST_DAYS:,}")
    return found
