"""Ways in which a principal can get more than it has. `facts.escalation` is the account; `paths` is the catalogue.

escalations(role, facts)     what holds on a role or user: live, conditional on keys, or blocked by a guardrail
reaches_admin(role, facts)   the hops by which it ends at an administrator
ACTIONS                      every action that a path names
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from collectors.records import Role, User
from findings.analysis.escalation import paths
from findings.analysis.escalation.model import Category, Escalation, Path
from findings.analysis.escalation.reach import Hop

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

__all__ = ["ACTIONS", "Category", "Escalation", "Hop", "Path", "escalations", "reaches_admin"]

ACTIONS = paths.actions()


def escalations(principal: Role | User, facts: Facts) -> tuple[Escalation, ...]:
    return facts.escalation.escalations(principal)


def reaches_admin(principal: Role | User, facts: Facts) -> tuple[Hop, ...] | None:
    return facts.escalation.reaching.way(principal)
