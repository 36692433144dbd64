"""Facts of made-up accounts, straight from records: for benches of what is done with them, not of reading them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import account
from collectors import records
from findings.analysis.facts import Facts
from findings.analysis.guardrails import SCP, GuardrailLevel, Guardrails

KINDS = 2_000  # roles that differ in their documents; the others have the same under other names
MANAGEMENT = "arn:aws:organizations::999999999999:policy/o-bench/service_control_policy"
NOT_HERE = {
    "Effect": "Deny",
    "NotAction": ["iam:*", "organizations:*", "sts:*", "support:*", "route53:*", "cloudfront:*"],
    "Resource": "*",
    "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}},
}
NOBODY = {
    "Effect": "Deny",
    "Action": ["organizations:LeaveOrganization", "cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "iam:CreateUser"],
    "Resource": "*",
    "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/role-1"}},
}
FULL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
LEVELS = {"Root": (FULL, NOBODY), "prod (ou-1)": (FULL, NOT_HERE), account.ACCOUNT: (FULL,)}
LIMIT = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "NotAction": ["organizations:*", "account:*"], "Resource": "*"},
        {"Effect": "Deny", "Action": ["iam:DeleteRolePermissionsBoundary", "iam:CreateUser"], "Resource": "*"},
    ],
}


def prepare() -> None:
    """Sources are found through Django's settings; nothing is asked of a database."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "iamdash.settings")
    os.environ.setdefault("IAMDASH_SECRET_KEY", "bench")
    django.setup()


def facts(roles: int, seed: int = 7, guarded: bool = True) -> Facts:
    """An account of so many roles. guarded: each has a boundary, and three levels of SCPs bind them."""
    base = _base(min(roles, KINDS), seed)
    boundary = account.arn("policy", "limit") if guarded else None
    made = tuple(_named(base.roles[number % KINDS], number, boundary) for number in range(roles))
    limit, documents = _policy(base), dict(base.documents)
    documents[limit.document] = LIMIT
    guardrails = _guardrails(documents) if guarded else Guardrails((), ())
    after = msgspec.structs.replace(base, roles=made, policies=(*base.policies, limit), documents=documents)
    return Facts(after, None, guardrails)


def _base(roles: int, seed: int) -> records.Snapshot:
    from collectors.aws.bundle import open_bundle
    from collectors.replay import replay

    with tempfile.TemporaryDirectory(prefix="iamdash-bench-") as folder:
        account.write(Path(folder), roles=roles, users=0, policies=800, seed=seed)
        return replay(open_bundle(Path(folder))).snapshot(None)


def _named(role: records.Role, number: int, boundary: str | None) -> records.Role:
    name = f"role-{number}"
    arn = account.arn("role", name)
    return msgspec.structs.replace(role, unique_id=f"AROA{number:017d}", name=name, arn=arn, boundary=boundary)


def _policy(base: records.Snapshot) -> records.Policy:
    changed = {"unique_id": "ANPALIMIT", "name": "limit", "arn": account.arn("policy", "limit")}
    return msgspec.structs.replace(base.policies[0], **changed, document=records.digest(LIMIT), versions=())


def _guardrails(documents: dict[str, Any]) -> Guardrails:
    levels = []
    for level, statements in LEVELS.items():
        policies = []
        for number, statement in enumerate(statements):
            body = {"Version": "2012-10-17", "Statement": [statement]}
            documents[records.digest(body)] = body
            name = f"{level} {number}"
            policies.append(
                records.OrganizationPolicy(
                    unique_id=name,
                    arn=f"{MANAGEMENT}/{number}",
                    name=name,
                    type=SCP,
                    targets=(level,),
                    document=records.digest(body),
                )
            )
        levels.append(GuardrailLevel(level, level, tuple(policies)))
    return Guardrails(tuple(levels), (), organization_id="o-bench")
