"""
## What it does
Opens when no role of the account has AWS's policy `SecurityAudit` attached.

## Why it matters
Those who look into an account's security need to read its configuration, and nothing else. Without a role for that
they are given too much, or see too little when it is urgent.

## How to fix
Make a role that the auditors may assume, and attach the policy:

    aws iam create-role --role-name security-audit --assume-role-policy-document file://trust.json
    aws iam attach-role-policy --role-name security-audit --policy-arn arn:aws:iam::aws:policy/SecurityAudit

With IAM Identity Center: a permission set with that policy, assigned to this account.

## What it cannot know
Whether the role's trust lets your auditors in, or a vendor only; LP402 and LP407 look at that. A role with a policy
of your own in place of `SecurityAudit`, or with `ReadOnlyAccess`, is not recognised: accept the finding then.

## References
- [SecurityAudit](https://docs.aws.amazon.com/aws-managed-policy/latest/reference/SecurityAudit.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from findings.analysis.facts import AccountSubject, Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="AB106",
    slug="no-security-audit-role",
    severity=Severity.INFO,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    controls={
        "Prowler": ("iam_securityaudit_role_created",),
    },
    title="No role has SecurityAudit",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    policy = f"arn:{facts.snapshot.partition}:iam::aws:policy/SecurityAudit"
    roles = facts.roles_with(policy)
    if roles:
        yield Clear(f"SecurityAudit is attached to {roles[0].name}")
    else:
        yield Open(f"No role of {account.name} has SecurityAudit", {"policy": policy})
