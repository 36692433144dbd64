"""
## What it does
Opens when a role, user or group has an inline policy. Off by default: the settings' `off` names LP206, since many
teams write inline policies on purpose and CloudFormation does so by habit. Take it out of `off` to be told.

## Why it matters
An inline policy has no versions, cannot be reused, and is seen only by those who open its holder. A managed policy
can be rolled back and compared.

## How to fix
Make a managed policy of the document, attach it, delete the inline one (`user` and `group` in place of `role`):

    aws iam get-role-policy --role-name ROLE --policy-name NAME --query PolicyDocument > policy.json
    aws iam create-policy --policy-name NAME --policy-document file://policy.json
    aws iam attach-role-policy --role-name ROLE --policy-arn ARN
    aws iam delete-role-policy --role-name ROLE --policy-name NAME

## What it cannot know
Whether the policy is inline on purpose: one that must live and die with its role rightly is. Roles that Identity
Center made carry their permission set's inline policy and are not reported, nor are service-linked roles.

## References
- [Managed and inline policies](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Holder, Role
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="LP206",
    slug="inline-policy",
    severity=Severity.INFO,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER, SubjectType.GROUP),
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    title="A role, user or group has an inline policy",
    doc=__doc__,
)


def judge(holder: Holder, facts: Facts) -> Iterator[Outcome]:
    if isinstance(holder, Role) and (holder.service_linked or holder.reserved):
        return
    if not holder.inline:
        yield Clear("has no inline policy")
        return
    names = sorted(holder.inline)
    yield Open(f"{holder.name} has inline policies: {', '.join(names)}", {"inline": names})
