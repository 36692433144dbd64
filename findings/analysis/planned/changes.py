"""What a plan would do to an account's identities, in the words of IAM whatever tool wrote the plan. Plain data.

A value that nobody can tell yet is `Later`, with the place that it stands at. It is carried to the draft, where it makes a
document or an attachment unknown: never absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class PlanError(Exception):
    """The file is no plan that we can read. str(error) says what is wrong and what to do."""


class HolderKind(StrEnum):
    ROLE = "role"
    USER = "user"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Later:
    """at: where in the plan. why: the end of the sentence."""

    at: str
    why: str = "is known only after the apply"

    def __str__(self) -> str:
        return f"{self.at} {self.why}"


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
class PutProfile:
    """An instance profile that carries a role."""

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class AddKey:
    """A new access key of a user. address: its place in the plan stands for the id that it has not got yet."""

    user: str
    address: str


Lasting = PutHolder | PutPolicy | PutInline | Attach | Join | PutProfile  # what a later plan can take away again


@dataclass(frozen=True, slots=True)
class Remove:
    """Undo one of the others. For holders and policies only their identity counts."""

    what: Lasting


Change = Lasting | AddKey | Remove


@dataclass(frozen=True, slots=True)
class Plan:
    """changes: in no order; removals are applied first.

    Sentences: unresolved, about what stays unknown; not_understood, about parts that may change identities in ways that we
    cannot read; assumed, about what was taken for granted. passed_over: types of resources that are no identities.
    """

    changes: tuple[Change, ...]
    unresolved: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()


def hole(value: Any) -> Later | None:
    """A thing in a value that is not known yet."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Later):
            return one
        waiting += one.values() if isinstance(one, Mapping) else one if isinstance(one, list | tuple) else ()
    return None
