"""
## What it does
Opens when no role of the account has AWS's policy `AWSSupportAccess` attached.

## Why it matters
In an incident somebody has to talk to AWS Support at once. Without a role for that, people reach for an
administrator's credentials, or for root's.

## How to fix
Make a role that the people on call may assume, and attach the policy:

    aws iam create-role --role-name aws-support --assume-role-policy-document file://trust.json
    aws iam attach-role-policy --role-name aws-support --policy-arn arn:aws:iam::aws:policy/AWSSupportAccess

With IAM Identity Center: a permission set with that policy, assigned to this account.

## What it cannot know
Whether anybody may assume the role, and whether another policy, an administrator's for instance, opens support cases
too. If the organization handles support from another account, accept the finding.

## References
- [Manage access to AWS Support](https://docs.aws.amazon.com/awssupport/latest/user/accessing-support.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from findings.analysis.facts import AccountSubject, Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="AB105",
    slug="no-support-role",
    severity=Severity.LOW,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    controls={
        "CIS AWS v3": ("1.17",),
        "CIS AWS v5": ("1.16",),
        "CIS AWS v7": ("2.15",),
        "Prowler": ("iam_support_role_created",),
        "Security Hub": ("IAM.18",),
    },
    title="No role has AWSSupportAccess",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    policy = f"arn:{facts.snapshot.partition}:iam::aws:policy/AWSSupportAccess"
    roles = facts.roles_with(policy)
    if roles:
        yield Clear(f"AWSSupportAccess is attached to {roles[0].name}")
    else:
        yield Open(f"No role of {account.name} has AWSSupportAccess", {"policy": policy})
