"""
## What it does
Opens when AWS's policy `AWSCloudShellFullAccess` is attached to a role, a user or a group. Where a permissions boundary or SCP
blocks all of CloudShell, the severity falls one step, and the evidence names it.

## Why it matters
CloudShell is a computer with internet access, a gigabyte of storage and the caller's permissions, inside the console.
The policy allows file upload and download in it, so it is a way to carry data out that no network rule of the account
sees. Benchmarks ask that it is given to few, and knowingly.

## How to fix
Detach it, or attach a policy of your own that leaves out `cloudshell:GetFileDownloadUrls` and
`cloudshell:GetFileUploadUrls` (`user` and `group` in place of `role`):

    aws iam detach-role-policy --role-name ROLE --policy-arn arn:aws:iam::aws:policy/AWSCloudShellFullAccess

A role that Identity Center made is changed through its permission set.

## What it cannot know
Whether somebody uses CloudShell through it. Other policies may allow the same actions (`cloudshell:*`): LP202 tells of
those.

## References
- [Manage access to CloudShell](https://docs.aws.amazon.com/cloudshell/latest/userguide/sec-auth-with-identities.html)
- [AWSCloudShellFullAccess](https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCloudShellFullAccess.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Holder, Role
from findings.analysis.facts import Facts
from findings.analysis.limits import blocked_by
from findings.rules.words import lowered
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

POLICY = ":iam::aws:policy/AWSCloudShellFullAccess"

RULE = Rule(
    code="LP211",
    slug="cloudshell-full-access",
    severity=Severity.LOW,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER, SubjectType.GROUP),
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    controls={
        "AWS Well-Architected": ("SEC03-BP02",),
        "CIS AWS v3": ("1.22",),
        "CIS AWS v5": ("1.21",),
        "CIS AWS v7": ("2.20",),
        "Prowler": ("iam_policy_cloudshell_admin_not_attached",),
        "Security Hub": ("IAM.27",),
    },
    title="AWSCloudShellFullAccess is attached to a role, user or group",
    doc=__doc__,
)


def judge(holder: Holder, facts: Facts) -> Iterator[Outcome]:
    if isinstance(holder, Role) and holder.service_linked:
        return
    found = [arn for arn in holder.attached if arn.endswith(POLICY)]
    if not found:
        yield Clear("does not have AWSCloudShellFullAccess")
        return
    blockers = blocked_by(holder, facts.permissions.catalogue.mask(("cloudshell:*",)), facts)
    yield Open(
        f"AWSCloudShellFullAccess is attached to {holder.name}",
        {"attached": found, "blocked_by": list(blockers)},
        lowered(RULE.severity) if blockers else None,
    )
