"""
## What it does
Opens when a region that is in use has no active analyzer of IAM Access Analyzer that looks for access from outside. Which
regions are in use CloudTrail's events tell, as far as they come from more than one; else every enabled region counts. An
organization's analyzer counts in each of its accounts. The part `unused` (info) opens when no analyzer looks for unused
access: IAM is in all regions, so that one is enough.

## Why it matters
Access Analyzer reads the policies of roles, buckets, keys, queues, functions and secrets, and says who outside can use them,
whenever one of them changes. It looks only in its own region: a bucket in a region without an analyzer may be public unseen.

## How to fix
One analyzer for the organization, made in its delegated administrator in each region, serves all accounts. The evidence
names that place (`fix_at`):

    aws accessanalyzer create-analyzer --analyzer-name external-access --type ORGANIZATION --region REGION

For one account alone use `--type ACCOUNT`; both cost nothing. An analyzer of unused access (`ACCOUNT_UNUSED_ACCESS`) is paid
for by the role and user that it looks at. What LP101 to LP105 report it would report again; here both are shown as one.

## What it cannot know
An analyzer of an organization whose administrator is not connected is not seen; where it is known who administers it, the
account is unknown. A region that a service control policy closes to us counts where events show that somebody works there
all the same, and is unknown then.

## References
- [Using IAM Access Analyzer](https://docs.aws.amazon.com/IAM/latest/UserGuide/what-is-access-analyzer.html)
- [Delegated administrator for Access Analyzer](https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-delegated-administrator.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from findings.analysis.analyzers import LIST
from findings.analysis.facts import AccountSubject, Facts
from findings.analysis.fix_place import root_place
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="MO109",
    slug="no-access-analyzer",
    severity=Severity.LOW,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    helps=(LIST, "account:ListRegions"),
    controls={
        "AWS Well-Architected": ("SEC03-BP07",),
        "Prowler": ("accessanalyzer_enabled",),
        "CIS AWS v3": ("1.20",),
        "CIS AWS v5": ("1.19",),
        "CIS AWS v7": ("2.18",),
        "Security Hub": ("IAM.28",),
    },
    title="Nothing looks for access from outside in a region",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    """A region of which nobody can tell does not hide that another has none."""
    wanted = facts.analyzers.looked_at
    without = [region for region in wanted if not facts.analyzers.external(region)]
    unread = {region: why for region in without if (why := facts.analyzers.unread(region))}
    bare = [region for region in without if region not in unread]
    if not wanted or (unread and not bare):
        yield Unknown(next(iter(unread.values()), f"{LIST} was not collected"))
        return
    opens = list(_opens(account, bare, sorted(unread), facts))
    yield from opens
    if not opens:
        yield Clear(f"analyzers look for access from outside in {few(wanted)}, and for unused access")


def _opens(account: AccountSubject, bare: list[str], unread: list[str], facts: Facts) -> Iterator[Open]:
    used = facts.analyzers.used
    told: dict[str, Json] = {
        "regions": list(bare),
        "unread_regions": list(unread),
        "inactive": sorted(one.unique_id for one in facts.snapshot.analyzers if not one.active),
        "counted": "enabled regions" if used is None else "regions in use",
        "fix_at": root_place(facts),
    }
    if bare:
        yield Open(f"No analyzer looks for access from outside to {account.name} in {few(bare)}", told)
    if not facts.analyzers.unused:
        text = f"No analyzer looks for unused access in {account.name}"
        yield Open(text, {"unread_regions": list(unread), "fix_at": root_place(facts)}, Severity.INFO, part="unused")
