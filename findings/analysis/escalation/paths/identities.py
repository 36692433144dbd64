"""Paths through IAM itself: a principal changes what it may do, or takes over another one."""

from __future__ import annotations

from findings.analysis.escalation.model import Category, Needs, On, Path, Step


def _self(id_: str, needs: Needs, how: str, action: str, on: On = On.TARGET) -> Path:
    return Path(id_, Category.SELF, needs, how, (Step(action, on),))


def _access(id_: str, needs: Needs, how: str, *steps: tuple[str, On]) -> Path:
    return Path(id_, Category.ACCESS, needs, how, tuple(Step(action, on) for action, on in steps))


T, P = On.TARGET, On.POLICY

PATHS = (
    _self("iam-001", Needs.OWN_POLICY, "rewrites the policy {target} of its own", "iam:CreatePolicyVersion", P),
    _self("iam-005", Needs.SELF_ROLE, "writes an inline policy into itself", "iam:PutRolePolicy"),
    _self("iam-007", Needs.SELF_USER, "writes an inline policy into itself", "iam:PutUserPolicy"),
    _self("iam-008", Needs.SELF_USER, "attaches any managed policy to itself", "iam:AttachUserPolicy"),
    _self("iam-009", Needs.SELF_ROLE, "attaches any managed policy to itself", "iam:AttachRolePolicy"),
    _self("iam-010", Needs.OWN_GROUP, "attaches any managed policy to its group {target}", "iam:AttachGroupPolicy"),
    _self("iam-011", Needs.OWN_GROUP, "writes an inline policy into its group {target}", "iam:PutGroupPolicy"),
    _self("iam-013", Needs.GROUP, "joins the group {target}", "iam:AddUserToGroup"),
    _access("iam-002", Needs.USER_WITH_ROOM, "makes an access key for user {target}", ("iam:CreateAccessKey", T)),
    _access(
        "iam-003",
        Needs.USER_WITH_KEYS,
        "deletes an access key of user {target} and makes one",
        ("iam:CreateAccessKey", T),
        ("iam:DeleteAccessKey", T),
    ),
    _access(
        "iam-004", Needs.USER_WITHOUT_PASSWORD, "gives user {target} a console password", ("iam:CreateLoginProfile", T)
    ),
    _access(
        "iam-006", Needs.USER_WITH_PASSWORD, "sets the console password of user {target}", ("iam:UpdateLoginProfile", T)
    ),
    _access(
        "iam-012",
        Needs.ROLE,
        "rewrites the trust of role {target} and assumes it",
        ("iam:UpdateAssumeRolePolicy", T),
        ("sts:AssumeRole", On.TAKEN),
    ),
    _access(
        "iam-014",
        Needs.ANY_TRUSTING_ROLE,
        "attaches any managed policy to role {target} and assumes it",
        ("iam:AttachRolePolicy", T),
        ("sts:AssumeRole", On.ASSUMED),
    ),
    _access(
        "iam-015",
        Needs.ANY_USER,
        "attaches any managed policy to user {target} and makes a key for it",
        ("iam:AttachUserPolicy", T),
        ("iam:CreateAccessKey", T),
    ),
    _access(
        "iam-016",
        Needs.POLICY_OF_TRUSTING_ROLE,
        "rewrites a policy of role {target} and assumes it",
        ("iam:CreatePolicyVersion", P),
        ("sts:AssumeRole", On.ASSUMED),
    ),
    _access(
        "iam-017",
        Needs.ANY_TRUSTING_ROLE,
        "writes an inline policy into role {target} and assumes it",
        ("iam:PutRolePolicy", T),
        ("sts:AssumeRole", On.ASSUMED),
    ),
    _access(
        "iam-018",
        Needs.ANY_USER,
        "writes an inline policy into user {target} and makes a key for it",
        ("iam:PutUserPolicy", T),
        ("iam:CreateAccessKey", T),
    ),
    _access(
        "iam-019",
        Needs.ANY_ROLE,
        "attaches any managed policy to role {target}, rewrites its trust and assumes it",
        ("iam:AttachRolePolicy", T),
        ("iam:UpdateAssumeRolePolicy", T),
        ("sts:AssumeRole", On.TAKEN),
    ),
    _access(
        "iam-020",
        Needs.POLICY_OF_ROLE,
        "rewrites a policy and the trust of role {target} and assumes it",
        ("iam:CreatePolicyVersion", P),
        ("iam:UpdateAssumeRolePolicy", T),
        ("sts:AssumeRole", On.TAKEN),
    ),
    _access(
        "iam-021",
        Needs.ANY_ROLE,
        "writes an inline policy into role {target}, rewrites its trust and assumes it",
        ("iam:PutRolePolicy", T),
        ("iam:UpdateAssumeRolePolicy", T),
        ("sts:AssumeRole", On.TAKEN),
    ),
    _access("sts-001", Needs.TRUSTING_ROLE, "assumes role {target}", ("sts:AssumeRole", On.ASSUMED)),
)
