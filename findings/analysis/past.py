"""The account's roles, users, groups and policies as they were two weeks ago, from our own inventory's versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import msgspec

from collectors.records import Entity, Group, Policy, Role, User

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

E = TypeVar("E", bound=Entity)


class Past:
    def __init__(self, facts: Facts) -> None:
        self._now = facts
        self._before = facts.snapshot.before

    def unknown(self) -> str:
        """Why it is not known what was; "" when it is."""
        before = self._before
        if before is None:
            return "what it was two weeks ago is not known: files have no history"
        if before.since is None or before.since > before.at:
            since = f"on {before.since:%Y-%m-%d}" if before.since else "now"
            return f"what it was two weeks ago is not known: the inventory of the account begins {since}"
        return ""

    def was(self, entity: Role | User | Group | Policy) -> Entity | None:
        """The entity as it was, if it was other than now."""
        return self._by_id.get(entity.unique_id)

    def until(self, entity: Entity) -> datetime | None:
        """When we last saw it as it was."""
        return self._before.until.get(entity.unique_id) if self._before else None

    def new(self, entity: Entity) -> bool:
        """Whether it was made since."""
        return self._before is not None and entity.created_at > self._before.at

    @cached_property
    def _by_id(self) -> Mapping[str, Entity]:
        before = self._before
        if before is None:
            return {}
        return {one.unique_id: one for one in (*before.roles, *before.users, *before.groups, *before.policies)}

    @cached_property
    def facts(self) -> Facts:
        """Facts in which a holder as it was can be asked for its permissions: the policies and groups of today, and those
        that have gone since. What changed in them is told of them, not of who has them."""
        snapshot, before = self._now.snapshot, self._before
        if before is not None:
            snapshot = msgspec.structs.replace(
                snapshot,
                groups=_with_gone(snapshot.groups, before.groups),
                policies=_with_gone(snapshot.policies, before.policies),
                before=None,
            )
        return type(self._now)(snapshot, self._now.settings, self._now.guardrails)


def _with_gone(present: Iterable[E], was: Iterable[E]) -> tuple[E, ...]:
    """By ARN: a policy that was deleted and made again is there."""
    there = tuple(present)
    arns = {one.arn for one in there}
    return (*there, *(one for one in was if one.arn not in arns))
