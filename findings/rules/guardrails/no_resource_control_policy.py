"""
## What it does
Opens when an organization has no resource control policy that limits anything: the policy type is off, or only
`RCPFullAWSAccess` is attached. It is judged with the management account, or with a delegated administrator's where that one
tells nothing.

## Why it matters
SCPs limit the organization's own principals, not outsiders whom a bucket, key, queue, secret or role lets in. An RCP is the one
limit on all of these resources at once: "nobody but our organization and AWS's services", whatever a resource's policy says.

## How to fix
Enable the type, then attach an RCP that denies principals outside of the organization, first on one OU:

    aws organizations enable-policy-type --root-id r-EXAMPLE --policy-type RESOURCE_CONTROL_POLICY

## What it cannot know
Whether an RCP that is there covers what matters. Vendors who are let in on purpose need an exception in it. Only some services
take RCPs.

## References
- [Resource control policies](https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Organization
from findings.analysis.facts import Facts
from findings.analysis.guardrails import RCP, enabled
from findings.analysis.organization import POLICIES, ROOTS, TARGETS
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="GR107",
    slug="no-resource-control-policy",
    severity=Severity.LOW,
    subject=SubjectType.ORGANIZATION,
    kind=RuleKind.LACKS,
    effort=Effort.LARGE,
    needs=("organizations:DescribeOrganization",),
    helps=(ROOTS, POLICIES, TARGETS),
    controls={
        "AWS Well-Architected": ("SEC03-BP05",),
    },
    title="An organization has no resource control policy that limits anything",
    doc=__doc__,
)


def judge(organization: Organization, facts: Facts) -> Iterator[Outcome]:
    on, name = enabled(facts, RCP), organization.organization_id
    own = [p for p in facts.snapshot.organization_policies if p.type == RCP and not p.aws_managed]
    attached = sorted(policy.name for policy in own if policy.targets)
    if on is None:
        yield Unknown("which policy types are enabled was not read: allow organizations:ListRoots")
    elif not on:
        yield Open(
            f"Organization {name} has resource control policies switched off", {"enabled": False, "unattached": []}
        )
    elif attached:
        yield Clear(f"RCP {few(attached)} is attached")
    elif missing := facts.gaps((POLICIES, TARGETS) if own else (POLICIES,)):  # what is not there is attached to nothing
        yield Unknown("; ".join(map(str, missing)))
    else:
        unattached = sorted(policy.name for policy in own)
        yield Open(
            f"Organization {name} has no resource control policy attached but AWS's own, which limits nothing",
            {"enabled": True, "unattached": unattached},
        )
