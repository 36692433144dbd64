"""Settings that somebody wrote down, as plain JSON: what is good of them is taken, and the rest is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from findings.analysis.facts import Settings
from findings.analysis.setting_fields import FIELDS


def declared(raw: Mapping[str, Any]) -> tuple[Settings, tuple[str, ...]]:
    """The settings, and sentences about keys that are unknown or of the wrong type: for those the default holds."""
    good: dict[str, Any] = {}
    complaints = []
    for key, value in raw.items():
        if key not in FIELDS:
            complaints.append(f"settings.json: {key[:80]!r} is no setting; known are {', '.join(sorted(FIELDS))}.")
            continue
        try:
            good[key], wrong = FIELDS[key].read(value)
        except ValueError as error:
            complaints.append(f"settings.json: {key} was passed over: {error}.")
        else:
            none = getattr(FIELDS[key].kind, "what", "")
            complaints += [f"settings.json: {key}: {one[:80]!r} was passed over: {none}." for one in wrong]
    return Settings(**good), tuple(complaints)
