"""Which actions a principal was granted all through a window: only of those "unused" can be said.

A managed policy's versions have dates. When it was attached, when an inline policy was written and when a user joined a group,
AWS does not tell; so these count from the day the principal (or group) was made, unless our own inventory saw its policies
change (`Snapshot.changed_at`): then they count from that day.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from collectors.records import Group, Holder, Policy, PolicyVersion, Role, User
from findings.analysis.facts import Facts
from findings.analysis.holdings import Held
from findings.policy.document import Unreadable


def granted_throughout(principal: Role | User, facts: Facts, days: int) -> int:
    """Actions that its policies allowed during all of the last `days` days, as far as dates tell."""
    start = facts.as_of - timedelta(days=days)
    library = facts.permissions.library
    found = 0
    if _since(principal, facts) <= start:
        for held in library.of(principal):
            if _holder_since(held, principal, facts) <= start:
                found |= _throughout(held, facts, start)
    return found


def _holder_since(held: Held, principal: Role | User, facts: Facts) -> datetime:
    group = facts.groups_by_name.get(held.named.via.removeprefix("group ")) if held.named.via else None
    return _since(group or principal, facts)


def _since(holder: Holder | Group, facts: Facts) -> datetime:
    return max(holder.created_at, facts.snapshot.changed_at.get(holder.unique_id, holder.created_at))


def _throughout(held: Held, facts: Facts, start: datetime) -> int:
    """What the policy allowed in every version that was its default since the start; a version counts from its date until
    the next one's."""
    policy = facts.policy_by_arn.get(held.named.name)
    if policy is None:
        return held.compiled.allow
    since = _default_since(policy)
    if since <= start:
        return held.compiled.allow
    earlier = sorted((v for v in policy.versions if v.created_at < since), key=lambda v: v.created_at)
    before = [v for v in earlier if v.created_at <= start]
    if not before:
        return 0
    allowed = held.compiled.allow
    for version in earlier[len(before) - 1 :]:
        allowed &= _allowed(version, facts)
    return allowed


def _default_since(policy: Policy) -> datetime:
    dates = [v.created_at for v in policy.versions if v.version_id == policy.default_version]
    return dates[0] if dates else policy.updated_at


def _allowed(version: PolicyVersion, facts: Facts) -> int:
    document = facts.document(version.document)
    if isinstance(document, Unreadable):
        return 0
    return facts.permissions.library.compile(version.document, document).allow
