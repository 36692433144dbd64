"""Guardrails that most organizations want, ready to be asked about. Starting points: who takes one edits it first.

They are kept in AWS's limits, and the tests hold them to that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from findings.analysis.proposed.regions import GLOBAL, READS
from findings.analysis.what_if.model import Kind
from findings.policy.document import VARIABLES_SINCE

Json = dict[str, Any]
CONDITION_KEYS = REGION, PRINCIPAL, ORGANIZATION, IS_SERVICE, TOKENS, DELIVERY = (
    "aws:RequestedRegion",
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
    "aws:PrincipalIsAWSService",
    "ec2:MetadataHttpTokens",
    "ec2:RoleDelivery",
)
SPARED = "arn:aws:iam::*:role/OrganizationAccountAccessRole"
REGIONS = ("eu-west-1", "us-east-1")  # where the settings name none: to be edited


@dataclass(frozen=True, slots=True)
class Given:
    """What baselines are filled with. regions: those that the settings allow; organization: its id, "" where it is not known."""

    regions: Sequence[str] = ()
    organization: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    id: str
    kind: Kind
    name: str
    words: str
    statements: Callable[[Given], list[Json]]

    def document(self, given: Given) -> Json:
        return {"Version": VARIABLES_SINCE, "Statement": self.statements(given)}


def _deny(sid: str, actions: Sequence[str], condition: Json | None = None, resource: Any = "*", **more: Any) -> Json:
    stated = {"Sid": sid, "Effect": "Deny", **more, "Action": list(actions), "Resource": resource}
    return stated | ({"Condition": condition} if condition else {})


def _regions(given: Given) -> list[Json]:
    condition = {
        "StringNotEquals": {REGION: sorted(given.regions or REGIONS)},
        "ArnNotLike": {PRINCIPAL: [SPARED]},
    }
    spared = [*(f"{service}:*" for service in GLOBAL), *READS]
    return [
        {"Sid": "OtherRegions", "Effect": "Deny", "NotAction": spared, "Resource": "*", "Condition": condition},
    ]


def _recording(_: Given) -> list[Json]:
    return [
        _deny(
            "StopRecording",
            (
                "cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors", "cloudtrail:StopLogging", "cloudtrail:UpdateTrail",
                "config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel", "config:StopConfigurationRecorder",
                "guardduty:DeleteDetector", "guardduty:DisassociateFromAdministratorAccount",
                "guardduty:StopMonitoringMembers", "guardduty:UpdateDetector", "securityhub:DisableSecurityHub",
                "access-analyzer:DeleteAnalyzer",
            ),
            {"ArnNotLike": {PRINCIPAL: [SPARED]}},
        )
    ]  # fmt: skip


def _boundary(_: Given) -> list[Json]:
    spared = {"ArnNotLike": {PRINCIPAL: [SPARED]}}
    readers = "arn:aws:iam::*:role/iamdash-readonly"
    changes = ("iam:AttachRolePolicy", "iam:DeleteRole*", "iam:DetachRolePolicy", "iam:PutRole*", "iam:Update*Role*")
    return [
        _deny("RemoveBoundary", ("iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"), spared),
        _deny("ChangeTheReader", changes, spared, resource=readers),
    ]


def _outsiders(given: Given) -> list[Json]:
    condition = {
        "StringNotEqualsIfExists": {ORGANIZATION: given.organization or "o-yourorgid0"},
        "BoolIfExists": {IS_SERVICE: "false"},
    }
    actions = ("s3:*", "sqs:*", "kms:*", "secretsmanager:*", "sts:AssumeRole")
    return [_deny("Outsiders", actions, condition, Principal="*")]


def _metadata(_: Given) -> list[Json]:
    instances = "arn:aws:ec2:*:*:instance/*"
    required = {"StringNotEquals": {TOKENS: "required"}}
    return [
        _deny("LaunchWithoutTokens", ("ec2:RunInstances",), required, resource=instances),
        _deny("AllowWithoutTokens", ("ec2:ModifyInstanceMetadataOptions",)),
        _deny("CredentialsWithoutTokens", ("*",), {"NumericLessThan": {DELIVERY: "2.0"}}),
    ]


def _developers(_: Given) -> list[Json]:
    spared = [
        "iam:*User*",
        "iam:*Role*",
        "iam:*Policy*",
        "iam:*LoginProfile",
        "iam:*AccessKey*",
        "organizations:*",
        "account:*",
    ]
    reads = ["iam:Get*", "iam:List*", "iam:PassRole", "iam:CreateServiceLinkedRole"]
    return [
        {"Sid": "AllButIdentities", "Effect": "Allow", "NotAction": spared, "Resource": "*"},
        {"Sid": "ReadIdentities", "Effect": "Allow", "Action": reads, "Resource": "*"},
    ]


ROOT = {"ArnLike": {PRINCIPAL: "arn:aws:iam::*:root"}}
KEYS = ("iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:CreateUser", "iam:UpdateLoginProfile")
BASELINES = (
    Baseline("regions", Kind.SCP, "Deny other regions", "Only the regions of the settings, and global services.", _regions),
    Baseline(
        "leave", Kind.SCP, "Deny leaving the organization", "No account may take itself out of what binds it.",
        lambda _: [_deny("Leave", ("organizations:LeaveOrganization",))],
    ),
    Baseline(
        "recording", Kind.SCP, "Protect CloudTrail, Config and GuardDuty",
        "Nobody in an account may stop what records and watches it.", _recording,
    ),
    Baseline(
        "root", Kind.SCP, "Deny what the root user does", "The root user of a member account may do nothing.",
        lambda _: [_deny("Root", ("*",), ROOT)],
    ),
    Baseline(
        "users", Kind.SCP, "Deny new IAM users and access keys", "People and programs come by roles, not by long-term keys.",
        lambda _: [_deny("UsersAndKeys", KEYS, {"ArnNotLike": {PRINCIPAL: [SPARED]}})],
    ),
    Baseline(
        "boundary", Kind.SCP, "Protect boundaries and the role that iamdash reads by",
        "Nobody may take a boundary off or change the read-only role.", _boundary,
    ),
    Baseline(
        "imdsv2", Kind.SCP, "Require IMDSv2", "Instances get credentials by session tokens only, and credentials that came "
        "without are worth nothing.", _metadata,
    ),
    Baseline(
        "outsiders", Kind.RCP, "Deny principals from outside of the organization",
        "Buckets, queues, keys, secrets and roles are for the organization's own principals and for AWS services.", _outsiders,
    ),
    Baseline(
        "developers", Kind.BOUNDARY, "A boundary for developers", "Everything but users, roles and policies.", _developers,
    ),
)  # fmt: skip
BY_ID = {baseline.id: baseline for baseline in BASELINES}
