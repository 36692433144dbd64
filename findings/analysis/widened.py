"""What a role, user, group or policy may do now and could not two weeks ago, and by what change of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from collectors.records import Group, Policy, Principal, Role, User
from findings.analysis.facts import Facts
from findings.analysis.permissions import Permissions
from findings.analysis.trust.who import Admission, admitted
from findings.policy.document import Unreadable
from findings.policy.widening import Gain, gained, implied

MOST = 20


@dataclass(frozen=True, slots=True)
class Widened:
    """causes: what changed. mask: actions gained on some resource. where: "3 actions on arn:...". admits: new principals."""

    causes: tuple[str, ...] = ()
    mask: int = 0
    where: tuple[str, ...] = ()
    admits: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.mask or self.admits)


def of_documents(then: str, now: str, facts: Facts) -> Widened | None:
    """Two digests. None: one of the documents cannot be read."""
    library, documents = facts.permissions.library, [facts.document(digest) for digest in (then, now)]
    if any(isinstance(document, Unreadable) for document in documents):
        return None
    before, after = (library.compile(d, document) for d, document in zip((then, now), documents, strict=True))
    found = tuple(gained(before, after, library.catalogue))
    return Widened(("its document changed",), _mask(found), _where(found))


def of_holder(
    was: Role | User | Group, now: Role | User | Group, facts: Facts, then: Permissions | None = None
) -> Widened:
    """By its own policies, groups, boundary and trust; what changed in a policy or group is told there. then: the account's
    permissions as they were, if not those of the past."""
    old, new = then or facts.past.facts.permissions, facts.permissions
    before, after = old.reach(was), new.reach(now)
    found = tuple(_within(gained(old.granted(was), new.granted(now), new.catalogue), after.upper))
    mask = _mask(found) | (after.upper & ~before.upper) | (after.wide & ~before.wide)
    admits = tuple(newly_admitted(was, now, facts)) if isinstance(was, Role) and isinstance(now, Role) else ()
    causes = (*_causes(was, now), *(f"its trust policy admits {name}" for name in admits[:3]))
    return Widened(causes, mask, _where(found), admits)


def without_new(holder: Role | User | Group, facts: Facts) -> Role | User | Group | None:
    """The holder without the policies and groups that were made in the last two weeks, which it cannot have had before. None:
    it has none."""
    attached = tuple(arn for arn in holder.attached if not _new(facts.policy_by_arn.get(arn), facts))
    was: Role | User | Group = msgspec.structs.replace(holder, attached=attached)
    if isinstance(was, User):
        kept = (name for name in was.groups if not _new(facts.groups_by_name.get(name), facts))
        was = msgspec.structs.replace(was, groups=tuple(kept))
    return None if was == holder else was


def _new(entity: Policy | Group | None, facts: Facts) -> bool:
    """AWS's own policies have no date in the answers that are read."""
    aws = isinstance(entity, Policy) and entity.aws_managed
    return entity is not None and not aws and not facts.older(entity.created_at, 14)


def _within(gains: Iterable[Gain], upper: int) -> Iterator[Gain]:
    for gain in gains:
        if gain.mask & upper:
            yield Gain(gain.mask & upper, gain.resource, gain.lifted)


def _mask(gains: Iterable[Gain]) -> int:
    mask = 0
    for gain in gains:
        mask |= gain.mask
    return mask


def _where(gains: Iterable[Gain]) -> tuple[str, ...]:
    words = (
        f"{gain.mask.bit_count()} action{'s' if gain.mask.bit_count() > 1 else ''} on {gain.resource}"
        f"{', no longer denied' if gain.lifted else ''}"
        for gain in gains
    )
    return tuple(dict.fromkeys(words))[:MOST]


def _causes(was: Role | User | Group, now: Role | User | Group) -> Iterator[str]:
    for arn in now.attached:
        if arn not in was.attached:
            yield f"{arn.rpartition('/')[2]} was attached"
    for name, digest in sorted(now.inline.items()):
        if was.inline.get(name) != digest:
            yield f"inline policy {name} was {'changed' if name in was.inline else 'added'}"
    for arn in was.attached:
        if arn not in now.attached:
            yield f"{arn.rpartition('/')[2]} was detached"
    yield from (f"inline policy {name} was deleted" for name in sorted(was.inline) if name not in now.inline)
    if isinstance(was, User) and isinstance(now, User):
        yield from (f"it joined group {name}" for name in now.groups if name not in was.groups)
    if isinstance(was, Principal) and isinstance(now, Principal) and was.boundary != now.boundary:
        yield "its permissions boundary was " + (
            "removed" if not now.boundary else "changed" if was.boundary else "set"
        )


def newly_admitted(was: Role, now: Role, facts: Facts) -> Iterator[str]:
    """AWS itself writes the id of a principal that was deleted: that lets nobody in."""
    if was.trust == now.trust:
        return
    before = admitted(facts.document(was.trust), facts)
    for admission in admitted(facts.document(now.trust), facts):
        if admission.kind != "deleted" and not any(_includes(old, admission) for old in before):
            yield admission.principal


def _includes(old: Admission, new: Admission) -> bool:
    """Whether who comes in now came in before: by the same principal, its whole account, or anybody."""
    who = (
        old.kind == "anyone"
        or (old.kind, old.principal) == (new.kind, new.principal)
        or (old.kind == "account" and bool(old.account) and old.account == new.account)
    )
    return who and implied(old.conditions, new.conditions)


def previous_document(policy: Policy, facts: Facts) -> str:
    """The document that the newest version before the default one has, where that one was made in the last two weeks; the
    default one's, where it is older. "": a version before is needed, and AWS kept none."""
    made = {version.version_id: version.created_at for version in policy.versions}
    since = made.get(policy.default_version)
    if since is None or facts.older(since, 14):
        return policy.document
    older = [version for version in policy.versions if version.created_at < since]
    settled = [version for version in older if facts.older(version.created_at, 14)] or older
    return max(settled, key=lambda version: version.created_at).document if settled else ""
