"""
## What it does
Opens when a customer-managed policy is attached to no user, group or role and is nobody's permissions boundary.

## Why it matters
A policy that nobody has does no harm today. It is a grant that waits: whoever may attach policies can put it to use,
and those who review permissions have to read it each time.

## How to fix
Save the document, delete the versions that are not the default, then the policy:

    aws iam list-entities-for-policy --policy-arn ARN
    aws iam get-policy-version --policy-arn ARN --version-id v1
    aws iam delete-policy-version --policy-arn ARN --version-id v1
    aws iam delete-policy --policy-arn ARN

A policy made by CloudFormation or Terraform is removed there.

## What it cannot know
Whether a permission set of Identity Center, a template or a script names the policy and will attach it tomorrow.
AWS-managed policies are never reported: they cannot be deleted.

## References
- [Delete managed policies](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_manage-delete.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Policy
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="LP107",
    slug="unattached-policy",
    severity=Severity.LOW,
    subject=SubjectType.POLICY,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    controls={
        "AWS Well-Architected": ("SEC03-BP04",),
    },
    title="A customer-managed policy is attached to nobody",
    doc=__doc__,
)


def judge(policy: Policy, facts: Facts) -> Iterator[Outcome]:
    if policy.aws_managed:
        return
    if policy.attachment_count or policy.boundary_count:
        yield Clear("attached" if policy.attachment_count else "in use as a permissions boundary")
        return
    yield Open(
        f"Policy {policy.name} is attached to nobody",
        {
            "created_at": policy.created_at.isoformat(),
            "updated_at": policy.updated_at.isoformat(),
            "versions": len(policy.versions),
        },
    )
