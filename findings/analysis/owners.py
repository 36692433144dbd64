"""Who answers for an account: the nearest of what operators said, or what the account's own tag says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from findings.analysis.places import Scope, Standing


@dataclass(frozen=True)
class Owning:
    """name: a person or team, contact: an e-mail or channel; both "" where the scope is the account's own tag."""

    scope: Scope
    target: str
    name: str
    contact: str = ""


@dataclass(frozen=True)
class Owned:
    """The owner of one account, and where that is said."""

    name: str
    contact: str
    source: str


def owner_of(standing: Standing, owners: Iterable[Owning]) -> Owned | None:
    """Of two groups or tags that say different owners, the one whose name comes first in the alphabet, so that it stays."""
    ranked = [(rank, one) for one in owners if (rank := standing.rank(one.scope, one.target)) is not None]
    if not ranked:
        return None
    best = max(rank for rank, _ in ranked)
    one = min((one for rank, one in ranked if rank == best), key=lambda one: (one.name, one.target))
    name = (standing.place.tags or {})[one.target] if one.scope is Scope.OWN_TAG else one.name
    return Owned(name, one.contact, standing.words(one.scope, one.target))
