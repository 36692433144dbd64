"""
## What it does
Opens when a role's trust policy lets in principals of any AWS account: `"Principal": "*"` (or `{"AWS": "*"}`) without a
condition that leaves a set of callers which somebody chose. aws:PrincipalOrgID, PrincipalOrgPaths, PrincipalAccount,
PrincipalArn with an account in it, aws:userid of one role or user, SourceVpc and SourceVpce narrow. These do not: an
external id, which is no secret; a role's name in any account (`arn:aws:iam::*:role/Admin`), which anybody can give; tags of
the principal; IfExists and ForAllValues, which are met by who does not send the key; negations. A Deny of all but some
narrows as well as a condition of the Allow. With aws:SourceIp alone, which must be sent, the finding is one step lower:
whoever is in that network needs no more than an AWS account of his own. It is one step lower, too, when an RCP keeps
strangers out.

## Why it matters
Everybody with an AWS account can take the role's permissions. Names of roles and account ids are guessed and listed by
scanners within hours.

## How to fix
Name the accounts or roles that need it, or bind it to your organization:

    aws iam get-role --role-name ROLE --query Role.AssumeRolePolicyDocument
    aws iam update-assume-role-policy --role-name ROLE --policy-document file://trust.json

with `"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-..."}}`, or a principal such as
`arn:aws:iam::ACCOUNT:role/NAME`. Then look in CloudTrail for AssumeRole events of the role by accounts that you do not know.

## What it cannot know
Whether a stranger did use it. Whose network an address or a VPC endpoint is. An RCP that is not visible may keep
strangers out all the same.

## References
- [Principal in trust policies](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html)
- [Global condition keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role
from findings.analysis.facts import Facts
from findings.analysis.trust.who import Admission
from findings.policy.keys import holds_when_absent
from findings.rules import trusts
from findings.rules.words import few, lowered
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

ANYWHERE = frozenset({"0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1"})

RULE = Rule(
    code="LP401",
    slug="public-trust",
    severity=Severity.CRITICAL,
    subject=SubjectType.ROLE,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    controls={
        "CIS AWS v7": ("2.21",),
        "AWS Well-Architected": ("SEC03-BP07",),
    },
    title="Anyone may assume a role",
    doc=__doc__,
)


def judge(role: Role, facts: Facts) -> Iterator[Outcome]:
    if not trusts.judged(role):
        return
    if unread := trusts.unread(role, facts):
        yield unread
        return
    public = [a for a in facts.admitted(role) if a.public]
    if not public:
        yield Clear("the trust policy names who may assume it")
        return
    blockers = trusts.stopped(public, role, facts)
    networks = [_networks(one) for one in public]
    severity = lowered(RULE.severity) if all(networks) else RULE.severity
    yield Open(
        f"Anyone may assume role {role.name}{_from(networks)}",
        {
            "statements": trusts.statements(public),
            "conditions": trusts.asked_for(public),
            "networks": sorted({n for some in networks for n in some}),
            "blocked_by": list(blockers),
            "guardrails": trusts.rcps_seen(facts),
        },
        lowered(severity) if blockers else severity,
    )


def _networks(admission: Admission) -> tuple[str, ...]:
    """Where callers must be, where that is not anywhere."""
    for condition in admission.conditions:
        operator = condition.operator.lower().rpartition(":")[2]
        if condition.key.lower() != "aws:sourceip" or operator != "ipaddress" or holds_when_absent(condition):
            continue
        if not ANYWHERE & set(condition.values):
            return condition.values
    return ()


def _from(networks: list[tuple[str, ...]]) -> str:
    found = sorted({n for some in networks for n in some})
    return f" from {few(found)}" if found and all(networks) else ""
