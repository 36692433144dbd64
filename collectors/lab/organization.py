"""The organization: accounts, OUs, SCPs, in moto's Organizations back-end of the management account."""

import json
import string
from collections.abc import Iterable
from datetime import UTC, timedelta
from random import Random
from typing import Any

from moto.organizations.models import (
    FakeDelegatedAdministrator,
    FakeOrganization,
    FakeOrganizationalUnit,
    FakePolicy,
    FakeRoot,
    OrganizationsBackend,
    organizations_backends,
)

from collectors.lab.names import COMPANY, TEAMS
from collectors.lab.repairs.organizations import Member
from collectors.lab.world import Account, World

HUB_ROLE = "iamdash-hub"
# path -> parent path; "" is the root
OUS = {"prod": "", "prod/payments": "prod", "dev": "", "sandbox": "", "security": ""}
# The first accounts; "" stands directly under the root. Every lab has as many of them as fit, in this order.
FIRST = [
    (f"{COMPANY}-management", ""),
    ("security", "security"),
    ("log-archive", "security"),
    ("payments-prod", "prod/payments"),
    ("ledger-prod", "prod/payments"),
    ("data-platform-prod", "prod"),
    ("web-prod", "prod"),
    ("shared-services", "prod"),
    ("payments-dev", "dev"),
    ("data-platform-dev", "dev"),
    ("sandbox-ml", "sandbox"),
    ("acquired-retail", ""),
]
STAGES = (("prod", "prod"), ("dev", "dev"), ("staging", "dev"), ("sandbox", "sandbox"))
SUFFIXES = ("", "-eu", "-us")

REGION_DENY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "DenyOutsideEurope",
            "Effect": "Deny",
            "NotAction": ["iam:*", "sts:*", "organizations:*", "cloudfront:*", "route53:*", "support:*", "budgets:*"],
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1", "us-east-1"]}},
        }
    ],
}
BASELINE = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "StayInOrganization", "Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"},
        {
            "Sid": "KeepTrails",
            "Effect": "Deny",
            "Action": ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "config:StopConfigurationRecorder"],
            "Resource": "*",
        },
    ],
}
SANDBOX = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "NoLongTermKeys",
            "Effect": "Deny",
            "Action": ["iam:CreateUser", "iam:CreateAccessKey"],
            "Resource": "*",
        }
    ],
}
SCPS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "deny-outside-europe": (REGION_DENY, ("prod",)),
    "protect-baseline": (BASELINE, ("prod", "dev", "security")),
    "sandbox-no-long-term-keys": (SANDBOX, ("sandbox",)),
}
# Services that act in all accounts; the security account administers some of them, the management account itself the others.
DELEGATED = ("access-analyzer.amazonaws.com", "guardduty.amazonaws.com", "config-multiaccountsetup.amazonaws.com")
UNDELEGATED = ("cloudtrail.amazonaws.com", "sso.amazonaws.com")
LETTERS = string.ascii_lowercase + string.digits


def account_names(count: int) -> Iterable[tuple[str, str]]:
    """`count` distinct names with their OU: the first ones, then team, stage and region."""
    names = FIRST + [(f"{team}-{stage}{suffix}", ou) for suffix in SUFFIXES for stage, ou in STAGES for team in TEAMS]
    names += [(f"workload-{number}", "prod") for number in range(1, count - len(names) + 1)]
    return names[:count]


def account_id(chance: Random, index: int) -> str:
    """Twelve digits; every fifth id begins with zeros, as real ones do now and then."""
    digits = f"{chance.randrange(10**11, 10**12)}"
    return "00" + digits[2:] if index % 5 == 3 else digits


def plan_accounts(world: World, chance: Random) -> list[Account]:
    """The active accounts and one that is being closed."""
    planned = [*account_names(world.settings.accounts), ("legacy-webshop", "dev")]
    accounts: dict[str, Account] = {}
    for index, (name, ou) in enumerate(planned):
        number = account_id(chance, index)
        while number in accounts:
            number = account_id(chance, index)
        status = "SUSPENDED" if name == "legacy-webshop" else "ACTIVE"
        accounts[number] = Account(number, name, f"aws+{name}@{COMPANY}.example", ou, index, status)
    return list(accounts.values())


def hub_policy(role_names: set[str], policies: dict[str, str]) -> str:
    """The hub may assume the collector's roles by name in every account, and nothing else."""
    known = set(json.loads(policies["assume-collector-roles"])["Statement"][0]["Resource"]) if policies else set()
    wanted = known | {f"arn:aws:iam::*:role/{name}" for name in role_names}
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": sorted(wanted)}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def identifier(chance: Random, size: int) -> str:
    return "".join(chance.choices(LETTERS, k=size))


def build(world: World) -> None:
    """Fill the back-end with the root, OUs, accounts and SCPs."""
    chance = Random(f"{world.settings.seed}/organization")
    world.accounts = plan_accounts(world, chance)
    management = world.management
    organization = FakeOrganization(management.id, "us-east-1", "ALL")
    organization.id = world.organization_id = "o-" + identifier(chance, 10)
    organization.root_id = "r-" + identifier(chance, 4)
    organization.master_account_email = management.email
    with world.entered():
        backend = organizations_backends[management.id]["aws"]
    backend.org = organization
    root = FakeRoot(organization)
    root.add_policy_type("SERVICE_CONTROL_POLICY")
    nodes: dict[str, FakeOrganizationalUnit] = {"": root}
    for path, parent in OUS.items():
        unit = FakeOrganizationalUnit(organization, Name=path.rpartition("/")[2], ParentId=nodes[parent].id)
        unit.id = f"ou-{organization.root_id[2:]}-{identifier(chance, 8)}"
        nodes[path] = unit
    backend.ou = list(nodes.values())
    backend.accounts = [member(world, organization, account, nodes[account.ou].id) for account in world.accounts]
    attach_policies(backend, organization, nodes, chance)
    delegate(world, backend)


def member(world: World, organization: FakeOrganization, account: Account, parent_id: str) -> Member:
    """An account as Organizations lists it; older accounts joined earlier."""
    joined = world.settings.as_of.astimezone(UTC) - timedelta(days=2400 - 3 * account.index)
    return Member(
        organization,
        id=account.id,
        name=account.name,
        email=account.email,
        create_time=joined.replace(tzinfo=None),  # moto counts in naive UTC here
        status=account.status,
        state=account.status,
        parent_id=parent_id,
        tags=tags_of(account),
    )


def tags_of(account: Account) -> dict[str, str]:
    """Who owns the account, and what for; what came with an acquisition has no tags yet."""
    if account.name.startswith("acquired-"):
        return {}
    return {
        "owner": f"{account.name.partition('-')[0]}@{COMPANY}.example",
        "environment": account.ou.partition("/")[0] or "none",
        "cost-centre": f"cc-{100 + account.index % 40}",
    }


def attach_policies(
    backend: OrganizationsBackend,
    organization: FakeOrganization,
    nodes: dict[str, FakeOrganizationalUnit],
    chance: Random,
) -> None:
    """FullAWSAccess on every node, as AWS attaches it, and the company's own SCPs on their OUs."""
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    full = policy(organization, "FullAWSAccess", "p-FullAWSAccess", allow)
    full.aws_managed = True
    backend.policies = [full]
    for target in (*nodes.values(), *backend.accounts):
        attach(full, target)
    for name, (document, paths) in SCPS.items():
        scp = policy(organization, name, "p-" + identifier(chance, 8), document)
        backend.policies.append(scp)
        for path in paths:
            attach(scp, nodes[path])


def delegate(world: World, backend: OrganizationsBackend) -> None:
    """The security account administers security services and the organization's policies."""
    day = world.settings.as_of.astimezone(UTC) - timedelta(days=400)
    admin = FakeDelegatedAdministrator(next(a for a in backend.accounts if a.id == world.security.id))
    admin.enabled_date = day.replace(tzinfo=None)
    for service in DELEGATED:
        admin.services[service] = {"ServicePrincipal": service, "DelegationEnabledDate": day.timestamp()}
    backend.admins = [admin]
    backend.services = [
        {"ServicePrincipal": service, "DateEnabled": day.timestamp()} for service in sorted(DELEGATED + UNDELEGATED)
    ]
    actions = [f"organizations:{verb}Policy" for verb in ("Create", "Update", "Delete", "Attach", "Detach")]
    statement = {
        "Sid": "SecurityManagesPolicies",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{world.security.id}:root"},
        "Action": actions,
        "Resource": "*",
    }
    world.resource_policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def policy(organization: FakeOrganization, name: str, policy_id: str, document: dict[str, Any]) -> FakePolicy:
    made = FakePolicy(
        organization, Name=name, Type="SERVICE_CONTROL_POLICY", Description="", Content=json.dumps(document)
    )
    made.id = policy_id
    return made


def attach(scp: FakePolicy, target: Any) -> None:
    target.attached_policies.append(scp)
    scp.attachments.append(target)
