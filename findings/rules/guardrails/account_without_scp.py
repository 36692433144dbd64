"""
## What it does
Opens on a member account that no service control policy limits: at the root, at every OU above it and at the account itself
only policies that allow everything are attached, such as AWS's own `FullAWSAccess`. What a policy takes away counts, not what
it is called. The management account is clear: no SCP ever binds it. So is an account whose organization has SCPs switched
off, which GR105 tells.

## Why it matters
An SCP is the one limit that an administrator of the account cannot lift. Without one, whoever becomes administrator there can
stop the trail, leave the organization and use every region and service.

## How to fix
Attach a baseline to the OU that the account is in, or move the account to an OU that has one. It protects all accounts there:

    aws organizations attach-policy --policy-id p-EXAMPLE --target-id ou-EXAMPLE

The evidence names the place (`fix_at`): the highest OU, or the root, below which no OU has an SCP that limits anything; one
attachment there closes the finding of every account below it. Try it on one account first: GR106 tells which parts of a
baseline are missing, and an SCP denies at once.

## What it cannot know
Whether what the SCPs deny is what matters: GR106 asks that. Permissions boundaries and policies of resources are not SCPs. An
account whose organization nobody reads is unknown.

## References
- [Service control policies](https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from findings.analysis import ceiling
from findings.analysis.facts import AccountSubject, Facts
from findings.analysis.fix_place import fix_place
from findings.analysis.guardrails import SCP
from findings.rules.guarded import unguarded
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="GR104",
    slug="account-without-scp",
    severity=Severity.HIGH,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.LACKS,
    effort=Effort.MEDIUM,
    needs=("organizations:DescribeOrganization",),
    helps=("organizations:ListPolicies", "organizations:ListTargetsForPolicy"),
    controls={"AWS Well-Architected": ("SEC03-BP05",), "CIS AWS v7": ("2.1.2",)},
    title="No service control policy limits an account",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    if (other := unguarded(facts)) is not None:
        yield other
    elif limiting := ceiling.limiting(facts):
        yield Clear(f"limited by SCP {few(limiting)}")
    elif unread := ceiling.unread(facts):
        yield Unknown(f"SCP {few(unread)} could not be read")
    else:
        levels = facts.guardrails.scp or ()
        told: dict[str, Json] = {
            "levels": [level.name for level in levels],
            "policies": sorted({p.name for n in levels for p in n.policies}),
            "fix_at": fix_place(facts, lambda level: any(ceiling.takes(facts, SCP, level))),
        }
        yield Open(f"No SCP limits {account.name}: every level above it allows everything", told)
