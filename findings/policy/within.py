"""Whether what one set of policies allows is within what another allows, statement by statement: resources and conditions
too, which sets of actions alone do not tell."""

from __future__ import annotations

from findings.policy.compiled import Clause, Compiled
from findings.policy.document import Condition
from findings.policy.patterns import covers


def beyond(inner: Compiled, outer: Compiled) -> int:
    """Actions that some Allow of `inner` grants on resources, or under conditions, where no single Allow of `outer` does.

    Denies are not looked at (`spared`). It may name an action that several statements of `outer` cover together, and never
    leaves one out.
    """
    return _uncovered(_clauses(inner, True), _clauses(outer, True))


def spared(inner: Compiled, outer: Compiled) -> int:
    """Actions that a Deny of `outer` takes where no single Deny of `inner` does."""
    return _uncovered(_clauses(outer, False), _clauses(inner, False))


def _clauses(compiled: Compiled, allows: bool) -> list[Clause]:
    return [clause for clause in compiled.clauses if clause.statement.allows is allows]


def _uncovered(wanted: list[Clause], covering: list[Clause]) -> int:
    found = 0
    for clause in wanted:
        left = clause.may
        for other in covering:
            if left & other.mask and _as_loose(other, clause) and _as_wide(other, clause):
                left &= ~other.mask
        found |= left
    return found


def _as_loose(outer: Clause, inner: Clause) -> bool:
    """Whether the outer statement asks for nothing that the inner one does not ask for."""
    return _asked(outer.statement.conditions) <= _asked(inner.statement.conditions)


def _asked(conditions: tuple[Condition, ...]) -> frozenset[tuple[str, str, frozenset[str]]]:
    return frozenset((c.operator.lower(), c.key.lower(), frozenset(c.values)) for c in conditions)


def _as_wide(outer: Clause, inner: Clause) -> bool:
    """Whether the outer statement stands on all that the inner one stands on."""
    one, other = outer.statement, inner.statement
    if one.resources is not None and "*" in one.resources:
        return True
    if one.not_resources is not None or other.not_resources is not None:
        return one.resources == other.resources and one.not_resources == other.not_resources
    if one.resources is None or other.resources is None:
        return one.resources == other.resources
    return all(any(covers(wide, narrow) for wide in one.resources) for narrow in other.resources)
