"""A few of AWS's own policies by heart. An account lists those that are attached in it, so the first plan to attach one would
attach a document that nobody has read; these are the ones for which that must not hide what it gives.

Source: AWS managed policy reference guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MARK = ":iam::aws:policy/"
_READS_OF_ORGANIZATIONS = (
    "DescribeAccount",
    "DescribeOrganization",
    "DescribeOrganizationalUnit",
    "DescribePolicy",
    "ListChildren",
    "ListParents",
    "ListPoliciesForTarget",
    "ListRoots",
    "ListPolicies",
    "ListTargetsForPolicy",
)
_ALL_BUT_IDENTITIES = {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"}


def _allow(*actions: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*"}


_STATEMENTS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "AdministratorAccess": (_allow("*"),),
    "IAMFullAccess": (_allow("iam:*", *(f"organizations:{name}" for name in _READS_OF_ORGANIZATIONS)),),
    "PowerUserAccess": (
        _ALL_BUT_IDENTITIES,
        _allow(
            "account:GetAccountInformation",
            "account:GetGovCloudAccountInformation",
            "account:GetPrimaryEmail",
            "account:ListRegions",
            "iam:CreateServiceLinkedRole",
            "iam:DeleteServiceLinkedRole",
            "iam:ListRoles",
            "organizations:DescribeEffectivePolicy",
            "organizations:DescribeOrganization",
        ),
    ),
}


def document(arn: str) -> dict[str, Any] | None:
    """None: it is not one of them."""
    statements = _STATEMENTS.get(arn.partition(MARK)[2])
    return {"Version": "2012-10-17", "Statement": list(statements)} if statements else None
