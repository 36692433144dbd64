"""What an escalation path is, as data, and what is said of one on a principal. The ids and categories of the paths are those
of the public pathfinding catalogue (https://pathfinding.cloud); "iamdash-..." are our own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Literal

from findings.policy.evaluate import By, Layer

State = Literal["live", "conditional", "blocked"]


class Category(StrEnum):
    SELF = "self-escalation"
    ACCESS = "principal-access"
    NEW = "new-passrole"
    EXISTING = "existing-passrole"


class On(StrEnum):
    """What a step is done on; the words say it of a step's resource.

    The target is what the path's prerequisite names: the role that is passed, the user that gets a key, the caller itself.
    """

    TARGET = "the target"
    POLICY = "a policy that hangs on the target"
    PASSED = "the target, passed to the service"
    ASSUMED = "the target, whose trust admits the caller"
    TAKEN = "the target, once its trust was rewritten"  # its trust then names the caller: only a Deny stops it
    NEW = "something new, that the caller names"
    EXISTING = "something that runs with the target"  # which one is not collected, so it must be allowed on any


class Needs(StrEnum):
    """What must be there besides the permissions. "Stronger": an administrator, or one that can make itself one, or with
    far wider writes, and more than the caller (see strength.py)."""

    SELF_ROLE = "the caller is a role"
    SELF_USER = "the caller is a user"
    OWN_POLICY = "a customer-managed policy hangs on the caller or on a group of it"
    OWN_VERSION = "a policy of the caller has an older, stronger version"
    OWN_GROUP = "the caller is in a group"
    OWN_BOUNDARY = "only its boundary keeps the caller from more"
    OWN_BOUNDARY_POLICY = "only its customer-managed boundary keeps the caller from more"
    GROUP = "a stronger group"
    USER_WITH_ROOM = "a stronger user with fewer than two access keys"
    USER_WITH_KEYS = "a stronger user with two access keys"
    USER_WITHOUT_PASSWORD = "a stronger user without a password"  # noqa: S105 - a sentence
    USER_WITH_PASSWORD = "a stronger user with a password"  # noqa: S105 - a sentence
    ANY_USER = "another user with fewer than two access keys"
    NEW_USER = "nothing"
    ROLE = "a stronger role"
    TRUSTING_ROLE = "a stronger role whose trust admits the caller"
    ANY_TRUSTING_ROLE = "a role whose trust admits the caller"
    POLICY_OF_TRUSTING_ROLE = "a customer-managed policy hangs on a role whose trust admits the caller"
    ANY_ROLE = "another role"
    POLICY_OF_ROLE = "a customer-managed policy hangs on another role"
    NEW_ROLE = "nothing but a name"
    PASSED_ROLE = "a stronger role that trusts the service"
    RUNNING_ROLE = "a stronger role that trusts the service, and something that runs with it"


@dataclass(frozen=True, slots=True)
class Step:
    """at, for NEW and EXISTING: the form of the ARN with {name}, {region}, {account}, {partition}; "*": the action takes no
    resource."""

    action: str
    on: On
    at: str = "*"


@dataclass(frozen=True)
class Path:
    """how: what the caller does, after "It"; {target} stands for the name of what it gains."""

    id: str
    category: Category
    needs: Needs
    how: str
    steps: tuple[Step, ...]
    services: tuple[str, ...] = ()

    @cached_property
    def actions(self) -> tuple[str, ...]:
        """What the caller must be allowed. Taking a role whose trust now names the caller needs no permission."""
        return tuple(dict.fromkeys(step.action for step in self.steps if step.on is not On.TAKEN))

    @cached_property
    def making(self) -> tuple[Step, ...]:
        """The steps on what the path needs besides its target."""
        return tuple(step for step in self.steps if step.on in (On.NEW, On.EXISTING))

    @cached_property
    def made_by(self) -> tuple[str, ...]:
        """The actions of these."""
        return tuple(dict.fromkeys(step.action for step in self.making))

    @cached_property
    def gaining(self) -> tuple[Step, ...]:
        """The other steps."""
        return tuple(step for step in self.steps if step not in self.making)

    @cached_property
    def passes(self) -> bool:
        """Whether what the caller makes gets a role."""
        return self.category is Category.NEW and any(step.on is On.PASSED for step in self.steps)


@dataclass(frozen=True, slots=True)
class Escalation:
    """What holds of one path on one principal.

    target: ARN of what is gained, or changed to gain. keys: condition keys that must hold for it. by: what blocks it. unseen:
    what would have to be there, and is in no source we read. how: a sentence. strength: of what is gained, see strength.py.
    """

    path: Path
    state: State
    target: str
    how: str
    keys: tuple[str, ...] = ()
    by: tuple[By, ...] = ()
    unseen: tuple[str, ...] = ()
    strength: int = 0

    @property
    def refused(self) -> bool:
        """Whether a Deny in the principal's own policies is among what blocks it: it was never given."""
        return any(by.layer is Layer.IDENTITY for by in self.by)
