"""Paths that are not in the public catalogue: identities made for the purpose, older versions of policies, boundaries
taken off."""

from __future__ import annotations

from findings.analysis.escalation.model import Category, Needs, On, Path, Step

ROLE = "arn:{partition}:iam::{account}:role/{name}"
USER = "arn:{partition}:iam::{account}:user/{name}"


def _made(id_: str, needs: Needs, how: str, at: str, *actions: str) -> Path:
    return Path(id_, Category.ACCESS, needs, how, tuple(Step(action, On.NEW, at) for action in actions))


def _self(id_: str, needs: Needs, how: str, action: str, on: On = On.TARGET) -> Path:
    return Path(id_, Category.SELF, needs, how, (Step(action, on),))


PATHS = (
    _self(
        "iamdash-001",
        Needs.OWN_VERSION,
        "brings back an older version of its policy {target}",
        "iam:SetDefaultPolicyVersion",
        On.POLICY,
    ),
    _made(
        "iamdash-002",
        Needs.NEW_ROLE,
        "makes a role, attaches any managed policy and assumes it",
        ROLE,
        "iam:CreateRole",
        "iam:AttachRolePolicy",
    ),
    _made(
        "iamdash-003",
        Needs.NEW_ROLE,
        "makes a role, writes an inline policy into it and assumes it",
        ROLE,
        "iam:CreateRole",
        "iam:PutRolePolicy",
    ),
    _made(
        "iamdash-004",
        Needs.NEW_USER,
        "makes a user, attaches any managed policy and makes a key for it",
        USER,
        "iam:CreateUser",
        "iam:AttachUserPolicy",
        "iam:CreateAccessKey",
    ),
    _made(
        "iamdash-005",
        Needs.NEW_USER,
        "makes a user, writes an inline policy into it and makes a key for it",
        USER,
        "iam:CreateUser",
        "iam:PutUserPolicy",
        "iam:CreateAccessKey",
    ),
    _self("iamdash-006", Needs.OWN_BOUNDARY, "takes its boundary {target} off", "iam:DeleteRolePermissionsBoundary"),
    _self("iamdash-007", Needs.OWN_BOUNDARY, "replaces its boundary {target}", "iam:PutRolePermissionsBoundary"),
    _self("iamdash-008", Needs.OWN_BOUNDARY, "takes its boundary {target} off", "iam:DeleteUserPermissionsBoundary"),
    _self("iamdash-009", Needs.OWN_BOUNDARY, "replaces its boundary {target}", "iam:PutUserPermissionsBoundary"),
    _self(
        "iamdash-010",
        Needs.OWN_BOUNDARY_POLICY,
        "rewrites its boundary {target}",
        "iam:CreatePolicyVersion",
        On.POLICY,
    ),
)
