"""
## What it does
Judged with the management account, or with a delegated administrator's where that one tells nothing: what such an account may not
ask is unknown. Opens, each as a part of its own:

- `services`: when services that watch over all accounts, such as GuardDuty, Security Hub, CloudTrail or Identity Center, may
  act in the organization (trusted access) and have no delegated administrator: the management account runs them;
- `policies`: when SCPs are on, and no resource policy of the organization lets another account attach or change its policies.

## Why it matters
No SCP binds the management account, so nobody should have to work there from day to day. Whoever looks after findings, trails or
guardrails in it holds rights in the account that governs all others.

## How to fix
Give the services to a security account:

    aws organizations register-delegated-administrator --account-id 111122223333 --service-principal cloudtrail.amazonaws.com

For some services the call is their own, such as `aws guardduty enable-organization-admin-account`. Let the same account manage
the organization's policies by a resource policy:

    aws organizations put-resource-policy --content file://delegation.json

## What it cannot know
Whether a service is used at all: trusted access lets it, and says no more. Services that AWS does not let others administer are
not counted, nor those that do not concern security. Who in the delegated account may do it is that account's judgement.

## References
- [Delegated administrator for AWS services](https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_delegated_admin.html)
- [Delegated administrator for AWS Organizations](https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Organization
from findings.analysis.facts import Facts
from findings.analysis.guardrails import SCP, enabled
from findings.analysis.organization import DELEGATED, DELEGATES, RESOURCE_POLICY, ROOTS, TRUSTED, policy_managers
from findings.policy.document import Unreadable
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

# AWS lets a delegated administrator run these (Organizations user guide, "AWS services that you can use with AWS Organizations").
SECURITY = {
    "access-analyzer.amazonaws.com": "IAM Access Analyzer",
    "auditmanager.amazonaws.com": "Audit Manager",
    "cloudtrail.amazonaws.com": "CloudTrail",
    "config-multiaccountsetup.amazonaws.com": "AWS Config's rules",
    "config.amazonaws.com": "AWS Config",
    "detective.amazonaws.com": "Detective",
    "fms.amazonaws.com": "Firewall Manager",
    "guardduty.amazonaws.com": "GuardDuty",
    "iam.amazonaws.com": "IAM's central root access",
    "inspector2.amazonaws.com": "Inspector",
    "macie.amazonaws.com": "Macie",
    "security-ir.amazonaws.com": "Security Incident Response",
    "securityhub.amazonaws.com": "Security Hub",
    "securitylake.amazonaws.com": "Security Lake",
    "sso.amazonaws.com": "IAM Identity Center",
}

RULE = Rule(
    code="GR109",
    slug="no-delegated-administrator",
    severity=Severity.LOW,
    subject=SubjectType.ORGANIZATION,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("organizations:DescribeOrganization",),
    helps=(TRUSTED, DELEGATES, DELEGATED, RESOURCE_POLICY, ROOTS),
    controls={
        "CIS AWS v7": ("2.1.5", "2.1.6"),
        "Prowler": ("config_delegated_admin_and_org_aggregator_all_regions",),
    },
    title="The management account runs what it could delegate",
    doc=__doc__,
)


def judge(organization: Organization, facts: Facts) -> Iterator[Outcome]:
    found = [_services(organization, facts), _policies(organization, facts)]
    yield from (one for one in found if isinstance(one, Open))
    if unknown := [one.reason for one in found if isinstance(one, Unknown)]:
        yield Unknown("; ".join(unknown))
    elif len(clear := [one.why for one in found if isinstance(one, Clear)]) == len(found):
        yield Clear("; ".join(clear))


def _services(organization: Organization, facts: Facts) -> Outcome:
    if missing := facts.gaps((TRUSTED, DELEGATES, DELEGATED)):
        return Unknown("; ".join(map(str, missing)))
    delegated = {service for one in facts.snapshot.organization_delegates for service in one.services or ()}
    trusted = {service for service in facts.told.trusted_services or () if service in SECURITY}
    if not (own := sorted(trusted - delegated)):
        return Clear(f"delegates administer {few(_named(trusted))}" if trusted else "it trusts no security service")
    told: dict[str, Json] = {
        "services": own,
        "delegated": sorted(trusted & delegated),
        "management_account": organization.management_account_id,
    }
    return Open(
        f"Management account {organization.management_account_id} runs {few(_named(own))} itself", told, part="services"
    )


def _policies(organization: Organization, facts: Facts) -> Outcome:
    on, managers = enabled(facts, SCP), policy_managers(facts)
    if on is False:
        return Clear("SCPs are off, which GR105 tells")
    if on is None:
        return Unknown("which policy types are enabled was not read: allow organizations:ListRoots")
    if managers is None:
        return Unknown("; ".join(map(str, facts.gaps((RESOURCE_POLICY,)))) or "the resource policy was not read")
    if isinstance(managers, Unreadable):
        return Unknown(f"the organization's resource policy could not be read: {managers.reason}")
    if managers:
        return Clear(f"{few(managers)} may manage the organization's policies")
    told = {"management_account": organization.management_account_id}
    return Open(
        f"Nobody but management account {organization.management_account_id} may manage the organization's policies",
        told,
        part="policies",
    )


def _named(services: set[str] | list[str]) -> list[str]:
    return sorted(SECURITY[service] for service in services)
