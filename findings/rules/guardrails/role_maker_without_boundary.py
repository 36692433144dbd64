"""
## What it does
Opens when a role or user can make IAM roles or users, or change what others may do (policies, trusts, groups,
boundaries, delegation), and nothing limits what it makes: it has no permissions boundary, and no condition on
`iam:PermissionsBoundary`, in its own policies or in a guardrail, forces one on what it makes. Both are asked by
evaluation: may it do this to something without a boundary? Actions that know no such condition (groups, versions of
policies, trusts) count only where nothing else is bound. Where SCPs block all of it the severity falls one step.
Administrators are told by LP201.

## Why it matters
Who makes roles can make a stronger one than itself. A boundary is what lets a team or a pipeline make its own roles
without being able to leave its field.

## How to fix
Force a boundary on what is made, and deny taking it off:

    {"Effect": "Allow", "Action": ["iam:CreateRole", "iam:AttachRolePolicy", "iam:PutRolePolicy"], "Resource": "*",
     "Condition": {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::ACCOUNT:policy/BOUNDARY"}}}

Or put a boundary on the maker itself:

    aws iam put-role-permissions-boundary --role-name ROLE --permissions-boundary ARN

## What it cannot know
Whether the boundary is any good: see hollow-boundary. Pipelines that make roles through a service role of CloudFormation
are judged by that role.

## References
- [Delegating with permissions boundaries](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate)
- [IAM condition keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role, User
from findings.analysis.escalation.answers import Answer
from findings.analysis.escalation.makers import maker
from findings.analysis.facts import Facts
from findings.rules.escalating import absorbed, evidence, judged, otherwise, title
from findings.rules.escalating import found as told
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="GR101",
    slug="role-maker-without-boundary",
    severity=Severity.HIGH,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER,),
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    helps=("organizations:ListPolicies",),
    controls={
        "AWS Well-Architected": ("SEC03-BP05",),
    },
    title="A role or user makes IAM identities, and no boundary limits what it makes",
    doc=__doc__,
)


def judge(principal: Role | User, facts: Facts) -> Iterator[Outcome]:
    if not judged(principal):
        return
    if admin := absorbed(principal, facts):
        yield admin
        return
    if principal.boundary:
        yield Clear(f"has the permissions boundary {principal.boundary.rpartition('/')[2]}")
        return
    found = maker(principal, facts)
    if found.unbound:
        made = few([action.removeprefix("iam:") for action in found.unbound])
        told_of = evidence(
            principal, facts, actions=list(found.unbound), keys=list(found.keys), bound=list(found.bound)
        )
        yield Open(title(principal, f"can change IAM identities without a boundary: {made}"), told_of)
    elif found.bound:
        yield Clear("a condition forces a boundary on what it makes")
    elif found.blocked:
        blocked = Answer("blocked", by=found.by)
        made = few([action.removeprefix("iam:") for action in found.blocked])
        yield told(principal, f"could change IAM identities without a boundary ({made})", blocked, RULE, facts)
    else:
        yield from otherwise(principal, facts, "cannot make or change IAM identities")
