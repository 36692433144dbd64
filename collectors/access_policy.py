"""The read-only policy that an account must give us, generated from what the sources declare (DESIGN 6)."""

from __future__ import annotations

import json
from typing import Any

from collectors.sources import event_lookup, permissions, trail_bucket

POLICY_NAME = "iamdash-read"


def read_only_policy(account_id: str = "", partition: str = "aws") -> dict[str, Any]:
    """An IAM policy document: every action the collector calls, and nothing else. None of them takes a resource scope, but for
    those of the trail's bucket, which only the account that reads it is given."""
    actions = sorted({*permissions(), *event_lookup.permissions()})
    statement = {"Sid": "IamdashReads", "Effect": "Allow", "Action": actions, "Resource": "*"}
    trail = trail_bucket.permissions(trail_bucket.place(), partition) if trail_bucket.read_by(account_id) else []
    return {"Version": "2012-10-17", "Statement": [statement, *trail]}


def trust_policy(principal_arn: str, external_id: str) -> dict[str, Any]:
    """Who may assume the role: the collector's principal, and only with the account's own external id."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": principal_arn},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def cloudformation(
    role_name: str, principal_arn: str, external_id: str, policy: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A CloudFormation template that makes the role; the stack's output is its ARN. policy None: that of any account."""
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": role_name,
            "Description": "Read by iamdash",
            "AssumeRolePolicyDocument": trust_policy(principal_arn, external_id),
            "Policies": [{"PolicyName": POLICY_NAME, "PolicyDocument": policy or read_only_policy()}],
        },
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The role through which iamdash reads this account's IAM",
        "Resources": {"Role": role},
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }


def terraform(role_name: str, principal_arn: str, external_id: str, policy: dict[str, Any] | None = None) -> str:
    """The same as HCL. The documents are JSON inside jsonencode(), which HCL reads as its own object syntax."""
    trust = _indented(trust_policy(principal_arn, external_id))
    return f"""resource "aws_iam_role" "iamdash" {{
  name               = "{role_name}"
  description        = "Read by iamdash"
  assume_role_policy = jsonencode({trust})
}}

resource "aws_iam_role_policy" "iamdash" {{
  name   = "{POLICY_NAME}"
  role   = aws_iam_role.iamdash.id
  policy = jsonencode({_indented(policy or read_only_policy())})
}}
"""


def commands(role_name: str) -> str:
    """The AWS CLI's way, with the two documents in files."""
    return "\n".join(
        (
            f"aws iam create-role --role-name {role_name} --assume-role-policy-document file://trust.json",
            f"aws iam put-role-policy --role-name {role_name} --policy-name {POLICY_NAME} --policy-document file://read.json",
        )
    )


def _indented(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2).replace("\n", "\n  ")
