"""
## What it does
Opens when a customer-managed policy that nobody has, attached or as a boundary, would make whoever got it an
administrator. Its default version is judged by what it allows, as in LP201, not by its name.

## Why it matters
It is one call away from use: whoever may attach policies but not write them finds administration ready made, and an
attachment of a long-known policy is easily overlooked.

## How to fix
Delete the versions that are not the default, then the policy:

    aws iam list-entities-for-policy --policy-arn ARN
    aws iam delete-policy-version --policy-arn ARN --version-id v1
    aws iam delete-policy --policy-arn ARN

Who needs administration in an emergency can have AWS's own AdministratorAccess.

## What it cannot know
Older versions of the policy, which whoever may set the default version can bring back, are not judged. Whether a
permission set of Identity Center or a template names the policy and will attach it tomorrow.

## References
- [Delete managed policies](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_manage-delete.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Policy
from findings.analysis import admin
from findings.analysis.facts import Facts
from findings.policy.document import Unreadable
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="LP209",
    slug="unattached-admin-policy",
    severity=Severity.LOW,
    subject=SubjectType.POLICY,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    controls={
        "AWS Well-Architected": ("SEC03-BP02",),
        "Prowler": ("iam_customer_unattached_policy_no_administrative_privileges",),
        "Security Hub": ("IAM.1",),
    },
    title="A policy that nobody has would make an administrator",
    doc=__doc__,
)


def judge(policy: Policy, facts: Facts) -> Iterator[Outcome]:
    if policy.aws_managed:
        return
    document = facts.document(policy.document)
    if policy.attachment_count or policy.boundary_count:
        yield Clear("attached: LP201 judges who has it" if policy.attachment_count else "in use as a boundary")
    elif isinstance(document, Unreadable):
        yield Unknown(f"the policy {policy.name} could not be read: {document.reason}")
    elif admin.of_document(facts.permissions.library.compile(policy.document, document)):
        yield Open(
            f"Policy {policy.name} is attached to nobody and would make an administrator",
            {"default_version": policy.default_version, "created_at": policy.created_at.isoformat()},
        )
    else:
        yield Clear("would not make anybody an administrator")
