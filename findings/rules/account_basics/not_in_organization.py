"""
## What it does
Opens when the account is in no AWS organization.

## Why it matters
Service control policies, central root management, organization trails and Identity Center exist for members only. An
account that stands alone is bound by nothing but its own administrators, and is forgotten when its owner leaves.

## How to fix
Invite it from the management account, and accept in the account itself:

    aws organizations invite-account-to-organization --target Id=ACCOUNT,Type=ACCOUNT
    aws organizations accept-handshake --handshake-id h-...

If there is no organization yet: `aws organizations create-organization --feature-set ALL`, in an account that runs
nothing else.

## What it cannot know
Whether the organization is yours. An organization that has consolidated billing only gives no policies; the
`FeatureSet` is kept, but other rules judge it.

## References
- [AWS Organizations](https://docs.aws.amazon.com/organizations/latest/userguide/orgs_introduction.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from findings.analysis.facts import AccountSubject, Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="AB108",
    slug="not-in-organization",
    severity=Severity.MEDIUM,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.LACKS,
    effort=Effort.MEDIUM,
    needs=("organizations:DescribeOrganization",),
    controls={"Security Hub": ("Account.2",)},
    title="The account is in no organization",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    found = facts.told.organization
    if found is None:
        yield Unknown("whether the account is in an organization was not read")
    elif found.organization_id:
        yield Clear(f"in organization {found.organization_id}")
    else:
        yield Open(f"{account.name} is in no AWS organization", {"organization": None})
