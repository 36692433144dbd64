"""Who is privileged, by what AWS's own policies are called. The policy engine will tell by what policies allow."""

from __future__ import annotations

from collectors.records import User
from findings.analysis.facts import Facts

PRIVILEGED = frozenset({"AdministratorAccess", "IAMFullAccess", "PowerUserAccess"})


def privileged_by(user: User, facts: Facts) -> tuple[str, ...]:
    """Which of AWS's PRIVILEGED policies the user has, directly or by a group: "AdministratorAccess by group admins"."""
    found = list(_privileged(user.attached))
    for name in user.groups:
        if group := facts.groups_by_name.get(name):
            found += [f"{policy} by group {name}" for policy in _privileged(group.attached)]
    return tuple(found)


def _privileged(arns: tuple[str, ...]) -> list[str]:
    aws_managed = (arn.partition(":iam::aws:policy/")[2] for arn in arns)
    return [path for path in aws_managed if path in PRIVILEGED]
