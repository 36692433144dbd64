"""The JSON of a policy document before anything is read from it: parsed, and within its limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

MAX_LENGTH = 1_000_000  # characters; IAM takes a small part of it, other services' policies are bigger (TRUST.md)
MAX_DEPTH = 64
CONTAINERS = (dict, list, tuple, Mapping)


class UnreadableError(Exception):
    """Carries the reason why a document cannot be read from where it is found up to `document.read`."""


def parsed(raw: Any) -> Mapping[str, Any]:
    if isinstance(raw, str | bytes):
        _check_length(len(raw))
        try:
            raw = json.loads(raw, object_pairs_hook=_once)
        except RecursionError:
            raise UnreadableError("the text nests too deeply") from None
        except ValueError as error:  # JSON and UTF-8 errors both
            raise UnreadableError(f"the text is not JSON: {error}") from None
    if not isinstance(raw, Mapping):
        raise UnreadableError(f"a policy is an object, this is {kind(raw)}")
    _check_size(raw)
    return raw


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object as a dict, which would keep the last of two equal keys in silence."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise UnreadableError(f"the key {key} is there twice")
        found[key] = value
    return found


def _check_length(length: int) -> None:
    if length > MAX_LENGTH:
        raise UnreadableError(f"it is longer than {MAX_LENGTH:,} characters")


def _check_size(raw: Any) -> None:
    """Refuses what is too long or too deep, before anything walks it by recursion. Counts the texts in it."""
    length, level, depth = 0, [raw], 0
    while level:
        inner: list[Any] = []
        depth += 1
        for value in level:
            if isinstance(value, str):
                length += len(value)
            elif isinstance(value, CONTAINERS):
                if depth > MAX_DEPTH:
                    raise UnreadableError(f"it nests more than {MAX_DEPTH} levels deep")
                length += len(value)
                _check_length(length)  # before it is spread: what repeats one list may be longer than memory
                inner.extend(value)
                if isinstance(value, Mapping):
                    inner.extend(value.values())
        _check_length(length)
        level = inner


def kind(value: Any) -> str:
    """What a JSON value is, for a person."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    return "text" if isinstance(value, str | bytes) else "a number"
