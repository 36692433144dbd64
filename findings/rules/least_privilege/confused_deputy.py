"""
## What it does
Opens when a role trusts an AWS service that says for whom it acts, and the trust policy does not ask: no aws:SourceArn with
an account, aws:SourceAccount, aws:SourceOrgID or aws:SourceOrgPaths. Only services whose documentation shows these keys in
the trust policy of a role are judged; the list is in `findings/analysis/trust/services.py`, each with its page. EC2, Lambda and
others are exempt: they do not send the keys, or the condition would lock them out.

## Why it matters
A service works for all customers of AWS. If somebody else can make it use your role for his own resource, the service
does with your permissions what he wants.

## How to fix
Ask for your account, or better for the resource:

    aws iam update-assume-role-policy --role-name ROLE --policy-document file://trust.json

with `"Condition": {"StringEquals": {"aws:SourceAccount": "ACCOUNT"}}`, and beside it, where the service has one resource for
the role, `"ArnLike": {"aws:SourceArn": "arn:aws:SERVICE:REGION:ACCOUNT:*"}`.
Try it outside production first: some features of a service may not send the keys.

## What it cannot know
Whether the service itself checks that role and resource belong together; many do, since iam:PassRole does not work across
accounts, which is why this is low. Services that are not on the list, and what of them changed since it was made.

## References
- [Cross-service confused deputy](https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html)
- [aws:SourceArn](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourcearn)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role
from findings.analysis.facts import Facts
from findings.analysis.trust.narrowing import names_source
from findings.analysis.trust.services import says_for_whom
from findings.rules import trusts
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="LP404",
    slug="confused-deputy",
    severity=Severity.LOW,
    subject=SubjectType.ROLE,
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    controls={
        "Prowler": (
            "iam_role_cross_service_confused_deputy_prevention",
            "iam_role_service_trust_restricts_source_to_account",
        )
    },
    title="A service may use a role for somebody else",
    doc=__doc__,
)


def judge(role: Role, facts: Facts) -> Iterator[Outcome]:
    if not trusts.judged(role):
        return
    if unread := trusts.unread(role, facts):
        yield unread
        return
    services = [a for a in facts.admitted(role) if a.kind == "service"]
    if not services:
        return
    found = [a for a in services if says_for_whom(a.principal) and not names_source(a.conditions)]
    if not found:
        yield Clear("its services are asked for whom they act, or cannot say it")
        return
    names = list(dict.fromkeys(a.principal for a in found))
    yield Open(
        f"Role {role.name} does not ask {few(names)} for whom it acts",
        {
            "services": names,
            "statements": trusts.statements(found),
            "conditions": trusts.asked_for(found),
        },
    )
