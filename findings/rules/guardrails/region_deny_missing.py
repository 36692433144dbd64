"""
## What it does
Judged with the management account, or with a delegated administrator's where that one tells nothing, and only where the
settings name the regions that may be used (`allowed_regions`): opens when the SCPs of some member account do not deny what
starts a workload in another region. It is asked by evaluation, of every account, whatever the SCP is called.

## Why it matters
A region that nobody uses is one that nobody watches. Miners start there, and data land where the law does not want them.

## How to fix
Attach one region deny at the root, or at each OU, that spares global services:

    {"Effect": "Deny", "NotAction": ["iam:*", "sts:*", "organizations:*", "cloudfront:*", "route53:*", "support:*"],
     "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}}}

## What it cannot know
The management account itself, which no SCP binds. Where the tree or an SCP was not read, the accounts below it are unknown.

## References
- [Deny access based on the requested Region](https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples_general.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from collectors.records import Organization
from findings.analysis.baseline import parts
from findings.analysis.facts import Facts
from findings.analysis.members import Members
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

MOST = 100  # accounts that evidence names
ALIVE = frozenset({"ACTIVE", "PENDING_ACTIVATION", ""})

RULE = Rule(
    code="GR113",
    slug="region-deny-missing",
    severity=Severity.LOW,
    subject=SubjectType.ORGANIZATION,
    kind=RuleKind.LACKS,
    effort=Effort.MEDIUM,
    needs=("organizations:DescribeOrganization",),
    helps=("organizations:ListAccounts", "organizations:ListPolicies", "organizations:ListTargetsForPolicy"),
    controls={
        "AWS Well-Architected": ("SEC03-BP05",),
    },
    title="Accounts of an organization may be used in regions that are not allowed",
    doc=__doc__,
)


@dataclass
class _Found:
    open: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    denied: int = 0


def judge(organization: Organization, facts: Facts) -> Iterator[Outcome]:
    if not facts.settings.allowed_regions:
        return
    found = _accounts(organization, facts)
    if found.open:
        yield Open(
            f"{len(found.open)} accounts may be used in regions that are not allowed: {few(found.open)}",
            {
                "allowed": sorted(facts.settings.allowed_regions),
                "accounts": found.open[:MOST],
                "unknown": found.unknown[:MOST],
            },
        )
    elif found.unknown or not found.denied:
        yield Unknown(f"what binds {few(found.unknown) or 'the accounts'} was not read")
    else:
        yield Clear(f"SCPs deny other regions in {found.denied} accounts")


def _accounts(organization: Organization, facts: Facts) -> _Found:
    """Of every member, from the tree that the account reads."""
    found, members = _Found(), Members(facts)
    part = next(part for part in parts(facts) if part.name == "regions")
    for account in sorted(facts.snapshot.organization_accounts, key=lambda one: one.unique_id):
        if account.unique_id == organization.management_account_id or account.state not in ALIVE:
            continue
        gap = members.gap(account.unique_id, part)
        if gap is None or (gap.unsure and not gap.open):
            found.unknown.append(account.unique_id)
        elif gap.open:
            found.open.append(account.unique_id)
        else:
            found.denied += 1
    return found
