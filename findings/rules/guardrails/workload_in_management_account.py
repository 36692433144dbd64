"""
## What it does
Opens on the management account of an organization when roles of compute, such as those of EC2 instances, functions, containers
and builds, were used there within the window (`unused_days`): a workload runs in it. Roles of people, of AWS's own services, and
those that outside accounts assume are not counted.

## Why it matters
No SCP and no RCP binds the management account, and it governs all others. Code that runs there, and whoever breaks into it,
stands above every guardrail of the organization.

## How to fix
Move the workload to an account of its own under an OU with SCPs, and keep the management account for billing and the
organization itself. What manages the organization by code can often run in a delegated administrator's account.

## What it cannot know
What the workload does: a function that only tags accounts is one too, and can be accepted. AWS tells a role's last use with up
to four hours' delay.

## References
- [Best practices for the management account](https://docs.aws.amazon.com/organizations/latest/userguide/orgs_best-practices_mgmt-acct.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role
from findings.analysis.facts import AccountSubject, Facts
from findings.analysis.kinds import Kind
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

MOST = 50  # roles that evidence names

RULE = Rule(
    code="GR108",
    slug="workload-in-management-account",
    severity=Severity.MEDIUM,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.SEES,
    effort=Effort.LARGE,
    needs=("iam:GetAccountAuthorizationDetails",),
    helps=("organizations:DescribeOrganization",),
    settings={"unused_days": 90},
    controls={"CIS AWS v7": ("2.1.3",)},
    title="A workload runs in an organization's management account",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    if facts.guardrails.organization_id is None:
        yield Unknown("whether it is a management account was not read: allow organizations:DescribeOrganization")
        return
    if not facts.guardrails.management:
        yield Clear("it is not the management account")
        return
    window = facts.settings.unused_days
    used = sorted(
        (role.last_used_at.date().isoformat(), role.name)
        for role in facts.snapshot.roles
        if role.last_used_at and not facts.older(role.last_used_at, window) and _workload(role, facts)
    )
    if not used:
        yield Clear(f"no role of compute was used in {window} days")
        return
    names = [name for _, name in reversed(used)]
    yield Open(
        f"Workloads run in management account {account.name}, which no SCP binds: {few(names)}",
        {"roles": [f"{name}, last used {day}" for day, name in reversed(used)][:MOST], "count": len(used)},
    )


def _workload(role: Role, facts: Facts) -> bool:
    return not role.service_linked and facts.kind(role).kind is Kind.MACHINE_COMPUTE
