"""The permission sets behind the account's roles, for the pages; only differences are written.

data: {"managed": [ARN], "customer": [path and name], "inline": bool, "boundary", "session_seconds", "relay_state", "region",
each null where it was not read; "assigned": null, or [{"id", "group", "name", "display_name", "n": members or null, "members":
[name]}]}. Of a group's members the first hundred are named.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from collectors import records
from collectors.models import Account, Principal
from findings.analysis.facts import Facts
from findings.analysis.identity_center import Assigned, Held, names
from findings.models import PermissionSetRole
from findings.models.permission_set import COUNTS

BATCH = 500
NAMED = 100
FIELDS = ("set_arn", "name", "told_by", "people", "whole", "data", "digest", *COUNTS)


def write(account: Account, facts: Facts) -> None:
    """Inside the caller's transaction, after the postures."""
    wanted = {row.role_id: row for row in _rows(account, facts)}
    stored = {row.role_id: row for row in PermissionSetRole.objects.filter(account=account).defer("data")}
    if gone := stored.keys() - wanted.keys():
        PermissionSetRole.objects.filter(account=account, role__in=gone).delete()
    new = [row for role, row in wanted.items() if role not in stored]
    changed = [row for role, row in wanted.items() if role in stored and _told(row) != _told(stored[role])]
    for row in changed:
        row.pk = stored[row.role_id].pk
    PermissionSetRole.objects.bulk_create(new, BATCH)
    PermissionSetRole.objects.bulk_update(changed, FIELDS, BATCH)


def _told(row: PermissionSetRole) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in FIELDS if name != "data")


def _rows(account: Account, facts: Facts) -> Iterator[PermissionSetRole]:
    found = {role.unique_id: held for role in facts.snapshot.roles if (held := facts.center.behind(role))}
    if not found:
        return
    roles = Principal.present.filter(account=account, unique_id__in=found)
    for unique_id, pk, *counts in roles.values_list("unique_id", "pk", *(f"posture__{name}" for name in COUNTS)):
        held = found[unique_id]
        data = _data(held)
        yield PermissionSetRole(
            account=account,
            role_id=pk,
            set_arn=held.permission_set.unique_id,
            name=held.permission_set.name,
            told_by=held.told_by,
            people=None if held.assigned is None else len(held.people),
            whole=held.assigned is not None and not held.unread,
            data=data,
            digest=records.digest(data),
            **{name: n or 0 for name, n in zip(COUNTS, counts, strict=True)},
        )


def _data(held: Held) -> dict[str, Any]:
    one = held.permission_set
    return {
        "managed": None if one.managed is None else list(one.managed),
        "customer": None if one.customer is None else list(one.customer),
        "inline": None if one.inline is None else bool(one.inline),
        "boundary": one.boundary,
        "session_seconds": one.session_seconds,
        "relay_state": one.relay_state,
        "region": one.region,
        "assigned": None if held.assigned is None else [_assigned(some) for some in held.assigned],
    }


def _assigned(one: Assigned) -> dict[str, Any]:
    return {
        "id": one.id,
        "group": one.group,
        "name": one.name,
        "display_name": one.display_name,
        "n": None if one.members is None else len(one.members),
        "members": names(one.members or ())[:NAMED],
    }
