"""
## What it does
Opens when a role's trust policy lets in an account that is neither in the zone of trust nor a known vendor's: named as
account, role or user, or left over from `*` by aws:PrincipalAccount, PrincipalArn or the id of another organization. The
zone of trust is the organization and the `trusted_accounts` of the settings; where the organization's accounts are not
visible, the connected accounts stand for them. Known vendors are those of the settings (`known_vendors`) and a short list of
vendors who publish their account. One finding a role, with all such accounts. It is one step lower when an RCP keeps them
out. Who may be anybody is LP401's, whether an external id is asked for is LP403's.

## Why it matters
Whoever controls that account has the role's permissions here, for as long as the trust stands: a contractor who left, a
product that was tried, a former company, or somebody who wanted a way back.

## How to fix
Find out whose account it is: the role's description and tags, who made it (CloudTrail, CreateRole and
UpdateAssumeRolePolicy), when it was last used. If nobody claims it, take the trust away:

    aws iam get-role --role-name ROLE
    aws iam update-assume-role-policy --role-name ROLE --policy-document file://trust.json

If it is a vendor's or a sister organization's, write it into the settings as `known_vendors` or `trusted_accounts`.

## What it cannot know
To whom an account belongs: AWS does not tell. An account that left the organization looks like a stranger's, and is one.
A trust bound to an organization's id while our own organization is not known: unknown.

## References
- [Third-party access](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html)
- [Known AWS accounts of vendors](https://github.com/fwdcloudsec/known_aws_accounts)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role
from findings.analysis.facts import Facts
from findings.analysis.trust.narrowing import ORGANIZATION_KEYS
from findings.analysis.trust.vendors import vendor
from findings.analysis.trust.who import OF_ACCOUNTS, Admission
from findings.rules import trusts
from findings.rules.words import few, lowered
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="LP402",
    slug="unknown-external-account",
    severity=Severity.HIGH,
    subject=SubjectType.ROLE,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    helps=("organizations:DescribeOrganization", "organizations:ListAccounts"),
    controls={
        "AWS Well-Architected": (
            "SEC03-BP07",
            "SEC03-BP09",
        ),
    },
    title="An account that nobody knows may assume a role",
    doc=__doc__,
)


def judge(role: Role, facts: Facts) -> Iterator[Outcome]:
    if not trusts.judged(role):
        return
    if unread := trusts.unread(role, facts):
        yield unread
        return
    strangers = [a for a in trusts.outsiders(role, facts) if _strange(a, facts)]
    if not strangers:
        unsure = [a for a in facts.admitted(role) if _unsure(a)]
        known = "the accounts it trusts are in the zone of trust or known vendors'"
        yield Unknown("it trusts an organization, and whether it is ours is not known") if unsure else Clear(known)
        return
    accounts = [a for a in trusts.accounts_of(strangers, facts) if not vendor(a, facts)]
    whom = f"account {few(accounts)}" if accounts else "accounts of another organization"
    blockers = trusts.stopped(strangers, role, facts)
    yield Open(
        f"Role {role.name} lets in {whom}, unknown to us",
        {
            "accounts": accounts,
            "principals": list(dict.fromkeys(a.principal for a in strangers)),
            "conditions": trusts.asked_for(strangers),
            "zone_of_trust": trusts.zone(facts),
            "blocked_by": list(blockers),
            "guardrails": trusts.rcps_seen(facts),
        },
        lowered(RULE.severity) if blockers else None,
    )


def _strange(admission: Admission, facts: Facts) -> bool:
    return not admission.accounts or any(not facts.inside(a) and not vendor(a, facts) for a in admission.accounts)


def _unsure(admission: Admission) -> bool:
    by_organization = bool(ORGANIZATION_KEYS & set(admission.narrowed_by))
    return admission.kind in OF_ACCOUNTS and admission.inside is None and by_organization
