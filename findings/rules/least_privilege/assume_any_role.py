"""
## What it does
Opens when a role or user may call sts:AssumeRole on `*`, or on every role (`arn:aws:iam::*:role/*`), after denies,
boundary and SCPs. A scoped wildcard such as `role/app-*` is not any role, nor is one role name in any account. Conditions
on who, where and when do not narrow; one on the role's tags does. Where guardrails block it altogether the severity falls
one step, and the finding names them.

## Why it matters
It leaves to trust policies alone who may go where. Each role whose trust names the account, in this account or another
one, is then open to this principal, the ones made tomorrow too.

## How to fix
Name the roles, or at least a prefix or path:

    {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/deploy-*"}

## What it cannot know
Which roles of other accounts would let it in. What it reaches in this account is told by LP301 and LP304.
Administrators are told by LP201.

## References
- [Grant a user permissions to switch roles](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_permissions-to-switch.html)
- [AssumeRole](https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role, User
from findings.analysis.escalation.anybody import ASSUME, narrowed, on_any_role
from findings.analysis.facts import Facts
from findings.rules.escalating import absorbed, found, judged, otherwise
from findings.vocabulary import Clear, Effort, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="LP303",
    slug="assume-any-role",
    severity=Severity.MEDIUM,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER,),
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    helps=("organizations:ListPolicies",),
    controls={"AWS Well-Architected": ("SEC03-BP02",), "Prowler": ("iam_no_custom_policy_permissive_role_assumption",)},
    title="A role or user may assume any role that lets it in",
    doc=__doc__,
)


def judge(principal: Role | User, facts: Facts) -> Iterator[Outcome]:
    if not judged(principal):
        return
    if told := absorbed(principal, facts):
        yield told
        return
    answer = on_any_role(principal, ASSUME, facts)
    if answer is None:
        yield from otherwise(principal, facts, "may not assume just any role")
    elif keys := narrowed(answer):
        yield Clear(f"may assume roles only as far as {', '.join(keys)} allows")
    else:
        yield found(principal, "may assume any role that lets it in", answer, RULE, facts)
