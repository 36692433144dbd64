"""
## What it does
Opens when the organization does not manage the root users of its member accounts centrally: IAM's features "root credentials
management" and "privileged root sessions" are not both on. It is judged with the management account, or with a delegated
administrator's where that one tells nothing: unless IAM is delegated to it, it is unknown.

## Why it matters
Every member account has a root user, who stands above its policies. Without central management each of them has, or may
recover, a password that nobody rotates; with it members have no root credentials at all, and what only root can do (opening
a locked bucket or queue) is done by a short session of somebody with a name.

## How to fix
In the management account, or the one that IAM is delegated to:

    aws organizations enable-aws-service-access --service-principal iam.amazonaws.com
    aws iam enable-organizations-root-credentials-management
    aws iam enable-organizations-root-sessions

Then delete the root credentials of the members; AB101, AB102 and KY101 fall silent for an account where none are left.

## What it cannot know
Whether members still have root credentials: each account's own summary tells, in AB101 and KY101. Where neither the
management account nor a delegated administrator's is connected, nothing is said of the organization.

## References
- [Centrally manage root access](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html)
- [ListOrganizationsFeatures](https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOrganizationsFeatures.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Organization
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

FEATURES = {
    "RootCredentialsManagement": "root credentials management",
    "RootSessions": "privileged root sessions",
}

RULE = Rule(
    code="GR112",
    slug="root-management-not-central",
    severity=Severity.LOW,
    subject=SubjectType.ORGANIZATION,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("iam:ListOrganizationsFeatures",),
    controls={
        "CIS AWS v7": ("2.1.1",),
        "Prowler": ("iam_root_credentials_management_enabled",),
    },
    title="The root users of an organization are not managed centrally",
    doc=__doc__,
)


def judge(organization: Organization, facts: Facts) -> Iterator[Outcome]:
    enabled = facts.told.root_features
    if enabled is None:
        yield Unknown("whether root users are managed centrally was not read")
    elif off := [name for name in FEATURES if name not in enabled]:
        yield Open(
            f"Organization {organization.organization_id} does not manage root users centrally: no"
            f" {' and no '.join(FEATURES[name] for name in off)}",
            {"off": off, "on": sorted(enabled), "management_account": organization.management_account_id},
        )
    else:
        yield Clear("root credentials management and privileged root sessions are on")
