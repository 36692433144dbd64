"""Whether SCPs leave the root user of a member account what makes it dangerous."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from findings.analysis import admin
from findings.analysis.guarding.outside import root_user
from findings.analysis.guarding.subjects import readable
from findings.analysis.personal import Personal
from findings.policy.compiled import Compiled, effective, masks

if TYPE_CHECKING:
    from findings.analysis.facts import Facts


def root_held_back(facts: Facts) -> tuple[str, ...]:
    """The SCPs that keep root from administering the account, "SCP deny-root at Root"; () when it still may, or when nobody
    knows."""
    everything = facts.permissions.catalogue.all
    root = Compiled(allow=everything, allow_sure=everything, wide=everything)
    limits = list(_limits(facts, everything))
    if admin.enough(effective(root, None, (limit for _, limit in limits))):
        return ()
    strong = admin.measure().strong
    return tuple(words for words, limit in limits if strong & ~effective(root, None, (limit,)).wide)


def _limits(facts: Facts, everything: int) -> Iterator[tuple[str, Compiled]]:
    """Each SCP's denies, and what the SCPs of each level allow."""
    personal, caller = Personal(), root_user(facts)
    levels = zip(facts.guardrails.scp or (), facts.permissions.library.levels or (), strict=True)
    for level, row in levels:
        found = [(held, personal.resolved(caller, held)) for held in row]
        for held, own in found:
            yield (
                f"SCP {held.named.name} at {level.name}",
                Compiled(everything, everything, own.deny, own.deny_sure, everything, own.deny_wide),
            )
        if all(map(readable, row)):  # one that nobody can read may allow anything
            allowed = masks(own for _, own in found)
            yield f"what the SCPs at {level.name} allow", Compiled(allowed.allow, allowed.allow_sure, wide=allowed.wide)
