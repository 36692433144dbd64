"""
## What it does
Opens when all policies of a role or user together, within its permissions boundary and the SCPs, give it a way to more
than it has: an administrator, one who can change anybody's permissions, or one with most of all writes. The ways are a
catalogue of over 65 paths, with the ids of pathfinding.cloud. A path counts only with what it needs: a role that trusts
the service, that may be passed to it and is worth more than the caller; a user with room for another key; a group that
the user is not in. Resources, conditions and denies are asked one by one: what is scoped to `${aws:username}` is no
escalation. Conditions that the caller meets as he likes (which service, which policy, which region) do not count.
Each path is live, conditional on the keys that are named, or blocked by the statement that is named. When guardrails
(SCP, RCP, permissions boundary) block every path, the severity falls one step. A Deny in its own policies clears it, and
is named. What a stronger role or user may do counts, and what it can make itself.
Administrators are told by LP201, and service-linked roles are never reported.

## Why it matters
Whoever takes this role or user over has what the path gives, whatever its policies look like. Most account takeovers go
from a small leaked key over such a path.

## How to fix
Take one of the path's actions away, or scope it: PassRole to the roles that it needs, with `iam:PassedToService`;
CreateFunction and its like to a name prefix; IAM writes to a path, and only with a boundary:

    "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    "Condition": {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::ACCOUNT:policy/BOUNDARY"}}

Or make the target worth less: an administrator should not trust a service. For a role of Identity Center change the
permission set.

## What it cannot know
Functions, instances, projects and notebooks are not collected. A path that takes one over is live when a stronger role
trusts the service and the action is allowed on any of them; the evidence says what was not seen. Where the action is
scoped to some of them by name, nothing is reported. A role that trusts EC2 and is in no instance profile makes a path
conditional. Whether a user has MFA, and session policies, are not looked at. Roles of other accounts are not targets.
Paths of several hops are LP304's.

## References
- [Pathfinding catalogue](https://pathfinding.cloud)
- [Grant a user permissions to pass a role](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html)
- [Permissions boundaries](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role, User
from findings.analysis.escalation import Escalation, escalations, words
from findings.analysis.facts import Facts
from findings.rules.escalating import absorbed, evidence, judged, otherwise, title
from findings.rules.words import lowered
from findings.vocabulary import Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="LP301",
    slug="privilege-escalation",
    severity=Severity.HIGH,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER,),
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    helps=("iam:ListAccessKeys", "iam:GetCredentialReport", "organizations:ListPolicies"),
    controls={
        "AWS Well-Architected": ("SEC03-BP02",),
        "Prowler": (
            "iam_inline_policy_allows_privilege_escalation",
            "iam_policy_allows_privilege_escalation",
            "iam_policy_passrole_to_bedrock_agentcore_restricted",
        ),
    },
    title="A role or user has a way to more than it was given",
    doc=__doc__,
)


def judge(principal: Role | User, facts: Facts) -> Iterator[Outcome]:
    if not judged(principal):
        return
    if told := absorbed(principal, facts):
        yield told
        return
    every = escalations(principal, facts)
    found = tuple(one for one in every if not one.refused)
    if not found:
        yield from otherwise(principal, facts, _why_none(every))
        return
    best = found[0]
    severity = lowered(RULE.severity) if best.state == "blocked" else None
    yield Open(title(principal, _said(best, len(found) - 1)), _evidence(principal, found, facts), severity)


def _why_none(refused: tuple[Escalation, ...]) -> str:
    if not refused:
        return "none of the known escalation paths is open to it"
    also = f", and {len(refused) - 1} more" if len(refused) > 1 else ""
    return f"its own policies deny it what it would take: {refused[0].path.id} {words.state(refused[0])}{also}"


def _said(best: Escalation, others: int) -> str:
    also = f"; {others} more path{'s' if others > 1 else ''}" if others else ""
    way = f"it {best.how} ({best.path.id}{also})"
    if best.state == "blocked":
        return f"could become {words.gain(best)}, but that is {words.state(best)}: {way}"
    if best.state == "conditional":
        return f"can become {words.gain(best)}, {words.state(best)}: {way}"
    return f"can become {words.gain(best)}: {way}"


def _evidence(principal: Role | User, found: tuple[Escalation, ...], facts: Facts) -> dict[str, Json]:
    best = found[0]
    return evidence(
        principal,
        facts,
        state=best.state,
        path=best.path.id,
        target=best.target,
        keys=list(best.keys),
        blocked_by=[words.blocker(by) for by in best.by],
        not_seen=list(best.unseen),
        paths=[words.line(one) for one in found],
    )
