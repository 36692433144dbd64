"""Calls by the IAM action that allows them, and those of them that a principal's policies leave it.

Management events, and S3's data events, which the trail selects. What would change the organization itself is not among them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from collectors.lab.policy_language import listed, names_action, statements

HOME, GLOBAL = "eu-west-1", "us-east-1"  # where workloads run; where global services record


@dataclass(frozen=True, slots=True)
class Call:
    """plain: it reads, so that whoever may do everything does it now and then; others only call what they are given by name."""

    action: str
    source: str
    name: str
    plain: bool = True
    data: bool = False
    region: str = HOME


def call(action: str, name: str = "", source: str = "", **more: Any) -> Call:
    service, _, operation = action.partition(":")
    return Call(action, f"{source or service}.amazonaws.com", name or operation, **more)


CALLS = {
    one.action: one
    for one in (
        call("bedrock:InvokeModel", plain=False),
        call("ce:GetCostAndUsage", region=GLOBAL),
        call("cloudformation:DescribeStacks"),
        call("cloudtrail:DescribeTrails"),
        call("cloudwatch:DescribeAlarms", source="monitoring"),
        call("dynamodb:DescribeTable"),
        call("ec2:DescribeInstances"),
        call("ec2:RunInstances", plain=False),
        call("ecr:GetAuthorizationToken"),
        call("ecs:DescribeServices"),
        call("ecs:UpdateService", plain=False),
        call("glue:GetTables"),
        call("iam:GetUser", region=GLOBAL),
        call("iam:ListRoles", region=GLOBAL),
        call("kms:ListKeys"),
        call("lambda:GetFunction", "GetFunction20150331v2"),
        call("lambda:ListFunctions", "ListFunctions20150331"),
        call("logs:CreateLogStream", plain=False),
        call("logs:DescribeLogGroups"),
        call("logs:FilterLogEvents"),
        call("organizations:ListAccounts", region=GLOBAL),
        call("rds:DescribeDBInstances"),
        call("s3:GetBucketPolicy"),
        call("s3:GetObject", data=True),
        call("s3:ListAllMyBuckets", "ListBuckets"),
        call("s3:ListBucket", "ListObjects", data=True),
        call("s3:PutObject", plain=False, data=True),
        call("secretsmanager:GetSecretValue"),
        call("sns:ListTopics"),
        call("sqs:GetQueueAttributes"),
        call("ssm:GetParameter"),
        call("ssm:UpdateInstanceInformation", plain=False),
        call("sts:GetCallerIdentity"),
        call("tag:GetResources", source="tagging"),
    )
}
WHO_AM_I = "sts:GetCallerIdentity"  # needs no permission
OF_ITS_OWN = re.compile(r"arn:aws:(\w+):[\w-]*:\d*:(?:secret:)?([a-z][\w.-]*?)(?:-\*|/\*)?$")


def granted(documents: Iterable[str]) -> tuple[str, ...]:
    """Actions of CALLS that identity policies allow: reading ones however, others by their name."""
    some = [said(document) for document in documents]
    denied = {action for _, no in some for action in no}
    allowed = {action for yes, _ in some for action in yes}
    return tuple(action for action in CALLS if action in allowed and action not in denied)


@lru_cache(4096)
def said(document: str) -> tuple[frozenset[str], frozenset[str]]:
    """What one document allows, and what it denies whatever the circumstances."""
    some = statements(document)
    allowed = [one for one in some if one["Effect"] == "Allow"]
    denied = [one for one in some if one["Effect"] == "Deny" and "Condition" not in one]
    return (
        frozenset(a for a, one in CALLS.items() if any(names(s, a) if one.plain else by_name(s, a) for s in allowed)),
        frozenset(a for a in CALLS if any(names(s, a) for s in denied)),
    )


def names(statement: dict[str, Any], action: str) -> bool:
    """As policy_language.names_action; of AWS's policies with a thousand actions only those of the service are looked at."""
    kind = "Action" if "Action" in statement else "NotAction"
    near = (action.partition(":")[0], "*")
    some = [one for one in listed(statement.get(kind, "*")) if one.partition(":")[0].lower() in near]
    return names_action({kind: some}, action)


def by_name(statement: dict[str, Any], action: str) -> bool:
    return action in listed(statement.get("Action", []))


@lru_cache(4096)
def named(documents: tuple[str, ...], service: str) -> str:
    """A bucket, secret or queue that the policies name; "" when they name none."""
    for document in documents:
        for statement in statements(document):
            for resource in listed(statement.get("Resource", [])):
                found = OF_ITS_OWN.match(resource)
                if found and found[1] == service:
                    return found[2]
    return ""


def within(actions: Iterable[str], boundary: str) -> tuple[str, ...]:
    """Those that a permissions boundary allows too."""
    allowed = [one for one in statements(boundary) if one["Effect"] == "Allow"]
    return tuple(action for action in actions if any(names(s, action) for s in allowed))


def about(one: Call, account: str, name: str, number: int) -> dict[str, Any]:
    """The fields of a record that say what a call was about."""
    service = one.action.partition(":")[0]
    if one.source == "s3.amazonaws.com" and one.name != "ListBuckets":
        bucket, key = name or "halden-shared", f"{2026 - number % 2}/part-{number:04}.parquet"
        arns = [{"accountId": account, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}]
        asked = {"bucketName": bucket, "Host": f"{bucket}.s3.{one.region}.amazonaws.com"}
        if one.name in ("GetObject", "PutObject"):
            asked["key"] = key
            arns.append({"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"})
        return {"requestParameters": asked, "resources": arns}
    if service == "secretsmanager" and name:
        return {"requestParameters": {"secretId": name}}
    if service == "sqs" and name:
        return {"requestParameters": {"queueUrl": f"https://sqs.{one.region}.amazonaws.com/{account}/{name}"}}
    return {}
