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
    Later,
    Plan,
    PutHolder,
    PutInline,
    PutPolicy,
    Remove,
)

ORDER = (Remove, PutPolicy, PutHolder, PutInline, Attach, Join, AddKey)
RECORDS = {HolderKind.ROLE: records.Role, HolderKind.USER: records.User, HolderKind.GROUP: records.Group}


@dataclass(frozen=True, slots=True)
class Drafted:
    """The account after the plan. unreadable: digest -> why that document is not known yet."""

    snapshot: records.Snapshot
    unreadable: Mapping[str, str]
    notes: tuple[str, ...]


def apply(plan: Plan, snapshot: records.Snapshot) -> Drafted:
    draft = _Draft(snapshot)
    for kind in ORDER:
        for change in plan.changes:
            if isinstance(change, kind):
                draft.change(change)
    return draft.done()


class _Draft:
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
        self.documents = dict(snapshot.documents)
        self.keys = list(snapshot.keys)
        self.unreadable: dict[str, str] = {}
        self.notes: list[str] = []

    def change(self, change: Change) -> None:
        handlers: dict[type[Any], Callable[[Any], None]] = {
            Remove: self.remove,
            PutPolicy: self.put_policy,
            PutHolder: self.put_holder,
            PutInline: self.put_inline,
            Attach: self.attach,
            Join: self.join,
            AddKey: self.add_key,
        }
        handlers[type(change)](change)

    def document(self, body: Any) -> str:
        if isinstance(body, Later):
            key = records.digest({"later": body.at})
            self.unreadable[key] = str(body)
            return key
        key = records.digest(body)
        self.documents[key] = body
        return key

    def put_policy(self, change: PutPolicy) -> None:
        digest, old, at = self.document(change.document), self.policies.get(change.arn), self.before.as_of
        version = records.PolicyVersion(version_id="planned", created_at=at, document=digest)
        if old is not None:
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
        holder, old = change.holder, self.holders.get(change.holder)
        values: dict[str, Any] = {}
        if change.trust is not None:
            values["trust"] = self.document(change.trust)
        if change.boundary is not None:
            values["boundary"] = _arn(change.boundary) or None
        if change.tags is not None and holder.kind is not HolderKind.GROUP:
            values["tags"] = dict(change.tags)
        if change.max_session_seconds is not None:
            values["max_session_seconds"] = change.max_session_seconds
        if change.inline is not None:
            values["inline"] = {name: self.document(body) for name, body in change.inline.items()}
        if change.attached is not None:
            values["attached"] = tuple(sorted(_arn(policy) for policy in change.attached))
        self.holders[holder] = msgspec.structs.replace(old or self._made(holder, change.path), **values)

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
        self._edit(change.holder, inline=lambda old: {**old, change.name: self.document(change.document)})

    def attach(self, change: Attach) -> None:
        self._edit(change.holder, attached=lambda old: tuple(sorted({*old, _arn(change.policy)})))

    def join(self, change: Join) -> None:
        self._edit(Holder(HolderKind.USER, change.user), groups=lambda old: tuple(sorted({*old, change.group})))

    def add_key(self, change: AddKey) -> None:
        if user := self.holders.get(Holder(HolderKind.USER, change.user)):
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
        match change.what:
            case PutHolder(holder=holder):
                self.holders.pop(holder, None)
            case PutPolicy(arn=arn):
                self.policies.pop(arn, None)
            case PutInline(holder=holder, name=name):
                self._edit(holder, inline=lambda old: {k: v for k, v in old.items() if k != name})
            case Attach(holder=holder, policy=policy):
                self._edit(holder, attached=lambda old: tuple(arn for arn in old if arn != _arn(policy)))
            case Join(user=user, group=group):
                member = Holder(HolderKind.USER, user)
                self._edit(member, groups=lambda old: tuple(name for name in old if name != group))

    def _edit(self, holder: Holder, **edits: Callable[[Any], Any]) -> None:
        old = self.holders.get(holder)
        if old is None:
            self.notes.append(f"The account has no {holder.kind} {holder.name}, which the plan gives something.")
            return
        values = {name: edit(getattr(old, name)) for name, edit in edits.items()}
        self.holders[holder] = msgspec.structs.replace(old, **values)

    def done(self) -> Drafted:
        of = {kind: tuple(v for h, v in self.holders.items() if h.kind is kind) for kind in HolderKind}
        attached, bounding = self._counts()
        policies = tuple(
            msgspec.structs.replace(p, attachment_count=attached.get(arn, 0), boundary_count=bounding.get(arn, 0))
            for arn, p in self.policies.items()
        )
        users = {user.arn for user in of[HolderKind.USER]}
        after = msgspec.structs.replace(
            self.before,
            roles=of[HolderKind.ROLE],
            users=of[HolderKind.USER],
            groups=of[HolderKind.GROUP],
            policies=policies,
            documents=self.documents,
            keys=tuple(k for k in self.keys if k.user_arn in users),
            credentials=tuple(c for c in self.before.credentials if c.is_root or c.unique_id in users),
        )
        return Drafted(after, self.unreadable, tuple(dict.fromkeys(self.notes)))

    def _counts(self) -> tuple[dict[str, int], dict[str, int]]:
        """ARN -> holders that it is attached to, and ARN -> principals that it bounds."""
        attached: dict[str, int] = {}
        bounding: dict[str, int] = {}
        for one in self.holders.values():
            for arn in one.attached:
                attached[arn] = attached.get(arn, 0) + 1
            if boundary := getattr(one, "boundary", None):
                bounding[boundary] = bounding.get(boundary, 0) + 1
        return attached, bounding


def _arn(policy: str | Later) -> str:
    """A policy that has no ARN yet is attached under the words that say so: no document will be found for it."""
    return policy if isinstance(policy, str) else f"({policy})"
