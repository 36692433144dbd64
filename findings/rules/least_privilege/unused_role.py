"""
## What it does
Opens when a role is older than the window (`unused_days`, 90 by default) and AWS saw no use of it within the window.
A role that was used before says when; one that AWS never saw says so: "never" if it is younger than the 400 days that
AWS remembers, else "not in the last 400 days", which is not the same. Service-linked roles are never reported. A role
that Identity Center made is reported for its permission set: change the assignment there, do not delete the role.

## Why it matters
Each unused role is a way into the account that nobody watches: its permissions and its trust stay as they were when
it was needed, and whoever can assume it may.

## How to fix
Read the trust policy and ask the owner; then take the permissions away, wait, and delete the role:

    aws iam get-role --role-name ROLE
    aws iam list-attached-role-policies --role-name ROLE
    aws iam detach-role-policy --role-name ROLE --policy-arn ARN
    aws iam list-instance-profiles-for-role --role-name ROLE
    aws iam remove-role-from-instance-profile --instance-profile-name PROFILE --role-name ROLE
    aws iam delete-role --role-name ROLE

A role made by CloudFormation or Terraform is removed there. A break-glass role is meant to lie unused: accept the
finding, with an owner and an expiry. For an Identity Center role remove the account assignment of its permission set.

## What it cannot know
RoleLastUsed counts attempts, including denied ones, for 400 days, less in regions that track for a shorter time; use
appears within four hours. A role in an instance profile may belong to an instance that has yet to call AWS, hence the
doubt in the evidence. Yearly jobs and disaster recovery look unused.

## References
- [RoleLastUsed](https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleLastUsed.html)
- [Delete roles](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_manage_delete.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType

TRACKED_DAYS = 400
RESERVED_PREFIX = "AWSReservedSSO_"

RULE = Rule(
    code="LP101",
    slug="unused-role",
    severity=Severity.MEDIUM,
    subject=SubjectType.ROLE,
    kind=RuleKind.LACKS,
    needs=("iam:GetAccountAuthorizationDetails",),
    settings={"unused_days": 90},
    title="Role has not been used since a date",
    doc=__doc__,
)


def judge(role: Role, facts: Facts) -> Iterator[Outcome]:
    window = facts.settings.unused_days
    if role.service_linked or not facts.older(role.created_at, window):
        return
    if role.last_used_at is not None and not facts.older(role.last_used_at, window):
        yield Clear(f"used on {role.last_used_at:%Y-%m-%d}, within {window} days", sighting=True)
        return
    yield Open(f"{_named(role)} {_unused(role, facts)}", _evidence(role, window))


def _named(role: Role) -> str:
    if role.reserved:
        return f"Permission set {_permission_set(role)} (role {role.name})"
    return f"Role {role.name}"


def _unused(role: Role, facts: Facts) -> str:
    if role.last_used_at is not None:
        return f"has not been used since {role.last_used_at:%Y-%m-%d}"
    if facts.older(role.created_at, TRACKED_DAYS):
        return f"has not been used in the {TRACKED_DAYS} days that AWS remembers"
    return f"was never used since it was made on {role.created_at:%Y-%m-%d}"


def _evidence(role: Role, window: int) -> dict[str, Json]:
    evidence: dict[str, Json] = {
        "created_at": role.created_at.isoformat(),
        "last_used_at": role.last_used_at.isoformat() if role.last_used_at else None,
        "last_used_region": role.last_used_region,
        "sources": ["RoleLastUsed"],
        "unused_days": window,
    }
    if role.instance_profiles:
        evidence["instance_profiles"] = [profile.arn for profile in role.instance_profiles]
        evidence["doubt"] = "It is in an instance profile: see whether an instance carries it before it is deleted."
    if role.reserved:
        evidence["permission_set"] = _permission_set(role)
        evidence["change_in"] = "IAM Identity Center"
    return evidence


def _permission_set(role: Role) -> str:
    """AWSReservedSSO_<set>_<hash> (AWS.md 23); the set's name may hold underscores, the hash does not."""
    return role.name.removeprefix(RESERVED_PREFIX).rpartition("_")[0] or role.name
