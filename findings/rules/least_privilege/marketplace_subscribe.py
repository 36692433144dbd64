"""
## What it does
Opens when a policy allows `aws-marketplace:Subscribe` on everything: by name or by a wildcard, without a condition that
narrows it. A customer-managed policy is reported itself; an inline policy, and a policy of AWS, on the role, user or
group that has it. Policies that allow everything (LP201, LP209) or everything but a list (LP204) stay silent here.

## Why it matters
To subscribe is to sign a contract: it buys software, models and data sets at prices the seller sets, and images of
strangers then run in the account. Few should be able to, and knowingly.

## How to fix
Keep the permission to those who buy, through a private marketplace, and narrow it to products:

    "Condition": {"ForAnyValue:StringEquals": {"aws-marketplace:ProductId": ["PRODUCT-ID"]}}

## What it cannot know
Whether the organization's private marketplace limits what can be bought. A boundary or SCP that blocks it for all who
have the policy lets the severity fall one step.

## References
- [Control access to AWS Marketplace subscriptions](https://docs.aws.amazon.com/marketplace/latest/buyerguide/buyer-iam-users-groups-policies.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Holder, Policy
from findings.analysis import admin
from findings.analysis.facts import Facts
from findings.analysis.grants import Grant
from findings.analysis.limits import blocked_by
from findings.analysis.wildcards import plain_allows
from findings.rules.per_policy import per_policy
from findings.rules.words import lowered, sentence
from findings.vocabulary import Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

ACTION = "aws-marketplace:Subscribe"

RULE = Rule(
    code="LP210",
    slug="marketplace-subscribe",
    severity=Severity.LOW,
    subject=SubjectType.POLICY,
    also=(SubjectType.ROLE, SubjectType.USER, SubjectType.GROUP),
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    controls={
        "AWS Well-Architected": ("SEC03-BP02",),
        "Prowler": (
            "iam_inline_policy_no_wildcard_marketplace_subscribe",
            "iam_policy_no_wildcard_marketplace_subscribe",
        ),
    },
    title="A policy allows to buy anything in AWS Marketplace",
    doc=__doc__,
)


def judge(subject: Policy | Holder, facts: Facts) -> Iterator[Outcome]:
    subscribe = facts.permissions.catalogue.bit(ACTION)

    def fault(grant: Grant) -> Open | None:
        allows = [clause for clause in plain_allows(grant.compiled) if clause.wide & subscribe]
        if not allows or grant.compiled.deny_wide & subscribe or admin.of_document(grant.compiled):
            return None
        blockers = blocked_by(subject, subscribe, facts)
        by = sorted(
            {p for c in allows for p in c.statement.actions or () if facts.permissions.catalogue.match(p) & subscribe}
        )
        return Open(
            sentence(f"{grant.name} allows {ACTION} on everything"),
            {"actions": by, "blocked_by": list(blockers)},
            lowered(RULE.severity) if blockers else None,
        )

    yield from per_policy(subject, facts, fault, "does not allow to subscribe to everything")
