"""What is known of those who assume roles: those of the account, and those of other accounts.

Who of another account called is told to an account by id only. Its name, its kind, and who was behind it, only that other
account's inventory and events tell: they make a verdict surer, and are named only to whom that account is shown
(docs/decisions/0009).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from collectors.records import Assumption, Role, User
from findings.analysis.kinds import Confidence, Kind

if TYPE_CHECKING:
    from findings.analysis.facts import Facts


class Known(Protocol):
    def arn(self, unique_id: str) -> str:
        """Of a role or user by its unique id; "" for one that is not known."""

    def kind(self, caller: str) -> tuple[Kind, Confidence] | None:
        """Of a caller by ARN, with or without the path; None for one that is not known."""


class OfAccount:
    """The account's own roles and users."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def arn(self, unique_id: str) -> str:
        return self._by_id.get(unique_id, "")

    def kind(self, caller: str) -> tuple[Kind, Confidence] | None:
        principal = self._facts.principal_by_arn.get(caller) or self._by_plain.get(plain(caller))
        return self._facts.kind(principal)[:2] if principal else None

    @cached_property
    def _by_id(self) -> Mapping[str, str]:
        snapshot = self._facts.snapshot
        return {one.unique_id: one.arn for one in (*snapshot.roles, *snapshot.users)}

    @cached_property
    def _by_plain(self) -> Mapping[str, Role | User]:
        return {plain(role.arn): role for role in self._facts.snapshot.roles}


@dataclass(frozen=True, slots=True)
class Foreigner:
    """A role or user of another account. kind None: that account was not judged yet."""

    arn: str
    kind: Kind | None = None
    confidence: Confidence = Confidence.LOW


@dataclass(frozen=True)
class Elsewhere:
    """What other accounts tell of who stands behind callers: their assumptions, and their roles and users by unique id."""

    assumptions: tuple[Assumption, ...] = ()
    known: Mapping[str, Foreigner] = field(default_factory=dict)

    def arn(self, unique_id: str) -> str:
        found = self.known.get(unique_id)
        return found.arn if found else ""

    def kind(self, caller: str) -> tuple[Kind, Confidence] | None:
        found = self._by_plain.get(plain(caller))
        return (found.kind, found.confidence) if found and found.kind else None

    @cached_property
    def _by_plain(self) -> Mapping[str, Foreigner]:
        return {plain(one.arn): one for one in self.known.values()}


NOTHING = Elsewhere()


def role_of(arn: str) -> str:
    """arn:aws:sts::1:assumed-role/app/name -> arn:aws:iam::1:role/app; others as they are."""
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[5].startswith("assumed-role/"):
        return f"{parts[0]}:{parts[1]}:iam::{parts[4]}:role/{parts[5].split('/')[1]}"
    return arn


def plain(arn: str) -> str:
    """A role's ARN without its path, which sessions' ARNs lack (AWS.md 25)."""
    head, found, rest = arn.partition(":role/")
    return f"{head}{found}{rest.rpartition('/')[2]}" if found else arn
