"""Whom guardrails bind: roles and users with what their own policies give, grouped by the guardrails as they are for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from collectors.records import Role, User
from findings.analysis.holdings import Held
from findings.policy.compiled import Compiled
from findings.policy.document import Unreadable

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

Holder = Role | User
Answered = tuple[Compiled, ...]


@dataclass(slots=True, repr=False)
class Alike:
    """Holders for whom all guardrails say the same. scp, rcp: those policies as they are for them, level by level in one
    line. has: what their own policies leave them -> their places among the holders."""

    scp: Answered
    rcp: Answered
    boundary: tuple[Held, Compiled] | None
    has: dict[int, list[int]] = field(default_factory=dict)


def bound(facts: Facts) -> tuple[Holder, ...]:
    """AWS's own roles for its services are bound by nothing (AWS.md 16)."""
    roles = (role for role in facts.snapshot.roles if not role.service_linked)
    return (*roles, *facts.snapshot.users)


def alike(facts: Facts, holders: Iterable[Holder]) -> tuple[Alike, ...]:
    permissions, library = facts.permissions, facts.permissions.library
    scp, rcp = line(library.levels), line(library.resource_levels)
    found: dict[tuple[int, ...], Alike] = {}
    has: dict[int, int] = {}
    for number, holder in enumerate(holders):
        answered = (_answered(facts, holder, scp), _answered(facts, holder, rcp))
        held = library.boundary(holder)
        boundary = permissions.own(holder, held) if held else None
        key = tuple(id(one) for one in (*answered[0], *answered[1], held, boundary))
        if key not in found:
            found[key] = Alike(*answered, (held, boundary) if held and boundary else None)
        own = permissions.sets(holder)
        left = has.setdefault(id(own), own.allow & ~own.deny_sure)
        found[key].has.setdefault(left, []).append(number)
    return tuple(found.values())


def line(levels: Iterable[tuple[Held, ...]] | None) -> tuple[Held, ...]:
    return tuple(held for level in levels or () for held in level)


def readable(held: Held) -> bool:
    return not isinstance(held.named.document, Unreadable)


def unreadable(held: Held) -> str:
    document = held.named.document
    return document.reason if isinstance(document, Unreadable) else ""


def _answered(facts: Facts, holder: Holder, line: tuple[Held, ...]) -> Answered:
    return tuple(facts.permissions.own(holder, held) for held in line)
