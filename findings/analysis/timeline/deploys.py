"""Moments of many entities -> what the list shows as one: what one caller did in a few minutes."""

from __future__ import annotations

from collections.abc import Iterable

from collectors import records
from findings.analysis.timeline.merge import goes_on
from findings.analysis.timeline.model import Change, Moment


def changes(moments: Iterable[Moment]) -> list[Change]:
    """Oldest first. What only a collection or Config saw stands alone: nobody knows that it belongs to something else."""
    alone: list[Change] = []
    by_caller: dict[tuple[object, ...], list[list[Moment]]] = {}
    for moment in sorted(moments, key=lambda one: (_first(one), one.latest, one.entity.kind, one.entity.unique_id)):
        if not moment.calls:
            alone.append(Change(_key(moment), (moment,)))
            continue
        deploys = by_caller.setdefault((moment.calls[0].caller, moment.effective), [])
        if deploys and _together(deploys[-1], moment):
            deploys[-1].append(moment)
        else:
            deploys.append([moment])
    made = [Change(_key(some[0]), tuple(some)) for deploys in by_caller.values() for some in deploys]
    return sorted((*alone, *made), key=lambda change: change.latest)


def _first(moment: Moment) -> object:
    return moment.calls[0].at if moment.calls else moment.latest


def _together(some: list[Moment], moment: Moment) -> bool:
    last = max(one.calls[-1].at for one in some)
    return goes_on(some[0].calls[0].at, last, moment.calls[0].at)


def _key(moment: Moment) -> str:
    """Of the first witness: what is learned later of the same change leaves it the same."""
    if moment.calls:
        said: list[object] = ["call", moment.calls[0].event.event_id]
    elif moment.captures:
        capture = moment.captures[0]
        said = ["config", capture.entity.kind, capture.entity.unique_id, capture.at.isoformat()]
    else:
        at = moment.seen or moment.latest
        said = ["look", moment.entity.kind, moment.entity.unique_id, at.isoformat(), *sorted(moment.fields)]
    return records.digest(said)
