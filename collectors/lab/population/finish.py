"""Verdicts that need the whole account: users with all their keys and policies, groups, policies, settings."""

from moto.iam.models import AWSManagedPolicy, Group, User

from collectors.lab.population import verdicts
from collectors.lab.population.builder import Builder

QUARANTINE = "AWSCompromisedKeyQuarantine"  # AWS attaches it; taking it off would be the fault
POLICY_PARTS = ("length", "upper", "lower", "number", "symbol", "reuse")


def judge(b: Builder) -> None:
    for user in b.iam.users.values():
        judge_user(b, user)
    for group in b.iam.groups.values():
        judge_group(b, group)
    judge_policies(b)
    judge_password_policy(b)
    judge_audit_role(b)


def judge_user(b: Builder, user: User) -> None:
    ages = [(b.as_of - key.create_date).days for key in user.access_keys if key.status == "Active"]
    b.judged("user", user.name, verdicts.of_two_keys(ages))
    uses = [key.last_used.timestamp for key in user.access_keys if key.last_used]
    uses += [user.password_last_used] if user.password_last_used else []
    used = (b.as_of - max(uses)).days if uses else None
    b.judged("user", user.name, verdicts.of_use((b.as_of - user.create_date).days, used))
    if user.policies or any(QUARANTINE not in arn for arn in user.managed_policies):
        b.open("LP205", "user", user.name, "a policy directly on the user")
    if user.password:  # break-glass too, until an operator accepts it
        b.open("HM105", "user", user.name, "console password on an IAM user")
    if user in b.iam.groups["admins"].users:
        b.open("LP201", "user", user.name, "member of a group with AdministratorAccess", "AWS-managed")


def judge_policies(b: Builder) -> None:
    """LP107: customer-managed policies that nobody has, not even as a boundary."""
    holders = [*b.iam.roles.values(), *b.iam.users.values()]
    boundaries = {holder.permissions_boundary_arn for holder in holders}
    for policy in b.iam.managed_policies.values():
        if isinstance(policy, AWSManagedPolicy) or policy.attachment_count or policy.arn in boundaries:
            continue
        b.open("LP107", "policy", policy.name, "attached to nobody and no boundary")


def judge_group(b: Builder, group: Group) -> None:
    if not group.users:
        b.open("LP108", "group", group.name, "no members")
    elif not group.policies and not group.managed_policies:
        b.open("LP108", "group", group.name, "no permissions")
    else:
        b.clear("LP108", "group", group.name, "members and permissions")
    if group.name != "admins":
        return
    people = [user for user in group.users if user.password]
    if any(not user.mfa_devices for user in people):
        b.open("HM113", "group", group.name, "a member with a password has no MFA device")
    elif people:
        b.clear("HM113", "group", group.name, "every member with a password has an MFA device")


def judge_password_policy(b: Builder) -> None:
    """AB103 by part; without any policy every part is at fault. Not applicable without console users."""
    if not any(user.password for user in b.iam.users.values()):
        return
    policy = b.iam.account_password_policy
    holds = {
        "length": policy and policy.minimum_password_length >= 14,
        "upper": policy and policy.require_uppercase_characters,
        "lower": policy and policy.require_lowercase_characters,
        "number": policy and policy.require_numbers,
        "symbol": policy and policy.require_symbols,
        "reuse": policy and (policy.password_reuse_prevention or 0) >= 24,
    }
    for part in POLICY_PARTS:
        state = b.clear if holds[part] else b.open
        state("AB103", "account", b.id, "the account's password policy" if policy else "no password policy", part)


def judge_audit_role(b: Builder) -> None:
    """AB106: a role that auditors can use."""
    if any(p.name == "SecurityAudit" for role in b.iam.roles.values() for p in role.managed_policies.values()):
        b.clear("AB106", "account", b.id, "a role with SecurityAudit")
    else:
        b.open("AB106", "account", b.id, "no role with SecurityAudit")
