"""
## What it does
Opens when a role or user may use one of the sensitive services (`sensitive_services`: bedrock after 60 days and sagemaker
after 90 by default) and did not try to within that service's days. Each service is a finding of its own. As in LP104,
what it may use is what its policies leave it within boundary and SCPs, Access Advisor tells of use, and the access must
have been granted during all these days. Administrators are not left out: that they may use everything does not say
that they need these. Service-linked roles are never reported.

## Why it matters
Models cost money by the token and training jobs by the hour, and both may read whatever data they are pointed at. A
credential that can call them and does not need to is what is looked for by those who sell access to other people's accounts.

## How to fix
Take the service out of the policies that grant it, or deny it by an SCP where nobody needs it:

    aws iam list-policies-granting-service-access --arn ARN --service-namespaces bedrock

## What it cannot know
Access Advisor counts attempts, also denied ones. Where it was not read lately, or tells nothing of the service, the subject
is unknown. Use of a model through another service of AWS may not be counted as use of bedrock.

## References
- [Refine permissions using last accessed
information](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html)
- [Security in Amazon Bedrock](https://docs.aws.amazon.com/bedrock/latest/userguide/security.html)
- [Security in SageMaker](https://docs.aws.amazon.com/sagemaker/latest/dg/security.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role, User
from findings.analysis.facts import Facts
from findings.analysis.unused_services import UnusedService, services_of, why_unknown
from findings.analysis.usage import use
from findings.rules.words import guardrails_seen
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="LP106",
    slug="stale-sensitive-service",
    severity=Severity.LOW,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER,),
    kind=RuleKind.LACKS,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    each=("iam:GenerateServiceLastAccessedDetails",),
    helps=("iam:GetServiceLastAccessedDetails", "organizations:ListPolicies"),
    controls={
        "AWS Well-Architected": ("SEC03-BP04",),
        "Prowler": (
            "iam_role_access_not_stale_to_bedrock",
            "iam_user_access_not_stale_to_bedrock",
            "iam_user_access_not_stale_to_sagemaker",
        ),
    },
    title="A role or user may use a sensitive service and does not",
    doc=__doc__,
)


def judge(principal: Role | User, facts: Facts) -> Iterator[Outcome]:
    if isinstance(principal, Role) and principal.service_linked:
        return
    known = use(principal, facts)
    used: list[str] = []
    unused: list[UnusedService] = []
    unknown: dict[str, str] = {}
    for service, days in sorted(facts.settings.sensitive_services.items()):
        if facts.older(principal.created_at, days):
            found = services_of(principal, facts, days, (service,), known)
            used += found.used
            unused += found.unused
            unknown |= found.unknown
    reason = facts.permissions.unknown(principal)
    for one in unused if not reason else ():
        yield _open(principal, one, facts)
    if reason or unknown:
        yield Unknown(reason or why_unknown(unknown))
    elif used and not unused:
        yield Clear(f"used {' and '.join(used)} lately", sighting=True)


def _open(principal: Role | User, found: UnusedService, facts: Facts) -> Open:
    days = facts.settings.sensitive_services[found.service]
    held = facts.permissions.library.of(principal)
    return Open(
        f"{type(principal).__name__} {principal.name} may use {found.service}, and did not in {days} days",
        {
            "service": found.service,
            "last_accessed": found.said(principal, facts),
            "actions": found.actions.bit_count(),
            "granted_by": [one.title for one in held if one.compiled.allow & found.actions],
            "days": days,
            "guardrails": guardrails_seen(facts),
        },
        part=found.service,
    )
