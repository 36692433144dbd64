"""
## What it does
Opens when an organization cannot use service control policies: the policy type is not enabled at its root, or only consolidated
billing is on, without all features. It is judged with the management account, or with a delegated administrator's where that one
tells nothing. An account that is in no organization is AB108's.

## Why it matters
Without SCPs nothing stands above the administrators of an account: no region is closed, no trail protected, and every account
may leave.

## How to fix
Enable all features where only billing is on (each member must agree), then the policy type. Nothing changes by that alone: AWS
attaches `FullAWSAccess` everywhere.

    aws organizations enable-all-features
    aws organizations enable-policy-type --root-id r-EXAMPLE --policy-type SERVICE_CONTROL_POLICY

## What it cannot know
Whether the policies attached then limit anything: GR104 and GR106 tell it account by account. Where neither the
management account nor a delegated administrator's is connected, nothing is said of the organization.

## References
- [Enabling policy types](https://docs.aws.amazon.com/organizations/latest/userguide/enable-policy-type.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Organization
from findings.analysis.facts import Facts
from findings.analysis.guardrails import BILLING_ONLY, SCP, enabled
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="GR105",
    slug="scp-not-enabled",
    severity=Severity.HIGH,
    subject=SubjectType.ORGANIZATION,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("organizations:DescribeOrganization",),
    helps=("organizations:ListRoots",),
    controls={
        "AWS Well-Architected": ("SEC03-BP05",),
    },
    title="An organization does not use service control policies",
    doc=__doc__,
)


def judge(organization: Organization, facts: Facts) -> Iterator[Outcome]:
    name, told = organization.organization_id, {"management_account": organization.management_account_id}
    on = enabled(facts, SCP)
    if organization.features == BILLING_ONLY:
        yield Open(f"Organization {name} has consolidated billing only, so no SCP can bind its accounts", told)
    elif on is None:
        yield Unknown("which policy types are enabled was not read: allow organizations:ListRoots")
    elif on:
        yield Clear("service control policies are enabled")
    else:
        yield Open(f"Organization {name} has service control policies switched off", told)
