"""Who changes IAM, and from where: what each principal did before, and the account as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from collectors.records import AdminEvent, Role, User
from findings.analysis.activity.networks import CI, PEOPLE, PRIVATE
from findings.analysis.behaviour.baseline import SHORTEST, first_whole
from findings.analysis.behaviour.firsts import MOST_NEW, place, places

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

CALM = frozenset({*PEOPLE, CI, PRIVATE})  # kinds of networks that are no new place: operators named them, or nobody can


@dataclass(frozen=True, slots=True)
class NewWriter:
    """A change to IAM by somebody, or from somewhere, that never made one. why: as the end of a sentence."""

    event: AdminEvent
    why: tuple[str, ...]


def new_writers(principal: Role | User, facts: Facts) -> tuple[tuple[NewWriter, ...], bool]:
    """(those of the last two weeks, whether of a change it is not known if it is new)."""
    own = facts.behaviour.writes_of(principal.unique_id)
    found, unknown = [], False
    for event in own:
        day = event.at.date()
        if day < facts.behaviour.start:
            continue
        why = tuple(_why(principal, event, facts))
        if not why:
            continue
        if _read_long(day, facts):
            found.append(NewWriter(event, why))
        else:
            unknown = True
    return tuple(found), unknown


def _why(principal: Role | User, event: AdminEvent, facts: Facts) -> Iterator[str]:
    day = event.at.date()
    before = [one for one in facts.behaviour.writes_of(principal.unique_id) if one.at.date() < day]
    if not before and principal.created_at.date() <= day - SHORTEST:
        yield "it never changed IAM before"
    if event.network and _new_place(principal, event, facts):
        where = facts.activity.networks.said(event.network)
        yield f"no change to IAM came from {where} before"


def _new_place(principal: Role | User, event: AdminEvent, facts: Facts) -> bool:
    """A network from which neither the account was changed nor the principal ever came, though it keeps to its networks."""
    networks, day = facts.activity.networks, event.at.date()
    where = place(event.network, networks)
    if networks.kind(event.network) in CALM:
        return False
    earlier = [one for one in facts.behaviour.writes if one.at.date() < day]
    if not earlier or where in {place(one.network, networks) for one in earlier if one.network}:
        return False
    by_day: dict[date, set[str]] = {}
    for session in facts.behaviour.of(principal.unique_id):
        by_day.setdefault(session.day, set()).update(places(session, networks))
    seen: set[str] = set()
    fresh = 0
    for number, one in enumerate(sorted(d for d in by_day if d < day)):
        fresh += bool(by_day[one] - seen) and number > 0
        seen |= by_day[one]
    return where not in seen and fresh <= MOST_NEW * 2


def _read_long(day: date, facts: Facts) -> bool:
    since = facts.behaviour.changes_since
    return since is not None and first_whole(since) <= day - SHORTEST
