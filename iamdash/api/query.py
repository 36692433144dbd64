"""What a query string asks of the API, on the filters of the pages, strictly; and the same as parameters of the OpenAPI document.

Pages show what means nothing to them; a program would not see that. A filter that is passed over makes the answer wider than was
asked for, so here each unknown name, bad value, empty value and repetition is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from iamdash.api.problems import Problem
from iamdash.pages.facets import Accounts, Between, Bound, Choices, Conditions, Facet, Texts
from iamdash.pages.filters import LONGEST_SEARCH, Asked, Filters
from iamdash.pages.when import OpenOn

LARGEST, USUAL = 500, 100
DAY = r"\d{4}-\d\d-\d\d"
# What the titles of facets do not tell by themselves.
MEANS = {
    "on": "What was open at the end of this day, UTC",
    "opened": "Opened or reopened on these days, both included; either may be left out",
    "since": "The current interval began on these days",
    "resolved": "Resolved on these days, also what came back since",
    "reopened": "Came back on these days, both included; either may be left out",
    "unjudged": "Of accounts that nobody judged on this day, UTC, and that were judged before it",
    "of": "Unique id of a role or user; its keys' findings are among them",
    "set": "ARN of a permission set of Identity Center: findings of the roles it makes",
    "fix": "Id of the root, OU or account where one change would close them",
    "same": "Path and name of a role: findings of the roles that have it, in whatever account",
    "exception": "Id of the exception that hides them",
    "ou": "Id of an OU (ou-...): accounts in it and below",
    "group": "Key of a group of accounts, as in the address of its page",
    "owner": "Name of the accounts' owner; - for accounts that nobody owns",
    "assigned": "To whom it is assigned; - for nobody",
}
EMPTY = "{} is empty. A filter without a value would not filter."


@dataclass(frozen=True)
class Query:
    """A list's filters, typed; how many rows are wanted, and which fields of them."""

    asked: Asked
    size: int
    fields: tuple[str, ...]


def read(filters: Filters, fields: Iterable[str], get: QueryDict) -> Query:
    """For a list. Raises Problem."""
    known = tuple(fields)
    asked = narrow(filters, get, more=("fields", "limit", *of_list(filters)))
    return Query(asked, _size(get), _fields(known, get))


def only_fields(fields: Iterable[str], get: QueryDict) -> tuple[str, ...]:
    """For one row. Raises Problem."""
    for name, values in get.lists():
        _check(name, values, {}, ["fields"])
    return _fields(tuple(fields), get)


def narrow(filters: Filters, get: QueryDict, *, more: Sequence[str] = ()) -> Asked:
    """For what has no pages: facets, and the names in `more`. Raises Problem."""
    facets = {facet.name: facet for facet in filters.facets}
    for name, values in get.lists():
        _check(name, values, facets, [*facets, *more])
    ours = get.copy()
    for name in ("fields", "limit"):
        ours.pop(name, None)
    asked = filters.read(ours)
    for name, value in asked.ignored:
        raise Problem(400, f"{name} cannot be {value!r}.", parameter=name, hint=_offers(filters, name))
    return asked


def _check(name: str, values: Sequence[str], facets: Mapping[str, Facet], known: Sequence[str]) -> None:
    if name not in known:
        told = f"There is no parameter {name[:80]!r} here, and what cannot be understood is not passed over."
        raise Problem(400, told, parameter=name[:80], hint=f"This path knows {', '.join(sorted(known))}.")
    if not all(values):
        raise Problem(400, EMPTY.format(name), parameter=name, hint=f"Leave {name} out, or give it a value.")
    single = name not in facets or facets[name].single
    if single and len(values) > 1:
        raise Problem(400, f"{name} stands {len(values)} times and takes one value.", parameter=name)


def of_list(filters: Filters) -> list[str]:
    """Beside the facets."""
    return [*(["tab"] if filters.tabs else []), *(["q"] if filters.search else []), "sort", "after"]


def _offers(filters: Filters, name: str) -> str:
    every = [*_of_list(filters), *map(_facet, filters.facets)]
    schema = next((one["schema"] for one in every if one["name"] == name), {})
    schema = schema.get("items", schema)
    if "enum" in schema:
        return f"It takes {', '.join(schema['enum'])}."
    example = f", such as {schema['examples'][0]}" if "examples" in schema else ""
    return f"It takes what matches {schema['pattern']}{example}" if "pattern" in schema else ""


def _size(get: QueryDict) -> int:
    given = get.get("limit", str(USUAL))
    if not (given.isascii() and given.isdigit() and len(given) < 5 and 0 < int(given) <= LARGEST):
        raise Problem(400, f"limit cannot be {given[:80]!r}.", parameter="limit", hint=f"It takes 1 to {LARGEST}.")
    return int(given)


def _fields(known: tuple[str, ...], get: QueryDict) -> tuple[str, ...]:
    chosen = tuple(get["fields"].split(",")) if "fields" in get else known
    if (strange := next((name for name in chosen if name not in known), None)) is not None:
        told = f"There is no field {strange[:80]!r}."
        raise Problem(400, told, parameter="fields", hint=f"It takes some of {','.join(known)}.")
    return chosen


def parameters(filters: Filters, fields: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Of the OpenAPI document. fields: those of a list's rows; () for what has no pages."""
    found = [_facet(facet) for facet in filters.facets]
    if known := list(fields):
        found = [*_of_list(filters), *found, *_paging(known)]
    return found


def _of_list(filters: Filters) -> list[dict[str, Any]]:
    tabs = [tab.slug for tab in filters.tabs]
    sorts = [sign + name for name in filters.sorts for sign in ("", "-")]
    found = []
    if tabs:
        told = f"Which of the list's tabs; {tabs[0]} where none is named."
        found.append(_one("tab", told, {"type": "string", "enum": tabs, "default": tabs[0]}))
    if filters.search:
        text = {"type": "string", "maxLength": LONGEST_SEARCH}
        found.append(_one("q", f"Text that the {filters.searched} holds, in any case.", text))
    return [*found, _one("sort", "The order; with - from the greatest down.", {"type": "string", "enum": sorts})]


def _paging(fields: Sequence[str]) -> list[dict[str, Any]]:
    size = {"type": "integer", "minimum": 1, "maximum": LARGEST, "default": USUAL}
    return [
        _one("limit", "Rows of a page.", size),
        _one("after", "Where the page begins: it stands in next, and means nothing else.", {"type": "string"}),
        _one("fields", f"Fields of a row, by commas; all where it is left out. Some of {', '.join(fields)}.", {"type": "string"}),
    ]  # fmt: skip


def _facet(facet: Facet) -> dict[str, Any]:
    value = {"type": "string", **_values(facet)}
    if facet.single:
        return _one(facet.name, f"{_means(facet)}.", value)
    told = f"{_means(facet)}; where it stands several times, any of the values."
    return _one(facet.name, told, {"type": "array", "items": value}) | {"style": "form", "explode": True}


def _means(facet: Facet) -> str:
    return MEANS.get(facet.name, facet.title)


def _values(facet: Facet) -> dict[str, Any]:
    match facet:
        case Choices():
            return {"enum": list(facet.values)}
        case Conditions():
            return {"enum": list(facet.conditions)}
        case Texts():
            return {"pattern": f"^{facet.pattern.pattern}$"}
        case Accounts():
            return {"pattern": "^[0-9]{12}$", "examples": ["111122223333"]}
        case OpenOn() | Bound():
            return {"pattern": f"^{DAY}$", "examples": ["2026-11-01"]}
        case Between():
            return {"pattern": rf"^({DAY})?\.\.({DAY})?$", "examples": ["2026-11-01..2026-11-07"]}
    return {}


def _one(name: str, told: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": told, "schema": schema}
