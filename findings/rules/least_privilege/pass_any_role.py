"""
## What it does
Opens when a role or user may pass any role to any service: `iam:PassRole` on `*`, or on every role of the account, with
no condition on `iam:PassedToService` that names services. It is asked by evaluation: of a role and a service that no
policy means, after denies, boundary and SCPs. A Deny of all other services narrows as well as a condition on the Allow.
Conditions on who, where and when (MFA, address) do not narrow; the evidence names them. Where guardrails block it
altogether the severity falls one step, and the finding names them.

## Why it matters
A service that gets a role acts with all that the role may do. Who may pass any role needs only one service to start
something in, and the permissions of every role of the account are within reach.

## How to fix
Name the roles, by ARN or path, and the service:

    {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::ACCOUNT:role/app-*",
     "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}}

## What it cannot know
Which roles were passed: the call that passes a role is recorded under the service's own action. Whether a strong role is
there to pass is LP301's question; this rule opens on the permission alone. Administrators are told by LP201.

## References
- [Grant a user permissions to pass a role](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html)
- [iam:PassedToService](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role, User
from findings.analysis.escalation.anybody import PASS, narrowed, on_any_role
from findings.analysis.facts import Facts
from findings.rules.escalating import absorbed, found, judged, otherwise
from findings.vocabulary import Clear, Effort, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="LP302",
    slug="pass-any-role",
    severity=Severity.HIGH,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER,),
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    helps=("organizations:ListPolicies",),
    controls={
        "AWS Well-Architected": ("SEC03-BP02",),
        "Prowler": ("iam_policy_passrole_to_bedrock_agentcore_restricted",),
    },
    title="A role or user may pass any role to any service",
    doc=__doc__,
)


def judge(principal: Role | User, facts: Facts) -> Iterator[Outcome]:
    if not judged(principal):
        return
    if told := absorbed(principal, facts):
        yield told
        return
    answer = on_any_role(principal, PASS, facts)
    if answer is None:
        yield from otherwise(principal, facts, "may not pass any role to any service")
    elif keys := narrowed(answer):
        yield Clear(f"may pass roles only as far as {', '.join(keys)} allows")
    else:
        yield found(principal, "may pass any role to any service", answer, RULE, facts)
