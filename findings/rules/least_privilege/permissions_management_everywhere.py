"""
## What it does
Opens when all policies of a role or user together, within its permissions boundary and the SCPs, leave it actions that
manage permissions on everything: changing bucket policies, key grants, function permissions, IAM itself. Administrators
are not reported again (LP201 tells them), nor are service-linked roles. Actions that only look do not count, whatever
level AWS's reference gives them. When guardrails take half of what is granted, or more, the severity falls one step; when
they take all, nothing is reported. Both name them.

## Why it matters
Who may change permissions everywhere may give away what it cannot reach itself: open a bucket to the world, let another
account use a key, share a snapshot. It is one call away from having the access that somebody kept from it.

## How to fix
Allow these actions on named resources, or leave them to the pipeline that makes the resources. Where a program must set
permissions on what it makes, bind it by a tag or a name prefix. A permissions boundary limits it at once:

    aws iam put-role-permissions-boundary --role-name ROLE --permissions-boundary ARN

## What it cannot know
Whether a resource's own policy denies the call. Session policies of those who assume the role. If a policy could not be
read, the role is unknown unless what is readable suffices. SCPs that are not visible are taken not to block.

## References
- [Access levels](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_understand-policy-summary-access-level-summaries.html)
- [Permissions boundaries](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role, User
from findings.analysis.everywhere import Everywhere
from findings.analysis.facts import Facts
from findings.analysis.wildcards import of_levels, services_of
from findings.policy.catalogue import Level
from findings.rules.per_holder import on_everything
from findings.rules.words import few, guardrails_seen, lowered
from findings.vocabulary import Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

EXAMPLES = 20

RULE = Rule(
    code="LP207",
    slug="permissions-management-everywhere",
    severity=Severity.HIGH,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER,),
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    helps=("organizations:ListPolicies",),
    controls={
        "AWS Well-Architected": ("SEC03-BP02",),
    },
    title="A role or user manages permissions on everything",
    doc=__doc__,
)


def judge(holder: Role | User, facts: Facts) -> Iterator[Outcome]:
    catalogue = facts.permissions.catalogue

    def told(found: Everywhere) -> Open:
        names, services = catalogue.members(found.left), services_of(found.left, catalogue)
        return Open(
            f"{holder.name} manages permissions on everything in {few(services)}",
            {
                "actions": len(names),
                "services": list(services),
                "examples": names[:EXAMPLES],
                "blocked": (found.granted & ~found.left).bit_count(),
                "blocked_by": list(found.by),
                "guardrails": guardrails_seen(facts),
            },
            lowered(RULE.severity) if found.mostly_blocked else None,
        )

    managing = of_levels(catalogue, (Level.PERMISSIONS,))
    yield from on_everything(holder, managing, facts, told, "manages no permissions on everything", effective=True)
