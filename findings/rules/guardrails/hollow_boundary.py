"""
## What it does
Opens on a policy that serves as a permissions boundary and bounds nothing: it allows every action on everything, or a
role or user that it binds may take it off itself, put another in its place, write a new version of it, or bring an older
version back. Both are asked by evaluation, with all the policies of the bound principal, the boundary itself included.

## Why it matters
A boundary is what lets others make and change roles safely. One that lets everything through, or that those it binds can
take off, looks like a guardrail on every list and holds nobody.

## How to fix
Allow in the boundary only what the bound ones may ever do, and deny that they touch it:

    {"Effect": "Deny", "Action": ["iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"], "Resource": "*"}
    {"Effect": "Deny", "Action": ["iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicyVersion"],
     "Resource": "arn:aws:iam::ACCOUNT:policy/BOUNDARY"}

## What it cannot know
Whether what the boundary allows is too much for its purpose, short of everything. What a bound principal could do
through another one that is not bound: see privilege-escalation.

## References
- [Permissions boundaries](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html)
- [Delegating with permissions boundaries](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Policy
from findings.analysis.escalation.bounded import allows_everything, undoing, unreadable
from findings.analysis.facts import Facts
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="GR103",
    slug="hollow-boundary",
    severity=Severity.MEDIUM,
    subject=SubjectType.POLICY,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    helps=("organizations:ListPolicies",),
    controls={
        "AWS Well-Architected": ("SEC03-BP05",),
    },
    title="A permissions boundary bounds nothing",
    doc=__doc__,
)


def judge(policy: Policy, facts: Facts) -> Iterator[Outcome]:
    bounded = facts.escalation.ground.bounded(policy.arn)
    if not bounded and not policy.boundary_count:
        return
    everything, found = allows_everything(policy, facts), undoing(policy, facts)
    if not everything and not found:
        unknown = unreadable(policy, facts)
        yield Unknown(unknown) if unknown else Clear("limits those it binds, and they cannot undo it")
        return
    undoers = [one.principal.name for one in found]
    reasons = ["it allows everything"] if everything else []
    if found:
        reasons.append(f"{few(undoers)} can undo it, by {found[0].action}")
    evidence: dict[str, Json] = {
        "allows_everything": everything,
        "binds": len(bounded),
        "undone_by": [f"{one.principal.arn}: {one.action}" for one in found],
        "keys": list(dict.fromkeys(key for one in found for key in one.keys)),
    }
    yield Open(f"Boundary {policy.name} bounds nothing: {', and '.join(reasons)}", evidence)
