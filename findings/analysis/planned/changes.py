"""What a plan would do to an account's identities, in the words of IAM whatever tool wrote the plan. Plain data.

A value that only the apply will tell is `Later`, with the address of what tells it. It is carried to the draft, where it
makes a document or an attachment unknown: never absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class PlanError(Exception):
    """The file is no plan that we can read. str(error) names it and says what to do."""


class HolderKind(StrEnum):
    ROLE = "role"
    USER = "user"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Later:
    """Known only after the apply. at: where in the plan."""

    at: str

    def __str__(self) -> str:
        return f"{self.at} is known only after the apply"


@dataclass(frozen=True, slots=True)
class Holder:
    kind: HolderKind
    name: str


@dataclass(frozen=True, slots=True)
class PutHolder:
    """Create a role, user or group, or change it. None: as it is now, or AWS's default. boundary "": taken away.

    trust: the parsed document. inline, attached: when not None, exactly these (a tool that manages them all).
    """

    holder: Holder
    path: str = "/"
    trust: Any = None
    boundary: str | Later | None = None
    tags: Mapping[str, str] | None = None
    max_session_seconds: int | None = None
    inline: Mapping[str, Any] | None = None
    attached: tuple[str | Later, ...] | None = None


@dataclass(frozen=True, slots=True)
class PutPolicy:
    """Create a managed policy or give it a new default version."""

    arn: str
    name: str
    path: str
    document: Any


@dataclass(frozen=True, slots=True)
class PutInline:
    holder: Holder
    name: str
    document: Any


@dataclass(frozen=True, slots=True)
class Attach:
    holder: Holder
    policy: str | Later


@dataclass(frozen=True, slots=True)
class Join:
    user: str
    group: str


@dataclass(frozen=True, slots=True)
class AddKey:
    """A new access key of a user. address: its place in the plan stands for the id that it has not got yet."""

    user: str
    address: str


Lasting = PutHolder | PutPolicy | PutInline | Attach | Join  # what a later plan can take away again


@dataclass(frozen=True, slots=True)
class Remove:
    """Undo one of the others. For holders and policies only their identity counts."""

    what: Lasting


Change = PutHolder | PutPolicy | PutInline | Attach | Join | AddKey | Remove


@dataclass(frozen=True, slots=True)
class Plan:
    """changes: in no order; removals are applied first. unresolved: sentences about what stays unknown. passed_over: types
    of resources that are no IAM identity or policy, and so were not looked at."""

    changes: tuple[Change, ...]
    unresolved: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = field(default=())
