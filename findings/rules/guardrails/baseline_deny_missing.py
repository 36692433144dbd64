"""
## What it does
Asks of each part of a baseline whether the account's SCPs deny it to a role that has every permission, by evaluation and whatever
the policies are called:

- `organization`: leaving the organization;
- `trail`: stopping or deleting trails;
- `config`: stopping the recorder of AWS Config;
- `boundary`: editing or removing the permissions boundaries that the account's roles and users carry, where some do;
- `root`: what the root user of the account does;
- `regions`: regions that the settings (`allowed_regions`) do not name, where they name some.

One finding a part. A deny that spares certain roles counts as a deny: the role that is asked for is none of them.

## Why it matters
These are the steps after a break-in: leave the organization so that nobody limits or sees you, stop the recording, work in a
region that nobody looks at. An administrator of the account can take all of them unless an SCP denies it.

## How to fix
Add the missing deny to the SCP of the OU, and spare the role that has to do it:

    {"Effect": "Deny", "Action": ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail"], "Resource": "*",
     "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/break-glass"}}}

The evidence names the place (`fix_at`): the highest OU, or the root, below which no other OU has an SCP that denies any of
these actions. The accounts that share it are one family, closed by one change there.

## What it cannot know
The management account is bound by no SCP and is not judged. A deny that hangs on what is only known at the time of the request
(an address, MFA) leaves the part unknown, with the keys named. Other ways to blind a trail, such as narrower selectors, are not
asked for: MO111 sees them when they happen. Who of the roles that are spared may be assumed by whom is not
asked here.

## References
- [Example SCPs](https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from findings.analysis import ceiling
from findings.analysis.baseline import Part, parts
from findings.analysis.facts import AccountSubject, Facts
from findings.analysis.fix_place import fix_place
from findings.rules.guarded import unguarded
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="GR106",
    slug="baseline-deny-missing",
    severity=Severity.MEDIUM,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.LACKS,
    effort=Effort.MEDIUM,
    needs=("organizations:DescribeOrganization",),
    helps=("organizations:ListPolicies", "organizations:ListTargetsForPolicy", "iam:GetAccountAuthorizationDetails"),
    controls={"AWS Well-Architected": ("SEC03-BP05",), "CIS AWS v7": ("2.1.2",)},
    title="SCPs do not deny what a baseline denies",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    if (other := unguarded(facts)) is not None:
        yield other
        return
    found = [(part, part.gap(facts)) for part in parts(facts)]
    unread = ceiling.unread(facts)
    opened = [(part, gap) for part, gap in found if gap.open]
    unsure = [
        f"{part.words}: only when {', '.join(gap.keys)} allows" for part, gap in found if gap.unsure and not gap.open
    ]
    if unread:
        yield Unknown(f"SCP {few(unread)} could not be read")
        return
    yield from (_told(account, part, gap, facts) for part, gap in opened)
    if unsure:
        yield Unknown("; ".join(unsure))
    elif not opened:
        yield Clear(f"SCPs deny {', '.join(part.words for part, _ in found)}")


def _told(account: AccountSubject, part: Part, gap: ceiling.Gap, facts: Facts) -> Open:
    evidence: dict[str, Json] = {
        "actions": list(gap.open),
        "denied_by": sorted({f"{by.policy} at {by.level}" for by in gap.by if by.policy}),
        "fix_at": fix_place(facts, lambda level: ceiling.denies(facts, level, gap.open)),
    }
    return Open(f"No SCP denies {part.words} in {account.name}", evidence, part=part.name)
