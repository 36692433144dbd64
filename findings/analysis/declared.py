"""Settings that somebody wrote down, as plain JSON: what is good of them is taken, and the rest is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from findings.analysis.activity.networks import network_of
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
            good[key], wrong = READERS[key](value) if key in READERS else (_value(fields[key].type, value), [])
        except (msgspec.ValidationError, ValueError) as error:
            complaints.append(f"settings.json: {key} was passed over: {error}.")
        else:
            complaints += [f"settings.json: {key}: {one[:80]!r} was passed over: {NONE[key]}." for one in wrong]
    return Settings(**good), tuple(complaints)


def _value(kind: Any, value: Any) -> Any:
    found = msgspec.convert(value, kind)
    if isinstance(found, int | float) and not 0 <= found <= MOST_DAYS:
        raise ValueError(f"it must lie between 0 and {MOST_DAYS:,}")
    return found


def _accounts(value: Any) -> tuple[frozenset[str], list[str]]:
    """The ids, and what is none."""
    listed = msgspec.convert([value] if isinstance(value, str) else value, list[str | int])
    wrong = [str(one) for one in listed if not is_id(one)]
    return frozenset(str(one) for one in listed if is_id(one)), wrong


def _vendors(value: Any) -> tuple[dict[str, str], list[str]]:
    """{id: name}, {name: id or ids}, or ids without names."""
    if not isinstance(value, dict):
        ids, wrong = _accounts(value)
        return dict.fromkeys(sorted(ids), ""), wrong
    named: dict[str, str] = {}
    wrong = []
    for key, other in value.items():
        if is_id(key):
            named[key] = str(other)
        else:
            ids, bad = _accounts(other)
            named |= dict.fromkeys(ids, str(key))
            wrong += bad
    return named, wrong


def is_id(value: object) -> bool:
    """As text: a number would have lost the zeros that an id may begin with."""
    return isinstance(value, str) and len(value) == 12 and value.isascii() and value.isdigit()


def _networks(value: Any) -> tuple[dict[str, str], list[str]]:
    """The networks, and what is none."""
    named = msgspec.convert(value, dict[str, str])
    good = {cidr: name for cidr, name in named.items() if network_of(cidr) is not None}
    return good, [cidr for cidr in named if cidr not in good]


def _boundaries(value: Any) -> tuple[dict[str, str], list[str]]:
    """By selector, and the selectors that nothing understands."""
    named = msgspec.convert(value, dict[str, str])
    good = {selector: name for selector, name in named.items() if SELECTOR.fullmatch(selector) and name}
    return good, [selector for selector in named if selector not in good]


SELECTOR = re.compile(r"\*|path:/\S*|tag:[^=]+=.*|ou:(?:ou|r)-[a-z0-9-]+")
NO_ID = "an account id is 12 digits, as text"
READERS: Mapping[str, Callable[[Any], tuple[Any, list[str]]]] = {
    "known_vendors": _vendors,
    "trusted_accounts": _accounts,
    "networks": _networks,
    "required_boundaries": _boundaries,
}
NONE = {
    "known_vendors": NO_ID,
    "trusted_accounts": NO_ID,
    "networks": "a network is written as 192.0.2.0/24",
    "required_boundaries": "whom is written as *, path:/teams/, tag:key=value or ou:ou-ab12-34567890",
}
