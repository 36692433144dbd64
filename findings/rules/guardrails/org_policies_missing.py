"""
## What it does
Judged with the management account, or with a delegated administrator's where that one tells nothing, and only where the
settings ask for further policy types (`organization_policies`, such as `TAG_POLICY` and `AISERVICES_OPT_OUT_POLICY`): opens for
each of them that is not enabled in the organization.

## Why it matters
Findings are told to owners by tags, and conditions on tags guard access: a tag policy keeps them spelled alike. An AI services
opt-out policy keeps AWS from storing content for training.

## How to fix
    aws organizations enable-policy-type --root-id r-EXAMPLE --policy-type TAG_POLICY

## What it cannot know
Whether a policy of the type is attached and says what is wanted.

## References
- [Managing organization policies](https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Organization
from findings.analysis.facts import Facts
from findings.analysis.guardrails import enabled
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="GR114",
    slug="org-policies-missing",
    severity=Severity.INFO,
    subject=SubjectType.ORGANIZATION,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("organizations:DescribeOrganization",),
    helps=("organizations:ListRoots",),
    title="Policy types that the organization asks for are off",
    doc=__doc__,
)


def judge(organization: Organization, facts: Facts) -> Iterator[Outcome]:
    asked = sorted(facts.settings.organization_policies)
    states = {kind: enabled(facts, kind) for kind in asked}
    if any(state is None for state in states.values()):
        yield Unknown("which policy types are enabled was not read: allow organizations:ListRoots")
        return
    for kind in (kind for kind in asked if not states[kind]):
        yield Open(
            f"Organization {organization.organization_id} has {kind} switched off", {"policy_type": kind}, part=kind
        )
    if asked and all(states.values()):
        yield Clear(f"{', '.join(asked)} enabled")
