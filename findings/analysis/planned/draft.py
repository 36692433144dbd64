"""A snapshot as it would be after a plan. Entities that a plan makes get ids of their own ("planned:...") and the age zero."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from collectors import records
from findings.analysis.planned.changes import (
    AddKey,
    Attach,
    Change,
    Holder,
    HolderKind,
    Join,
    Lasting,
    Later,
    Plan,
    PutHolder,
    PutInline,
    PutPolicy,
    PutProfile,
    Remove,
)
from findings.analysis.planned.documents import Documents
from findings.analysis.planned.finish import finished

ORDER = (Remove, PutPolicy, PutHolder, PutInline, Attach, Join, PutProfile, AddKey)
RECORDS = {HolderKind.ROLE: records.Role, HolderKind.USER: records.User, HolderKind.GROUP: records.Group}


@dataclass(frozen=True, slots=True)
class Drafted:
    """The account after the plan. unreadable: digest -> why that document is not known yet. notes: sentences."""

    snapshot: records.Snapshot
    unreadable: Mapping[str, str]
    notes: tuple[str, ...]


def apply(plan: Plan, snapshot: records.Snapshot) -> Drafted:
    draft = Draft(snapshot)
    for kind in ORDER:
        for change in plan.changes:
            if isinstance(change, kind):
                draft.change(change)
    after = finished(draft)
    return Drafted(after, draft.documents.unreadable, tuple(dict.fromkeys(draft.notes)))


class Draft:
    """The account while the plan is applied to it. sessions: id of a role -> its new maximum, in seconds."""

    def __init__(self, snapshot: records.Snapshot) -> None:
        self.before = snapshot
        self.holders: dict[Holder, Any] = {
            Holder(kind, one.name): one
            for kind, many in (
                (HolderKind.ROLE, snapshot.roles),
                (HolderKind.USER, snapshot.users),
                (HolderKind.GROUP, snapshot.groups),
            )
            for one in many
        }
        self.policies = {p.arn: p for p in snapshot.policies}
        self.documents = Documents(snapshot.documents)
        self.keys = list(snapshot.keys)
        self.sessions: dict[str, int] = {}
        self.notes: list[str] = []

    def change(self, change: Change) -> None:
        handlers: dict[type[Any], Callable[[Any], None]] = {
            Remove: self.remove,
            PutPolicy: self.put_policy,
            PutHolder: self.put_holder,
            PutInline: self.put_inline,
            Attach: self.attach,
            Join: self.join,
            PutProfile: self.put_profile,
            AddKey: self.add_key,
        }
        handlers[type(change)](change)

    def put_policy(self, change: PutPolicy) -> None:
        old, at = self.policies.get(change.arn), self.before.as_of
        digest = self.documents.managed(change.arn, change.document)
        version = records.PolicyVersion(version_id="planned", created_at=at, document=digest)
        if old is not None:
            if old.document != digest:
                self.policies[change.arn] = msgspec.structs.replace(
                    old, document=digest, updated_at=at, default_version="planned", versions=(*old.versions, version)
                )
            return
        self.policies[change.arn] = records.Policy(
            unique_id=f"planned:{change.arn}",
            arn=change.arn,
            name=change.name,
            path=change.path,
            created_at=at,
            updated_at=at,
            default_version="planned",
            document=digest,
            versions=(version,),
        )

    def put_holder(self, change: PutHolder) -> None:
        old = self.holders.get(change.holder) or self._made(change.holder, change.path)
        values: dict[str, Any] = {}
        if change.trust is not None:
            values["trust"] = self.documents.whole(change.trust)
        if change.boundary is not None:
            values["boundary"] = arn_of(change.boundary) or None
        if change.tags is not None and change.holder.kind is not HolderKind.GROUP:
            values["tags"] = dict(change.tags)
        if change.max_session_seconds is not None:
            self.sessions[old.unique_id] = change.max_session_seconds
        if change.inline is not None:
            values["inline"] = self.documents.inline(change.inline)
        if change.attached is not None:
            values["attached"] = tuple(sorted(map(arn_of, change.attached)))
        self.holders[change.holder] = msgspec.structs.replace(old, **values)

    def _made(self, holder: Holder, path: str) -> Any:
        s = self.before
        made: dict[str, Any] = {"trust": ""} if holder.kind is HolderKind.ROLE else {}
        arn = f"arn:{s.partition}:iam::{s.account_id}:{holder.kind}{path}{holder.name}"
        return RECORDS[holder.kind](
            unique_id=f"planned:{holder.kind}:{holder.name}",
            arn=arn,
            name=holder.name,
            path=path,
            created_at=s.as_of,
            **made,
        )

    def put_inline(self, change: PutInline) -> None:
        self._edit(change.holder, inline=lambda old: {**old, **self.documents.inline({change.name: change.document})})

    def attach(self, change: Attach) -> None:
        self._edit(change.holder, attached=lambda old: tuple(sorted({*old, arn_of(change.policy)})))

    def join(self, change: Join) -> None:
        self._edit(_user(change.user), groups=lambda old: tuple(sorted({*old, change.group})))

    def put_profile(self, change: PutProfile) -> None:
        s = self.before
        arn = f"arn:{s.partition}:iam::{s.account_id}:instance-profile/{change.name}"
        made = records.InstanceProfile(unique_id=f"planned:{arn}", arn=arn, name=change.name, created_at=s.as_of)

        def put(old: tuple[records.InstanceProfile, ...]) -> tuple[records.InstanceProfile, ...]:
            return old if any(one.name == change.name for one in old) else (*old, made)

        self._edit(Holder(HolderKind.ROLE, change.role), instance_profiles=put)

    def add_key(self, change: AddKey) -> None:
        if user := self.holders.get(_user(change.user)):
            self.keys.append(
                records.AccessKey(
                    unique_id=f"planned:{change.address}",
                    user_name=user.name,
                    user_arn=user.arn,
                    active=True,
                    created_at=self.before.as_of,
                    use_known=True,
                )
            )
        else:
            self.notes.append(f"{change.address}: the account has no user {change.user}.")

    def remove(self, change: Remove) -> None:
        """What is not there is gone already."""
        if (owner := _owner(change.what)) and owner not in self.holders:
            return
        match change.what:
            case PutHolder(holder=holder):
                self._remove_holder(holder)
            case PutPolicy(arn=arn):
                self.policies.pop(arn, None)
            case PutInline(holder=holder, name=name):
                self._edit(holder, inline=lambda old: {k: v for k, v in old.items() if k != name})
            case Attach(holder=holder, policy=policy):
                self._edit(holder, attached=lambda old: tuple(arn for arn in old if arn != arn_of(policy)))
            case Join(user=user, group=group):
                self._edit(_user(user), groups=lambda old: tuple(name for name in old if name != group))
            case PutProfile(name=name, role=role):
                self._edit(
                    Holder(HolderKind.ROLE, role),
                    instance_profiles=lambda old: tuple(one for one in old if one.name != name),
                )

    def _remove_holder(self, holder: Holder) -> None:
        """What else the plan takes from it is gone with it; its members leave a group."""
        self.holders.pop(holder, None)
        if holder.kind is HolderKind.GROUP:
            for other, one in self.holders.items():
                if other.kind is HolderKind.USER and holder.name in one.groups:
                    self.remove(Remove(Join(one.name, holder.name)))

    def _edit(self, holder: Holder, **edits: Callable[[Any], Any]) -> None:
        old = self.holders.get(holder)
        if old is None:
            self.notes.append(f"The account has no {holder.kind} {holder.name}, which the plan gives something.")
            return
        values = {name: edit(getattr(old, name)) for name, edit in edits.items()}
        self.holders[holder] = msgspec.structs.replace(old, **values)


def _user(name: str) -> Holder:
    return Holder(HolderKind.USER, name)


def _owner(what: Lasting) -> Holder | None:
    """Who has it; None for a managed policy."""
    match what:
        case PutHolder(holder=holder) | PutInline(holder=holder) | Attach(holder=holder):
            return holder
        case Join(user=user):
            return _user(user)
        case PutProfile(role=role):
            return Holder(HolderKind.ROLE, role)
    return None


def arn_of(policy: str | Later) -> str:
    """A policy that has no ARN yet is attached under the words that say so: no document will be found for it."""
    return policy if isinstance(policy, str) else f"({policy})"
