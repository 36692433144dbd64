"""What a role or user may do on everything, of some actions: granted, left after guardrails, and what took the rest."""

from __future__ import annotations

from dataclasses import dataclass

from collectors.records import Role, User
from findings.analysis.facts import Facts
from findings.analysis.limits import takers
from findings.policy.compiled import effective


@dataclass(frozen=True, slots=True)
class Everywhere:
    """granted, left: masks; left is what boundary and SCPs leave of granted. by: the guardrails that took what is missing."""

    granted: int
    left: int
    by: tuple[str, ...] = ()

    @property
    def mostly_blocked(self) -> bool:
        return 2 * self.left.bit_count() <= self.granted.bit_count()


def everywhere(holder: Role | User, mask: int, facts: Facts) -> Everywhere:
    identity = facts.permissions.sets(holder)
    granted = effective(identity, None, ()).wide & mask
    if not granted:
        return Everywhere(0, 0)
    left = facts.permissions.reach(holder).wide & mask
    return Everywhere(granted, left, tuple(takers(holder, granted, facts)) if granted & ~left else ())
