"""What an organization makes of us: the members' role for a StackSet, the hub role, and the same as Terraform and commands.

StackSets give accounts that join later nothing but the template's own defaults, and do not deploy to the management account,
which gets the same template as a stack of its own (AWS.md 31). So nothing in it differs from account to account but what
CloudFormation itself puts in: the external id is made of the organization's secret and AWS::AccountId (TRUST, threats).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from collectors.access_policy import POLICY_NAME, read_only_policy, trust_policy
from collectors.aws.partitions import HOME
from collectors.models import OrganizationConnection
from collectors.sources import trail_bucket

STACK, HUB_STACK = "iamdash", "iamdash-hub"
MEMBERS_FILE, HUB_FILE = "iamdash-members.json", "iamdash-hub.json"
Template = dict[str, Any]


@dataclass(frozen=True)
class Access:
    """Who reads which organization. principal: ARN of the worker's role. units: where the StackSet deploys.

    managing: whether the templates are deployed by the management account; else by a delegated administrator.
    """

    decided: OrganizationConnection
    principal: str
    partition: str = "aws"
    managing: bool = True

    @property
    def assumed_by(self) -> str:
        """Whom the members' roles trust: the hub role where there is one, else the worker's."""
        return self.decided.hub_role_arn or self.principal

    @property
    def region(self) -> str:
        """IAM is global: one region is enough, and a second stack would find the role made."""
        return HOME[self.partition]

    @property
    def hub_name(self) -> str:
        return self.decided.hub_role_arn.rpartition("/")[2]


def member_trust(access: Access) -> Template:
    """In CloudFormation's words: parameters and AWS::AccountId are put in where the stack is made."""
    condition = {
        "StringEquals": {
            "sts:ExternalId": {"Fn::Sub": "${OrganizationSecret}-${AWS::AccountId}"},
            "aws:PrincipalOrgID": {"Ref": "OrganizationId"},
        },
        "ArnEquals": {"aws:PrincipalArn": {"Ref": "AssumedBy"}},
    }
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": {"Ref": "AssumedBy"}},
        "Action": "sts:AssumeRole",
        "Condition": condition,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def member_template(access: Access) -> Template:
    """The role of every member, and of the management account. Its parameters have defaults, since new accounts get no others."""
    decided = access.decided
    parameters = {
        "RoleName": decided.role_name,
        "AssumedBy": access.assumed_by,
        "OrganizationId": decided.organization_id,
        "OrganizationSecret": decided.secret,
    }
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": {"Ref": "RoleName"},
            "Description": "Read by iamdash",
            "AssumeRolePolicyDocument": member_trust(access),
            "Policies": [{"PolicyName": POLICY_NAME, "PolicyDocument": read_only_policy()}],
        },
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The role through which iamdash reads this account's IAM",
        "Parameters": {name: {"Type": "String", "Default": value} for name, value in parameters.items()},
        **_trail(access),
        "Resources": {"Role": role, **_trail_policy(access)},
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }


def _trail(access: Access) -> Template:
    """One account of all reads the trail's bucket, where one is set: the template is everybody's, so it asks where it is."""
    reader = trail_bucket.place().reader
    if not trail_bucket.read_by(reader):
        return {}
    return {"Conditions": {"ReadsTrail": {"Fn::Equals": [{"Ref": "AWS::AccountId"}, reader]}}}


def _trail_policy(access: Access) -> Template:
    if not _trail(access):
        return {}
    statements = trail_bucket.permissions(trail_bucket.place(), access.partition)
    policy = {
        "Type": "AWS::IAM::Policy",
        "Condition": "ReadsTrail",
        "Properties": {
            "PolicyName": f"{POLICY_NAME}-trail",
            "Roles": [{"Ref": "Role"}],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": statements},
        },
    }
    return {"TrailPolicy": policy}


def hub_template(access: Access) -> Template:
    """The role between the worker and the members: it may assume theirs, and nothing else; a worker outside the organization
    needs one, since members trust principals of the organization only."""
    assume = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Resource": f"arn:{access.partition}:iam::*:role/{access.decided.role_name}",
    }
    path = "/" + "".join(f"{part}/" for part in access.decided.hub_role_arn.split("/")[1:-1])
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": access.hub_name,
            "Path": path,
            "Description": "iamdash goes through it to the accounts of the organization",
            "AssumeRolePolicyDocument": trust_policy(access.principal, access.decided.hub_external_id),
            "Policies": [{"PolicyName": HUB_STACK, "PolicyDocument": {"Version": "2012-10-17", "Statement": [assume]}}],
        },
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The role through which iamdash reaches the accounts of the organization",
        "Resources": {"Role": role},
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }


def text(template: Template) -> str:
    return json.dumps(template, indent=2)


def stack_set_commands(access: Access) -> str:
    """The StackSet, then its stacks in the chosen OUs; what joins these later gets its stack by itself."""
    call_as = "" if access.managing else " --call-as DELEGATED_ADMIN"
    units = ",".join(sorted(access.decided.units))
    return (
        f"aws cloudformation create-stack-set --stack-set-name {STACK} --template-body file://{MEMBERS_FILE} \\\n"
        "  --permission-model SERVICE_MANAGED --capabilities CAPABILITY_NAMED_IAM \\\n"
        f"  --auto-deployment Enabled=true,RetainStacksOnAccountRemoval=false{call_as} --region {access.region}\n"
        f"aws cloudformation create-stack-instances --stack-set-name {STACK} \\\n"
        f"  --deployment-targets OrganizationalUnitIds={units} --regions {access.region} \\\n"
        "  --operation-preferences FailureTolerancePercentage=100,MaxConcurrentPercentage=100"
        f"{call_as} --region {access.region}"
    )


def stack_command(access: Access, stack: str, file: str) -> str:
    return (
        f"aws cloudformation deploy --stack-name {stack} --template-file {file} \\\n"
        f"  --capabilities CAPABILITY_NAMED_IAM --region {access.region}"
    )


def stack_set_terraform(access: Access) -> str:
    """The template stays a file beside it: HCL would take CloudFormation's ${...} for its own."""
    call_as = "SELF" if access.managing else "DELEGATED_ADMIN"
    return f"""resource "aws_cloudformation_stack_set" "iamdash" {{
  name             = "{STACK}"
  permission_model = "SERVICE_MANAGED"
  call_as          = "{call_as}"
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  template_body    = file("${{path.module}}/{MEMBERS_FILE}")

  auto_deployment {{
    enabled                          = true
    retain_stacks_on_account_removal = false
  }}

  lifecycle {{
    ignore_changes = [administration_role_arn]
  }}
}}

resource "aws_cloudformation_stack_set_instance" "iamdash" {{
  for_each       = toset({json.dumps(sorted(access.decided.units))})
  stack_set_name = aws_cloudformation_stack_set.iamdash.name
  call_as        = "{call_as}"

  deployment_targets {{
    organizational_unit_ids = [each.value]
  }}
}}
"""


def member_terraform(access: Access) -> str:
    """A module for who makes every account's baseline with Terraform: to be applied once an account, with its own provider."""
    decided = access.decided
    policy = json.dumps(read_only_policy(), indent=2).replace("\n", "\n  ")
    return f"""data "aws_caller_identity" "here" {{}}

resource "aws_iam_role" "iamdash" {{
  name        = "{decided.role_name}"
  description = "Read by iamdash"
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect    = "Allow"
      Principal = {{ AWS = "{access.assumed_by}" }}
      Action    = "sts:AssumeRole"
      Condition = {{
        StringEquals = {{
          "sts:ExternalId"     = "{decided.secret}-${{data.aws_caller_identity.here.account_id}}"
          "aws:PrincipalOrgID" = "{decided.organization_id}"
        }}
        ArnEquals = {{ "aws:PrincipalArn" = "{access.assumed_by}" }}
      }}
    }}]
  }})
}}

resource "aws_iam_role_policy" "iamdash" {{
  name   = "{POLICY_NAME}"
  role   = aws_iam_role.iamdash.id
  policy = jsonencode({policy})
}}
"""
