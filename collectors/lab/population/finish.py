"""Verdicts that need the whole account: users with all their keys and policies, groups, policies, settings."""

from collections.abc import Iterator

from moto.iam.models import AWSManagedPolicy, Group, Role, User

from collectors.lab.organization import SCPS
from collectors.lab.policy_language import listed, statements
from collectors.lab.population import at_large, verdicts
from collectors.lab.population.builder import Builder

QUARANTINE = "AWSCompromisedKeyQuarantine"  # AWS attaches it; taking it off would be the fault
COMPUTE = ("ec2", "lambda", "ecs-tasks", "codebuild")
WINDOW = 90  # days
POLICY_PARTS = ("length", "upper", "lower", "number", "symbol", "reuse")


def judge(b: Builder) -> None:
    for user in b.iam.users.values():
        judge_user(b, user)
    for group in b.iam.groups.values():
        judge_group(b, group)
    administrators = {x.subject_name for x in b.world.labels if x[:2] == (b.id, "LP201") and x.state == "open"}
    for holder in (*b.iam.roles.values(), *b.iam.users.values(), *b.iam.groups.values()):
        judge_at_large(b, holder, administrators)
    for role in b.iam.roles.values():
        judge_service_trust(b, role)
    judge_power_users(b, administrators)
    judge_long_term_keys(b)
    judge_policies(b)
    judge_password_policy(b)
    judge_audit_role(b)
    judge_baseline(b)
    judge_workloads(b)


def judge_user(b: Builder, user: User) -> None:
    ages = [(b.as_of - key.create_date).days for key in user.access_keys if key.status == "Active"]
    b.judged("user", user.name, verdicts.of_two_keys(ages))
    uses = [key.last_used.timestamp for key in user.access_keys if key.last_used]
    uses += [user.password_last_used] if user.password_last_used else []
    used = (b.as_of - max(uses)).days if uses else None
    administrator = user in b.iam.groups["admins"].users
    others = bool(user.ssh_public_keys or user.signing_certificates or b.works_for_a_service(user))
    b.judged("user", user.name, verdicts.of_use((b.as_of - user.create_date).days, used, others=others))
    if has_services(b, user) and not administrator:
        b.judged("user", user.name, verdicts.of_services((b.as_of - user.create_date).days, used))
    if user.policies or any(QUARANTINE not in arn for arn in user.managed_policies):
        b.open("LP205", "user", user.name, "a policy directly on the user")
    if user.password:  # break-glass too, until an operator accepts it
        b.open("HM105", "user", user.name, "console password on an IAM user")
    if administrator:
        b.open("LP201", "user", user.name, "member of a group with AdministratorAccess", "AWS-managed")


def has_services(b: Builder, user: User) -> bool:
    """Whether any policy allows him anything; the quarantine only denies."""
    holders = [user, *(group for group in b.iam.groups.values() if user in group.users)]
    return any(h.policies or any(QUARANTINE not in arn for arn in h.managed_policies) for h in holders)


def judge_at_large(b: Builder, holder: Role | User | Group, administrators: set[str]) -> None:
    """What AWS's policies and some inline ones allow at large, told of who has them."""
    if getattr(holder, "path", "").startswith("/aws-service-role/"):
        return
    kind, told = type(holder).__name__.lower(), set()
    for code, part, policy in allowed_at_large(holder):
        of_principals = code not in at_large.ONE_A_POLICY
        absorbed = code in at_large.ABSORBED and holder.name in administrators
        if (code, part) in told or absorbed or (of_principals and kind == "group"):
            continue
        told.add((code, part))
        b.open(code, kind, holder.name, f"{policy} allows it", part)


def allowed_at_large(holder: Role | User | Group) -> Iterator[tuple[str, str, str]]:
    """(code, part, policy)."""
    for policy in holder.managed_policies.values():
        for code in at_large.ALLOWED_BY.get(policy.name, ()) if isinstance(policy, AWSManagedPolicy) else ():
            yield code, policy.name if code in at_large.ONE_A_POLICY else "", policy.name
    bounded = at_large.BOUNDED if getattr(holder, "permissions_boundary_arn", None) else {}
    for name, document in holder.policies.items():
        for code in (*at_large.INLINE.get(document, ()), *bounded.get(document, ())):
            yield code, f"inline:{name}" if code in at_large.ONE_A_POLICY else "", name


def judge_service_trust(b: Builder, role: Role) -> None:
    """LP404: services that can say for whom they act, and are not asked."""
    if role.path.startswith(("/aws-service-role/", "/aws-reserved/")):
        return
    asked = {True: b.clear, False: b.open}
    for statement in statements(role.assume_role_policy_document):
        services = listed(statement["Principal"].get("Service", [])) if isinstance(statement["Principal"], dict) else []
        if at_large.SAY_FOR_WHOM.intersection(services):
            source = "aws:SourceAccount" in statement.get("Condition", {}).get("StringEquals", {})
            asked[source]("LP404", "role", role.name, f"{', '.join(services)}, aws:SourceAccount asked: {source}")


def judge_power_users(b: Builder, administrators: set[str]) -> None:
    """LP301: all of Lambda and CodeBuild lets them act as an administrator whom one of these runs as."""
    trusts = [role.assume_role_policy_document for role in b.iam.roles.values() if role.name in administrators]
    if not any(f"{service}.amazonaws.com" in trust for trust in trusts for service in ("codebuild", "lambda")):
        return
    for role in b.iam.roles.values():
        if any(policy.name == "PowerUserAccess" for policy in role.managed_policies.values()):
            b.open("LP301", "role", role.name, "live: it changes the code that runs as an administrator")


def judge_long_term_keys(b: Builder) -> None:
    """KY114: keys in use for other than to get credentials."""
    active = [key for user in b.iam.users.values() for key in user.access_keys if key.status == "Active"]
    used = [key.last_used for key in active if key.last_used]
    lately = [u for u in used if (b.as_of - u.timestamp).days < verdicts.CREDENTIAL_DAYS]
    state = b.open if any(u.service not in ("iam", "sts") for u in lately) else b.clear
    state("KY114", "account", b.id, "keys that call services", "keys in use")


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


def judge_baseline(b: Builder) -> None:
    """GR106: what no SCP denies. Nobody limits root users or guards boundaries; OUs with the baseline keep the rest."""
    if b.account.index == 0:
        b.clear("GR106", "account", b.id, "SCPs never bind the management account")
        return
    carried = any(one.permissions_boundary_arn for one in (*b.iam.roles.values(), *b.iam.users.values()))
    parts = ["root", *(["boundary"] if carried else [])]
    if b.account.ou.partition("/")[0] not in SCPS["protect-baseline"][1]:
        parts += ["organization", "trail", "config"]
    for part in parts:
        b.open("GR106", "account", b.id, "no SCP denies it", part)


def judge_workloads(b: Builder) -> None:
    """GR108: compute that was used lately in the management account."""
    used = [role for role in b.iam.roles.values() if role.last_used and (b.as_of - role.last_used).days < WINDOW]
    runs = any(f"{service}.amazonaws.com" in r.assume_role_policy_document for r in used for service in COMPUTE)
    state = b.open if runs and b.account.index == 0 else b.clear
    state("GR108", "account", b.id, "compute in the management account" if runs else "no compute")
