"""
## What it does
Opens when a role that outsiders may assume has one of AWS's policies that read the whole account: ReadOnlyAccess,
ViewOnlyAccess or SecurityAudit. Outsiders are accounts outside the zone of trust, known vendors included, and everybody
where the trust is public. iamdash's own role is spared; it is known by the inline policy that our template gives it. Where an
RCP keeps all of them out, the severity falls one step, and the finding names it.

## Why it matters
ReadOnlyAccess reads more than settings: objects of every bucket, items of every table, parameters and logs. SecurityAudit and
ViewOnlyAccess read no data but draw a map of the account. Once a stranger has them they stay read.

## How to fix
Give the vendor the policy that its product needs, or at least take the data out with a Deny:

    aws iam list-attached-role-policies --role-name ROLE
    aws iam detach-role-policy --role-name ROLE --policy-arn arn:aws:iam::aws:policy/ReadOnlyAccess

Access Advisor shows which services it used. For a scanner that needs SecurityAudit, accept the finding, with an owner and
an expiry.

## What it cannot know
What the outsider reads. A policy of your own that allows as much is not seen here: LP208 tells of data reads on everything.

## References
- [AWS managed policies for job functions](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html)
- [ReadOnlyAccess](https://docs.aws.amazon.com/aws-managed-policy/latest/reference/ReadOnlyAccess.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role
from findings.analysis.facts import Facts
from findings.rules import behaviour, trusts
from findings.rules.words import few, lowered
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

READERS = frozenset({"ReadOnlyAccess", "ViewOnlyAccess", "SecurityAudit"})
OF_AWS = ":iam::aws:policy/"

RULE = Rule(
    code="LP407",
    slug="read-only-to-outsiders",
    severity=Severity.MEDIUM,
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
        "Prowler": ("iam_role_cross_account_readonlyaccess_policy",),
    },
    title="Outsiders may read the whole account",
    doc=__doc__,
)


def judge(role: Role, facts: Facts) -> Iterator[Outcome]:
    readers = [arn for arn in role.attached if OF_AWS in arn and arn.rpartition("/")[2] in READERS]
    if not readers or not trusts.judged(role):
        return
    if unread := trusts.unread(role, facts):
        yield unread
        return
    outside = [a for a in facts.admitted(role) if a.public or a.inside is False]
    if not outside:
        yield Clear("nobody outside the zone of trust may assume it")
        return
    if behaviour.ours(role):
        yield Clear("this tool")
        return
    accounts = [trusts.named(account, facts) for account in trusts.accounts_of(outside, facts)]
    names = [arn.rpartition("/")[2] for arn in readers]
    whom = (
        f"account {few(accounts)}"
        if accounts
        else "anyone"
        if any(a.public for a in outside)
        else "another organization"
    )
    blockers = trusts.stopped(outside, role, facts)
    yield Open(
        f"Role {role.name} gives {few(names)} to {whom}",
        {
            "policies": readers,
            "accounts": accounts,
            "principals": list(dict.fromkeys(a.principal for a in outside)),
            "zone_of_trust": trusts.zone(facts),
            "blocked_by": list(blockers),
            "guardrails": trusts.rcps_seen(facts),
        },
        lowered(RULE.severity) if blockers else None,
    )
