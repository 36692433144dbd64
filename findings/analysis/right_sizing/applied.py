"""Whether a principal now has what a proposal said, by effect: an operator may have named or cut the policies otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from collectors.records import Role, User
from findings.analysis.facts import Facts
from findings.policy.compiled import Compiled, compile_document, union
from findings.policy.document import Unreadable, read
from findings.policy.within import beyond, spared

TOLD = 8


@dataclass(frozen=True, slots=True)
class Comparison:
    """confirmed None: it cannot be told. detail: a sentence for the operator. more: allowed now beyond the proposal; less: in
    the proposal and not allowed now."""

    confirmed: bool | None
    detail: str
    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()


def compare(
    principal: Role | User, documents: Iterable[dict[str, Any]], facts: Facts, boundary: bool = False
) -> Comparison:
    """documents: the proposal's, for its identity policies or its permissions boundary."""
    permissions = facts.permissions
    if unknown := permissions.unknown(principal):
        return Comparison(None, f"Its permissions are not known: {unknown}.")
    proposed = []
    for document in documents:
        found = read(document)
        if isinstance(found, Unreadable):
            return Comparison(None, f"The proposal cannot be read: {found.reason}.")
        proposed.append(compile_document(found, permissions.catalogue, facts.snapshot.account_id))
    limit = permissions.library.boundary(principal)
    if boundary and limit is None:
        return Comparison(False, "It has no permissions boundary.")
    held = [limit] if boundary and limit else permissions.library.of(principal)
    return _compared(union(one.compiled for one in held), union(proposed), facts)


def _compared(now: Compiled, proposed: Compiled, facts: Facts) -> Comparison:
    members = facts.permissions.catalogue.members
    more = members(beyond(now, proposed)) + sorted(_unknown(now) - _unknown(proposed))
    less = members(beyond(proposed, now)) + sorted(_unknown(proposed) - _unknown(now))
    if denied_no_more := members(spared(now, proposed)):
        return Comparison(
            False, f"A Deny of the proposal is missing, for {_some(denied_no_more)}.", tuple(more), tuple(less)
        )
    if more:
        return Comparison(False, f"More is allowed than was proposed: {_some(more)}.", tuple(more), tuple(less))
    if less:
        return Comparison(True, f"Even less is allowed than was proposed: {_some(less)} are missing.", (), tuple(less))
    return Comparison(True, "Its policies allow what was proposed.")


def _unknown(compiled: Compiled) -> frozenset[str]:
    """Of an Allow, what the catalogue does not know; compared as it is written."""
    allowed = {p for c in compiled.clauses if c.statement.allows for p in c.statement.actions or ()}
    return frozenset(p.lower() for p in compiled.unknown_actions if p in allowed)


def _some(actions: list[str]) -> str:
    said = ", ".join(actions[:TOLD])
    return f"{said} and {len(actions) - TOLD} more" if len(actions) > TOLD else said
