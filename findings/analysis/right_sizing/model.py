"""A proposal: smaller policies in place of a principal's, with all that an operator needs to believe them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from collectors import records
from findings.policy import render
from findings.policy.catalogue import Level
from findings.policy.render import Change, Json, NewPolicy


@dataclass(frozen=True, slots=True)
class Removed:
    """Actions of one service and access level that the proposal takes away. service: prefix. why: what was seen."""

    service: str
    level: Level
    actions: tuple[str, ...]
    why: str

    @property
    def count(self) -> int:
        return len(self.actions)


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays because nobody can see whether it is used. what: a service prefix, or patterns of actions. service: the one
    that an operator may give up, "" where that cannot be."""

    what: str
    count: int
    why: str
    service: str = ""


@dataclass(frozen=True, slots=True)
class Star:
    """Why some actions of a statement stand on every resource. policy: name of the new one; statement: 1 for the first."""

    policy: str
    statement: int
    actions: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Actions that stay on what they were used on only. resources: ARNs, or patterns where they are many."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """What the policy engine says of the proposal. ok None: it could not tell."""

    name: str
    ok: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class PolicyDiff:
    """One present policy as it is and as the proposal writes it. text: unified, "" when nothing changes."""

    policy: str
    text: str


@dataclass(frozen=True, slots=True)
class NoProposal:
    """Why there is none, and what would help ("" where nothing has to)."""

    reason: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Spare:
    """A proposal's numbers without the proposal. granted: actions that its policies allow; removable: those of them that would
    go; unseen: those that stay because nobody can see whether they are used."""

    granted: int
    removable: int
    unseen: int


@dataclass(frozen=True)
class Proposal:
    """principals: unique id -> name, one for a role or user, several for a boundary. since: from when on use was watched.

    granted: how many actions were allowed on something. lost_patterns: what is no longer allowed on anything, in short.
    gone: unique id -> services that it loses as a whole, so that an attempt in Access Advisor is one at what was taken away.
    unchanged: the policies are already as small as what is known allows. by_service: why actions are judged by their service
    alone; "" when calls tell of each. narrowed: what was granted on everything and stays on what was used. data: services that
    the trail shows data events of, so that the operator may say that it records them all.
    """

    principals: Mapping[str, str]
    as_of: datetime
    window_days: int
    since: datetime
    change: Change
    removed: tuple[Removed, ...]
    granted: int
    lost_patterns: tuple[str, ...]
    gone: Mapping[str, tuple[str, ...]]
    kept_unseen: tuple[Kept, ...]
    stars: tuple[Star, ...]
    risks: tuple[str, ...]
    checks: tuple[Check, ...]
    diffs: tuple[PolicyDiff, ...]
    unchanged: bool = False
    by_service: str = ""
    narrowed: tuple[Narrowed, ...] = ()
    data: tuple[str, ...] = ()

    @property
    def documents(self) -> tuple[NewPolicy, ...]:
        return self.change.new

    @cached_property
    def digest(self) -> str:
        """The same for the same documents of the same principals; their names do not matter."""
        return records.digest([sorted(self.principals), [policy.document for policy in self.documents]])

    @property
    def sound(self) -> bool:
        """Whether no check failed: one that did is a reason not to apply it as it is."""
        return all(check.ok is not False for check in self.checks)

    @property
    def narrowed_patterns(self) -> tuple[str, ...]:
        return tuple(sorted({action for one in self.narrowed for action in one.actions}))

    @property
    def lost(self) -> tuple[str, ...]:
        """Actions that are no longer allowed on anything."""
        return tuple(action for removed in self.removed for action in removed.actions)

    def as_json(self) -> dict[str, Json]:
        return {policy.name: policy.document for policy in self.documents}

    def terraform(self) -> str:
        return render.terraform(self.change)

    def cli(self) -> str:
        return render.cli(self.change)

    def rollback(self) -> str:
        return render.rollback(self.change)
