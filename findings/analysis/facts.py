"""What the rules read: a snapshot with its indexes, ages as of one moment, and what is missing. No Django, no clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeVar

import msgspec

from collectors import records
from collectors.records import State
from findings.analysis.classify import kind_of_role, kind_of_user
from findings.analysis.kinds import KindOf, Overrides
from findings.policy.document import Document, Unreadable, read

SAME_ENTITY = timedelta(minutes=1)
T = TypeVar("T")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What an organization decides; the defaults are RULES.md's. All `_days` are whole days, and "older" means
    strictly older.

    kinds: ARN or unique id of a role or user -> kind, decided by an operator.
    """

    unused_days: int = 90
    credential_days: int = 45
    rotation_days: int = 90
    rotation_high_days: int = 365
    never_used_grace_days: int = 7
    kinds: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class AccountSubject:
    """The account itself as a subject; its ARN is that of its root user, as IAM writes it."""

    unique_id: str
    name: str
    arn: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A source that did not give its full answer. state None: it was never asked."""

    api: str
    state: State | None
    region: str = ""
    permission: str = ""

    def __str__(self) -> str:
        """A sentence that stays the same while the gap does, so error texts and times are not in it."""
        where = f" in {self.region}" if self.region else ""
        return f"{self.api}{where} {_STATE_WORDS[self.state].format(permission=self.permission or self.api)}"


_STATE_WORDS: Mapping[State | None, str] = {
    None: "was not collected",
    State.COMPLETE: "is complete",
    State.PARTIAL: "was read in part",
    State.DENIED: "was denied; it needs the permission {permission}",
    State.BLOCKED_BY_SCP: "was blocked by a service control policy, although {permission} may be granted",
    State.THROTTLED: "was throttled",
    State.ERROR: "failed",
    State.NOT_APPLICABLE: "does not apply here",
}


class Facts:
    """One account as of `snapshot.as_of`. Look-ups return None for what is not there; `gaps` says whether it was
    looked for."""

    def __init__(self, snapshot: records.Snapshot, settings: Settings | None = None) -> None:
        self.snapshot = snapshot
        self.settings = settings or Settings()
        self.as_of = snapshot.as_of

    @cached_property
    def account(self) -> AccountSubject:
        s = self.snapshot
        return AccountSubject(s.account_id, s.name or s.account_id, f"arn:{s.partition}:iam::{s.account_id}:root")

    @cached_property
    def summary(self) -> Mapping[str, int] | None:
        """GetAccountSummary's SummaryMap."""
        return next((d.summary for d in self.snapshot.details), None)

    @cached_property
    def user_by_arn(self) -> Mapping[str, records.User]:
        return {u.arn: u for u in self.snapshot.users}

    @cached_property
    def policy_by_arn(self) -> Mapping[str, records.Policy]:
        return {p.arn: p for p in self.snapshot.policies}

    @cached_property
    def keys_by_user_arn(self) -> Mapping[str, tuple[records.AccessKey, ...]]:
        return _grouped((k.user_arn, k) for k in self.snapshot.keys)

    @cached_property
    def credential_by_arn(self) -> Mapping[str, records.Credential]:
        return {c.unique_id: c for c in self.snapshot.credentials}

    @cached_property
    def root_credential(self) -> records.Credential | None:
        return next((c for c in self.snapshot.credentials if c.is_root), None)

    def credential(self, user: records.User) -> records.Credential | None:
        """The user's row of the credential report. None: the report was made before the user, or before a user of
        that name was deleted and made again (its row then tells of the earlier one)."""
        row = self.credential_by_arn.get(user.arn)
        return row if row and row.created_at >= user.created_at - SAME_ENTITY else None

    def keys(self, user: records.User) -> tuple[records.AccessKey, ...]:
        return self.keys_by_user_arn.get(user.arn, ())

    def document(self, digest: str) -> Document | Unreadable:
        """A policy document by digest; each is read once."""
        if digest not in self._documents:
            if digest in self.snapshot.documents:
                self._documents[digest] = read(self.snapshot.documents[digest])
            else:
                self._documents[digest] = Unreadable("the document was not collected")
        return self._documents[digest]

    @cached_property
    def _documents(self) -> dict[str, Document | Unreadable]:
        return {}

    def kind(self, principal: records.Role | records.User) -> KindOf:
        """The declared kind of a role or user (analysis/kinds.py)."""
        overrides: Overrides = self.settings.kinds
        if isinstance(principal, records.Role):
            return kind_of_role(principal, self.document(principal.trust), overrides, self._users_with_password)
        return kind_of_user(principal, self.credential(principal), self.keys(principal), overrides)

    @cached_property
    def _users_with_password(self) -> frozenset[str]:
        return frozenset(c.unique_id for c in self.snapshot.credentials if c.password_enabled and not c.is_root)

    def older(self, moment: datetime, days: int) -> bool:
        """Whether `moment` is more than `days` days before as_of."""
        return self.as_of - moment > timedelta(days=days)

    def complete(self, api: str) -> bool:
        return not self.gaps((api,))

    def gaps(self, needs: Iterable[str], any_of: Iterable[str] = ()) -> tuple[Gap, ...]:
        """What is missing of `needs`, and of `any_of` if none of those is complete."""
        missing = [gap for api in needs for gap in self._gaps_of(api)]
        choices = [self._gaps_of(api) for api in any_of]
        if choices and all(choices):
            missing += [gap for gaps in choices for gap in gaps]
        return tuple(missing)

    def _gaps_of(self, api: str) -> list[Gap]:
        rows = self._coverage.get(api, ())
        if not rows:
            return [Gap(api, None)]
        short = [r for r in rows if r.state not in (State.COMPLETE, State.NOT_APPLICABLE)]
        if not short and not any(r.state is State.COMPLETE for r in rows):
            short = list(rows)
        return [Gap(api, r.state, r.region, r.permission) for r in short]

    @cached_property
    def _coverage(self) -> Mapping[str, tuple[records.Coverage, ...]]:
        return _grouped((c.api, c) for c in sorted(self.snapshot.coverage, key=lambda c: c.region))


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    groups: defaultdict[str, list[T]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return {key: tuple(values) for key, values in groups.items()}
