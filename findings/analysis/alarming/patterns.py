"""EventBridge's event patterns. Source: "Event patterns" in EventBridge's user guide.

A form that is not known matches nothing, so that nobody is taken to be told who may not be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

from findings.analysis.alarming.filters import glob

DEEPEST = 40
MISSING = object()
ORDER = {"=": lambda a, b: a == b, "<": lambda a, b: a < b, ">": lambda a, b: a > b}
ORDER |= {"<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b}


@lru_cache(2_048)
def read(pattern: str) -> Mapping[str, Any] | None:
    """None: it is none."""
    try:
        found = json.loads(pattern)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found else None


def matches(pattern: Mapping[str, Any], event: Any, depth: int = 0) -> bool:
    """Whether the event (with its envelope: source, detail-type, detail) is one of the pattern's."""
    if depth > DEEPEST:
        return False
    return all(_field(name, wanted, event, depth) for name, wanted in pattern.items())


def _field(name: str, wanted: Any, event: Any, depth: int) -> bool:
    if name == "$or":
        return isinstance(wanted, list) and any(
            matches(one, event, depth + 1) for one in wanted if isinstance(one, dict)
        )
    value = event.get(name, MISSING) if isinstance(event, dict) else MISSING
    if isinstance(wanted, dict):
        return matches(wanted, {} if value is MISSING else value, depth + 1)
    if not isinstance(wanted, list):
        return False
    values = value if isinstance(value, list) and value else [value]
    return any(_one(one, each) for one in wanted for each in values)


def _one(wanted: Any, value: Any) -> bool:
    if not isinstance(wanted, dict):
        return value is not MISSING and type(wanted) is type(value) and bool(wanted == value)
    return len(wanted) == 1 and all(_filtered(kind, asked, value) for kind, asked in wanted.items())


def _filtered(kind: str, asked: Any, value: Any) -> bool:
    if kind == "exists":
        return isinstance(asked, bool) and asked is (value is not MISSING and not isinstance(value, dict))
    if value is MISSING:
        return False
    if kind == "anything-but":
        return _but(asked, value)
    if kind == "numeric":
        return _numeric(asked, value)
    return isinstance(value, str) and _text(kind, asked, value)


def _text(kind: str, asked: Any, value: str) -> bool:
    if kind in ("prefix", "suffix"):
        if isinstance(asked, dict) and isinstance(folded := asked.get("equals-ignore-case"), str):
            asked, value = folded.lower(), value.lower()
        ends = value.startswith if kind == "prefix" else value.endswith
        return isinstance(asked, str) and ends(asked)
    if not isinstance(asked, str):
        return False
    if kind == "equals-ignore-case":
        return value.lower() == asked.lower()
    if kind == "wildcard":
        return glob(asked, value)
    return kind == "cidr" and _within(asked, value)


def _but(asked: Any, value: Any) -> bool:
    """anything-but takes a value, values, or one of the other filters over these."""
    if isinstance(asked, dict):
        return isinstance(value, str) and not any(
            _text(kind, one, value)
            for kind, some in asked.items()
            for one in (some if isinstance(some, list) else [some])
        )
    return value not in (asked if isinstance(asked, list) else [asked])


def _numeric(asked: Any, value: Any) -> bool:
    if not isinstance(asked, list) or len(asked) % 2 or isinstance(value, bool) or not isinstance(value, int | float):
        return False
    pairs = list(zip(asked[::2], asked[1::2], strict=True))
    known = all(sign in ORDER and isinstance(limit, int | float) for sign, limit in pairs if isinstance(sign, str))
    return known and all(isinstance(sign, str) and ORDER[sign](value, limit) for sign, limit in pairs)


def _within(network: str, value: str) -> bool:
    try:
        return ip_address(value) in ip_network(network, strict=False)
    except ValueError:
        return False
