"""Whose permissions, or whose door, a change makes wider."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from findings.analysis.facts import Facts
from findings.policy.catalogue import Level, catalogue

SHOWN = 12
GRAVE = (Level.PERMISSIONS, Level.WRITE, Level.TAGGING, Level.READ, Level.LIST, Level.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Widening:
    """kind: role, user, group. new: it is not there yet. gained: level -> how many actions it may use that it could not;
    examples: the gravest of them. unscoped: how many of those it had become free of their resources. admits: who may
    newly assume the role. unknown: why its new permissions cannot be told."""

    kind: str
    name: str
    arn: str
    new: bool
    gained: dict[str, int]
    examples: tuple[str, ...]
    unscoped: int
    admits: tuple[str, ...]
    unknown: str = ""


def widenings(before: Facts, after: Facts) -> Iterator[Widening]:
    for kind, olds, news in (
        ("role", before.snapshot.roles, after.snapshot.roles),
        ("user", before.snapshot.users, after.snapshot.users),
        ("group", before.snapshot.groups, after.snapshot.groups),
    ):
        known = {one.unique_id: one for one in olds}
        for holder in news:
            found = _widening(kind, known.get(holder.unique_id), holder, before, after)
            if found.gained or found.unscoped or found.admits or found.unknown:
                yield found


def _widening(kind: str, old: Any, new: Any, before: Facts, after: Facts) -> Widening:
    actions, now = catalogue(), after.permissions.reach(new)
    then = before.permissions.reach(old) if old is not None else None
    gained = now.upper & ~then.upper if then else now.upper
    unscoped = now.wide & ~then.wide & then.upper if then else 0
    unknown = after.permissions.unknown(new)
    if old is not None and before.permissions.unknown(old) == unknown:
        unknown = ""
    counts = {level.value: (gained & actions.levels[level]).bit_count() for level in GRAVE}
    gravest = [name for level in GRAVE for name in actions.members(gained & actions.levels[level])[:SHOWN]]
    return Widening(
        kind,
        new.name,
        new.arn,
        old is None,
        {level: n for level, n in counts.items() if n},
        tuple(gravest[:SHOWN]),
        unscoped.bit_count(),
        tuple(sorted(_doors(after, new) - _doors(before, old))) if kind == "role" else (),
        unknown,
    )


def _doors(facts: Facts, role: Any) -> set[str]:
    """The principals that the role's trust policy names in an Allow."""
    if role is None:
        return set()
    trust = facts.document(role.trust)
    statements: Iterable[Any] = getattr(trust, "statements", ())
    found: set[str] = set()
    for statement in statements:
        if statement.allows and (named := statement.principals):
            found.update(named.aws, named.service, named.federated, named.canonical_user)
            found.update(("*",) if named.anyone else ())
    return found
