"""One guardrail by itself, as it is for some callers: what it takes always, under conditions, and on some resources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from findings.policy.compiled import Clause, Compiled


@dataclass(frozen=True, slots=True, repr=False)
class Limit:
    """key: which effect it belongs to. taken, conditional, partly have no action in common. denies: its Deny statements by
    their numbers; allows: the Allow statements whose conditions are of account."""

    key: str
    taken: int
    conditional: int
    partly: int
    denies: tuple[tuple[int, Clause], ...]
    allows: tuple[Clause, ...] = ()


def limit_of(key: str, whole: Compiled, own: Compiled, everything: int, *, alone: bool, within: int = -1) -> Limit:
    """whole: the document; own: as it is for the callers. alone: what it does not allow is blocked too, as by a boundary.
    within: the actions that it can bind at all."""
    denies = tuple((number, clause) for number, clause in numbered(whole, own) if not clause.statement.allows)
    conditional = _any(clause.may for _, clause in denies if clause.statement.conditions)
    partly = _any(clause.may for _, clause in denies if not clause.statement.conditions)
    taken = own.deny_sure
    allows: tuple[Clause, ...] = ()
    if alone:
        allows = tuple(clause for clause in own.clauses if clause.statement.allows and clause.statement.conditions)
        taken |= everything & ~own.allow
        plain = _any(c.may for c in own.clauses if c.statement.allows and not c.statement.conditions)
        narrow = own.allow & ~own.allow_sure
        conditional, partly = conditional | (narrow & ~plain), partly | (narrow & plain)
    taken, conditional, partly = taken & within, conditional & within, partly & within
    return Limit(key, taken, conditional & ~taken, partly & ~taken & ~conditional, denies, allows)


def numbered(whole: Compiled, own: Compiled) -> Iterator[tuple[int, Clause]]:
    """The clauses as they are for a caller, by the numbers of the document's statements: those whose conditions do not hold
    for it are gone, and those whose conditions do have none."""
    left = iter(own.clauses)
    current = next(left, None)
    for number, clause in enumerate(whole.clauses, 1):
        if current is not None and (current is clause or current is clause.met):
            yield number, current
            current = next(left, None)


def _any(masks: Iterable[int]) -> int:
    together = 0
    for mask in masks:
        together |= mask
    return together
