"""What a proposal may deny, by purpose. An atom is the smallest thing that is denied or not: one action, one service."""

from __future__ import annotations

from dataclasses import dataclass

ROOT, REGIONS, SERVICES = "root", "regions", "services"


@dataclass(frozen=True, slots=True)
class Group:
    """One statement. actions: its atoms; (): they follow from the use or the findings. spares: principals that only code acts
    with may go on."""

    key: str
    sid: str
    purpose: str
    breaks: str
    actions: tuple[str, ...] = ()
    spares: bool = False


@dataclass(frozen=True, slots=True)
class Atom:
    """pattern: an action, "bedrock:*"; "*" for ROOT and REGIONS."""

    group: str
    pattern: str


FIXED = (
    Group(
        "organization",
        "StayInOrganization",
        "Nobody takes an account out of the organization",
        "Moving an account to another organization: detach the SCP first.",
        ("organizations:LeaveOrganization",),
    ),
    Group(
        "trail",
        "KeepTrails",
        "Nobody stops, narrows or deletes a trail",
        "A change to a trail in a member account, until it is made from the management account or by a role that is spared.",
        (
            "cloudtrail:StopLogging",
            "cloudtrail:DeleteTrail",
            "cloudtrail:UpdateTrail",
            "cloudtrail:PutEventSelectors",
            "cloudtrail:DeleteEventDataStore",
        ),
        spares=True,
    ),
    Group(
        "config",
        "KeepConfig",
        "Nobody stops AWS Config",
        "A rebuild of the recorder in a member account, which first deletes the old one.",
        (
            "config:StopConfigurationRecorder",
            "config:DeleteConfigurationRecorder",
            "config:DeleteDeliveryChannel",
        ),
        spares=True,
    ),
    Group(
        "detection",
        "KeepDetection",
        "Nobody switches GuardDuty or Access Analyzer off",
        "Retiring a detector or an analyzer in a member account.",
        (
            "guardduty:DeleteDetector",
            "guardduty:DisassociateFromAdministratorAccount",
            "guardduty:DisassociateFromMasterAccount",
            "guardduty:StopMonitoringMembers",
            "access-analyzer:DeleteAnalyzer",
        ),
        spares=True,
    ),
    Group(
        "boundary",
        "KeepBoundaries",
        "Nobody takes a permissions boundary off a role or user",
        "Clearing a boundary by hand, also where it is in the way of an incident.",
        ("iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary", "iam:DeletePolicy"),
        spares=True,
    ),
    Group(
        "users",
        "NoNewIamUsers",
        "No new IAM users, passwords or access keys",
        "Rotation of the access keys that there are: it makes a new key. Rotate or replace them first.",
        ("iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile"),
        spares=True,
    ),
    Group(
        "escalation",
        "NoEscalation",
        "No step by which somebody gives more permissions to somebody",
        "The first change of permissions by hand, by a new pipeline, or by a break-glass role: spare these by a condition on"
        " aws:PrincipalArn (ArnNotLike) before you attach it.",
        (
            "iam:AddUserToGroup",
            "iam:AttachGroupPolicy",
            "iam:AttachRolePolicy",
            "iam:AttachUserPolicy",
            "iam:CreatePolicyVersion",
            "iam:PutGroupPolicy",
            "iam:PutRolePolicy",
            "iam:PutUserPolicy",
            "iam:SetDefaultPolicyVersion",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateLoginProfile",
        ),
        spares=True,
    ),
)
MADE = (
    Group(
        ROOT,
        "NoRootUser",
        "The root user does nothing",
        "The few tasks that only root can do, such as to unlock a bucket's policy: detach the SCP for them, or do them by root"
        " sessions from the management account on the accounts that are not below it.",
    ),
    Group(
        REGIONS,
        "OnlyUsedRegions",
        "Nothing in regions that nobody uses",
        "The first workload in a new region, and global services that AWS adds and that this list does not spare yet.",
    ),
    Group(
        SERVICES,
        "NoUnusedServices",
        "Services that nobody uses",
        "The first use of such a service by anybody, also as a part of another: read the list with the teams.",
    ),
)
# Whoever has to find out or undo something needs these, and that may be for the first time.
EMERGENCY = frozenset({
    "access-analyzer", "account", "cloudtrail", "config", "guardduty", "health", "iam", "kms", "logs", "organizations",
    "securityhub", "servicequotas", "signin", "sso", "sts", "support", "tag",
})  # fmt: skip
GROUPS = {group.key: group for group in (*FIXED, *MADE)}
ACTIONS = tuple(action for group in FIXED for action in group.actions)
ATOMS = (*(Atom(group.key, action) for group in FIXED for action in group.actions), Atom(ROOT, "*"), Atom(REGIONS, "*"))


def service(prefix: str) -> Atom:
    return Atom(SERVICES, f"{prefix}:*")
