"""The shrink guard: an answer that suddenly lacks most of what was there is held until a second one says the same (TRUST)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from collectors.models import Account, Coverage
from collectors.models.inventory import KINDS, Kind, Regions, shown
from collectors.records import Coverage as Answered
from collectors.records import Covered, Part, State

FEWEST, SHARE = 10, 0.5  # gone: more than ten, and more than half


def whole_regions(kind: Kind, covered: Covered, apis: Iterable[str]) -> Regions:
    """Where all of these APIs gave their whole answer. None: everywhere; of what is not read in regions it is that or nowhere."""
    found: Regions = None
    for api in apis:
        states = {region: row.state for (name, region), row in covered.items() if name == api}
        good = frozenset(region for region, state in states.items() if state == State.COMPLETE)
        if len(good) < len(states) and (not kind.model.regional or "" in states):
            return frozenset()
        if kind.model.regional and "" not in states:
            found = good if found is None else found & good
    return found


def guard(account: Account, part: Part, sweeps: Mapping[str, tuple[str, ...]], covered: Covered) -> Covered:
    """covered, with the APIs of a suspect answer partial: what is seen is stored, nothing is swept, nothing resolves.

    An API that was suspect the last time is believed now: it was asked twice.
    """
    held: dict[str, str] = {}
    before = set(Coverage.objects.filter(account=account, suspect=True).values_list("api", flat=True))
    for kind in KINDS:
        apis = sweeps.get(kind.field, ())
        found: tuple[Any, ...] | None = getattr(part, kind.field)
        if not apis or found is None or not before.isdisjoint(apis):
            continue
        if text := _suspect(kind, account, found, whole_regions(kind, covered, apis)):
            held[apis[-1]] = text
    return covered | {key: _held(row, held[key[0]]) for key, row in covered.items() if key[0] in held}


def _suspect(kind: Kind, account: Account, found: tuple[Any, ...], regions: Regions) -> str:
    if regions is not None and not regions:
        return ""
    rows = kind.rows(account).filter(gone_at=None)
    present: int = (rows if regions is None else rows.filter(region__in={*regions, ""})).count()
    seen = sum(shown(record, regions) for record in found)
    if present - seen <= FEWEST or seen >= present * SHARE:
        return ""
    name = kind.name.replace("_", " ")
    return f"The answer has {seen} of {present} {name} entries. It is asked for again before any is taken for gone."


def _held(answer: Answered, text: str) -> Answered:
    return msgspec.structs.replace(answer, state=State.PARTIAL, detail=text, complete_at=None, suspect=True)
