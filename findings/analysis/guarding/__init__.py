"""What each guardrail of an account really blocks: actions that some role or user would otherwise have, and has not because of
it. Of SCPs, RCPs and permissions boundaries, by operations on sets of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from findings.analysis import ceiling
from findings.analysis.guarding.effects import effects
from findings.analysis.guarding.model import Effect, Guarding, Part, Place
from findings.analysis.guarding.subjects import bound

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

__all__ = ["Effect", "Guarding", "Part", "Place", "guarding"]


def guarding(facts: Facts) -> Guarding:
    """Raises nothing for what documents say. Of a layer that is not visible there are no effects: see `facts.guardrails`."""
    holders = bound(facts)
    limiting = ceiling.limiting(facts)
    return Guarding(
        effects(facts, holders),
        holders=len(holders),
        bounded=sum(bool(holder.boundary) for holder in holders),
        unread=sum(bool(facts.permissions.unknown(holder)) for holder in holders),
        limited=None if limiting is None else bool(limiting) or (None if ceiling.unread(facts) else False),
    )
