"""
## What it does
Opens when a policy allows, by wildcards, all that writes or manages permissions in a service, on everything: `s3:*`, or
patterns such as `kms:C*`, `kms:D*`... that come to the same. Its severity is high for CloudTrail, IAM, KMS,
Organizations, S3 and STS.
A customer-managed policy is reported itself, once, with all its services; an inline policy, and a policy of AWS, on the
role, user or group that has it. A wildcard on named resources stays silent, and so does one that a condition narrows to
some resources; a condition on the session (MFA, source address) narrows nothing. `*` on `*` is LP201's and LP209's. AWS's
`AWSCloudShellFullAccess` is LP211's, and `AWSSupportAccess` is what AB105 asks for.

## Why it matters
`service:*` grants what the service can do today and what AWS will add to it tomorrow: deleting, sharing with other
accounts, changing policies of resources. Almost nobody needs more than a tenth of it.

## How to fix
Replace the wildcard by the actions that are used. Access Advisor tells which; iamdash proposes a policy on the role's
page. Then make a new version:

    aws iam create-policy-version --policy-arn ARN --policy-document file://policy.json --set-as-default

Replace an AWS-managed policy by one of your own, and detach it.

## What it cannot know
Which of the actions are needed. Whether a boundary or an SCP takes the service away again is looked at for those who have
the policy now; the severity then falls one step, and the evidence says what blocks it. New actions that the
catalogue does not know yet are not counted.

## References
- [Grant least privilege](https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege)
- [Security Hub IAM.21](https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-21)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Holder, Policy
from findings.analysis import admin
from findings.analysis.facts import Facts
from findings.analysis.grants import Grant
from findings.analysis.limits import blocked_by
from findings.analysis.wildcards import CHANGING, of_levels, service_wildcards
from findings.rules.per_policy import per_policy
from findings.rules.words import few, lowered, sentence
from findings.vocabulary import Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

ELSEWHERE = frozenset({"AWSCloudShellFullAccess", "AWSSupportAccess"})  # of AWS; other rules judge who has them
RAISED = frozenset({"cloudtrail", "iam", "kms", "organizations", "s3", "sts"})

RULE = Rule(
    code="LP202",
    slug="service-wildcard",
    severity=Severity.MEDIUM,
    subject=SubjectType.POLICY,
    also=(SubjectType.ROLE, SubjectType.USER, SubjectType.GROUP),
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    controls={
        "AWS Well-Architected": ("SEC03-BP02",),
        "Prowler": (
            "iam_inline_policy_no_full_access_to_cloudtrail",
            "iam_inline_policy_no_full_access_to_kms",
            "iam_policy_no_agentcore_workload_access_token_wildcard",
            "iam_policy_no_full_access_to_cloudtrail",
            "iam_policy_no_full_access_to_kms",
        ),
        "Security Hub": ("IAM.21",),
    },
    title="A policy allows all actions of a service",
    doc=__doc__,
)


def judge(subject: Policy | Holder, facts: Facts) -> Iterator[Outcome]:
    catalogue = facts.permissions.catalogue

    def fault(grant: Grant) -> Open | None:
        if grant.part in ELSEWHERE or admin.of_document(grant.compiled):
            return None
        services = sorted(service_wildcards(grant.compiled, catalogue), key=lambda name: (name not in RAISED, name))
        if not services:
            return None
        severity = Severity.HIGH if RAISED & set(services) else Severity.MEDIUM
        mask = of_levels(catalogue, CHANGING) & catalogue.mask(f"{service}:*" for service in services)
        blockers = blocked_by(subject, mask, facts)
        return Open(
            sentence(f"{grant.name} allows all actions of {few(services)}"),
            {"services": services, "blocked_by": list(blockers)},
            lowered(severity) if blockers else severity,
        )

    yield from per_policy(subject, facts, fault, "no wildcard allows a whole service on everything")
