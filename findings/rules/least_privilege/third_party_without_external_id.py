"""
## What it does
Opens when a role's trust policy lets in an account outside the zone of trust, a known vendor's included, and does not ask
for an external id: no sts:ExternalId in a condition that must be met. `*` as its value, IfExists and negations do not count.
Accounts of the organization need none. Where an RCP keeps all of them out, the severity falls one step, and the finding names
it.

## Why it matters
A vendor assumes the roles of all its customers from one account. Without an external id another customer can enter the
name of your role in the vendor's product and have the vendor read your account for him: the confused deputy.

## How to fix
Take the external id that the vendor generated for you (one that you may choose yourself is no help) and ask for it:

    aws iam update-assume-role-policy --role-name ROLE --policy-document file://trust.json

with `"Condition": {"StringEquals": {"sts:ExternalId": "..."}}`.

## What it cannot know
Whether the other account serves several customers at all: for an account of your own outside the organization, put it into
`trusted_accounts`. Whether the vendor really gives every customer another id.

## References
- [The confused deputy problem](https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html)
- [External ids](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role
from findings.analysis.facts import Facts
from findings.analysis.trust.external import asks_external_id
from findings.rules import trusts
from findings.rules.words import few, lowered
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="LP403",
    slug="third-party-without-external-id",
    severity=Severity.MEDIUM,
    subject=SubjectType.ROLE,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    helps=("organizations:DescribeOrganization", "organizations:ListAccounts"),
    controls={
        "AWS Well-Architected": ("SEC03-BP09",),
    },
    title="A third party may assume a role without an external id",
    doc=__doc__,
)


def judge(role: Role, facts: Facts) -> Iterator[Outcome]:
    if not trusts.judged(role):
        return
    if unread := trusts.unread(role, facts):
        yield unread
        return
    third_parties = trusts.outsiders(role, facts)
    without = [a for a in third_parties if not asks_external_id(a)]
    if not without:
        yield Clear(
            "the trust asks for an external id" if third_parties else "it trusts no other organization's account"
        )
        return
    accounts = [trusts.named(account, facts) for account in trusts.accounts_of(without, facts)]
    whom = f"account {few(accounts)}" if accounts else "another organization"
    blockers = trusts.stopped(without, role, facts)
    yield Open(
        f"Role {role.name} trusts {whom} without an external id",
        {
            "accounts": accounts,
            "principals": list(dict.fromkeys(a.principal for a in without)),
            "conditions": trusts.asked_for(without),
            "zone_of_trust": trusts.zone(facts),
            "blocked_by": list(blockers),
            "guardrails": trusts.rcps_seen(facts),
        },
        lowered(RULE.severity) if blockers else None,
    )
