"""A made-up account of any size as GetAccountAuthorizationDetails prints it: policies of the kinds that real accounts hold.

Half of the documents are AWS's own managed policies (moto's package has them), given to customer-managed ones: they are
the only public policies of real size and shape. Seeded, so that every run measures the same account.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

ACCOUNT = "123456789012"
CREATED = "2024-03-01T09:00:00+00:00"
READS = [
    "s3:Get*",
    "s3:List*",
    "ec2:Describe*",
    "logs:Get*",
    "dynamodb:GetItem",
    "dynamodb:Query",
    "sqs:ReceiveMessage",
]
WRITES = ["s3:PutObject", "sqs:SendMessage", "dynamodb:PutItem", "sns:Publish", "logs:PutLogEvents", "kms:Decrypt"]
BROAD = ["s3:*", "lambda:*", "ec2:*", "dynamodb:*", "ecs:*", "cloudformation:*", "glue:*"]
GRAVE = ["iam:PassRole", "iam:PutRolePolicy", "iam:CreateAccessKey", "iam:AttachUserPolicy", "sts:AssumeRole"]
SERVICES = ["lambda", "ec2", "ecs-tasks", "codebuild", "glue"]


def arn(kind: str, name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:{kind}/{name}"


@cache
def real() -> list[dict[str, Any]]:
    """Documents of AWS's managed policies, without those that grant everything."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    policies = json.loads(aws_managed_policies_data)
    documents = [policies[name]["Document"] for name in sorted(policies)]
    return [d for d in documents if '"Action": "*"' not in json.dumps(d)]


def document(random: Random, number: int) -> dict[str, Any]:
    """A real one, or one to four statements: mostly scoped, some broad, few that grant all but IAM or
    everything, a few dangerous, a few denies and conditions."""
    if random.random() < 0.5:
        return random.choice(real())
    statements: list[dict[str, Any]] = []
    for position in range(random.randint(1, 4)):
        actions = random.sample(READS, 3) + random.sample(WRITES, 2)
        resource: Any = [f"arn:aws:s3:::data-{number}-{position}/*", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:queue-{number}"]
        statement: dict[str, Any] = {"Effect": "Allow", "Action": actions, "Resource": resource}
        dice = random.random()
        if dice < 0.02:
            statement |= {"Action": "*", "Resource": "*"}
        elif dice < 0.04:
            del statement["Action"]
            statement |= {"NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"}
        elif dice < 0.15:
            statement |= {"Action": random.choice(BROAD), "Resource": "*"}
        elif dice < 0.25:
            statement |= {"Action": [random.choice(GRAVE), *actions], "Resource": "*"}
        elif dice < 0.3:
            statement |= {"Effect": "Deny", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
        elif dice < 0.4:
            statement |= {
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:ResourceTag/team": f"team-{number % 9}"}},
            }
        statements.append(statement)
    return {"Version": "2012-10-17", "Statement": statements}


def trust(random: Random) -> dict[str, Any]:
    principal = {"Service": f"{random.choice(SERVICES)}.amazonaws.com"}
    if random.random() < 0.2:
        principal = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}],
    }


def entity(kind: str, prefix: str, number: int) -> dict[str, Any]:
    name = f"{kind.lower()}-{number}"
    return {
        "Path": "/",
        f"{kind}Name": name,
        f"{kind}Id": f"{prefix}{number:017d}",
        "Arn": arn(kind.lower(), name),
        "CreateDate": CREATED,
    }


def attached(random: Random, names: list[str], most: int) -> list[dict[str, str]]:
    some = random.sample(names, random.randint(1, most))
    return [{"PolicyName": name, "PolicyArn": arn("policy", name)} for name in some]


def details(roles: int, users: int, policies: int, seed: int = 7) -> dict[str, Any]:
    """Three of four roles have an inline policy, every fourth a boundary."""
    random = Random(seed)
    names = [f"policy-{number}" for number in range(policies)]
    return {
        "UserDetailList": [
            entity("User", "AIDA", n)
            | {
                "GroupList": [f"group-{n % 20}"],
                "AttachedManagedPolicies": attached(random, names, 2),
                "UserPolicyList": [],
            }
            for n in range(users)
        ],
        "GroupDetailList": [
            entity("Group", "AGPA", n) | {"GroupPolicyList": [], "AttachedManagedPolicies": attached(random, names, 3)}
            for n in range(20)
        ],
        "RoleDetailList": [role(random, n, names) for n in range(roles)],
        "Policies": [policy(random, n, name) for n, name in enumerate(names)],
    }


def role(random: Random, number: int, names: list[str]) -> dict[str, Any]:
    inline = [{"PolicyName": "own", "PolicyDocument": document(random, number)}] if number % 4 else []
    bounded = (
        {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn("policy", names[number % 10])}
        if number % 4 == 0
        else None
    )
    made = entity("Role", "AROA", number) | {
        "AssumeRolePolicyDocument": trust(random),
        "InstanceProfileList": [],
        "RolePolicyList": inline,
        "AttachedManagedPolicies": attached(random, names, 3),
        "Tags": [],
        "RoleLastUsed": {"LastUsedDate": "2026-10-01T00:00:00+00:00", "Region": "eu-west-1"},
    }
    return made | ({"PermissionsBoundary": bounded} if bounded else {})


def policy(random: Random, number: int, name: str) -> dict[str, Any]:
    version = {"Document": document(random, number), "VersionId": "v1", "IsDefaultVersion": True, "CreateDate": CREATED}
    return {
        "PolicyName": name,
        "PolicyId": f"ANPA{number:017d}",
        "Arn": arn("policy", name),
        "Path": "/",
        "DefaultVersionId": "v1",
        "AttachmentCount": 1,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "CreateDate": CREATED,
        "UpdateDate": CREATED,
        "PolicyVersionList": [version],
    }


def write(folder: Path, **sizes: int) -> Path:
    """A bundle with this one answer; returns the file's path."""
    path = folder / "iam.get-account-authorization-details.json"
    path.write_text(json.dumps(details(**sizes)))
    (folder / "account.json").write_text(json.dumps({"AccountId": ACCOUNT, "CollectedAt": "2026-11-24T00:00:00Z"}))
    return path


def stream(total: int, chunk: int) -> Iterator[dict[str, Any]]:
    """total roles in answers of `chunk` roles each."""
    for number, _ in enumerate(range(0, total, chunk)):
        yield details(roles=chunk, users=0, policies=100, seed=number)
