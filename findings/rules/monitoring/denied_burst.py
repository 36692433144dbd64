"""
## What it does
Opens when in the last two weeks calls of a role, a user or an access key were refused on one day far more often than is usual
for it: at least 20 times, more than five times as often as on the worst of the up to 60 days before, and as a larger part of
its calls, so that more work with as many failures is none. What AWS services called on its behalf does not count.

## Why it matters
Whoever has found a key or taken over a workload does not know what it may do, and tries. The refusals are often all that
shows before something works. As often a deployment broke, which somebody wants to know as well.

## How to fix
Look at what was refused, and from where. If it is a deployment, give the role what it needs, or take the call out. If nobody
can explain it, take it as an incident: deactivate the key, or end the role's sessions.

    aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue=KEY
    aws iam update-access-key --user-name USER --access-key-id KEY --status Inactive

## What it cannot know
Refusals that CloudTrail does not record, such as those of data events that the trail leaves out. What is usual for a
principal that is younger than 30 days; where events were read for less than that before a day with many refusals, it is
unknown. Days are those of UTC, and slow attempts stay below what it counts.

## References
- [Error codes of CloudTrail's records](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html)
- [Troubleshoot access denied](https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from findings.analysis.behaviour.bursts import Burst, refusals
from findings.analysis.facts import Facts
from findings.rules import behaviour, sessions
from findings.rules.behaviour import MOST, Subject
from findings.rules.sessions import READS
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="MO112",
    slug="denied-burst",
    severity=Severity.MEDIUM,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER, SubjectType.KEY),
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    any_of=READS,
    title="Calls were refused far more often than usual",
    doc=__doc__,
)


def judge(subject: Subject, facts: Facts) -> Iterator[Outcome]:
    if not behaviour.acted(subject, facts):
        return
    if unread := sessions.unread(facts):
        yield unread
        return
    bursts = refusals(subject, facts)
    if bursts.found:
        yield _open(subject, bursts.found)
    elif bursts.unknown:
        yield behaviour.no_baseline(facts.activity.since)
    else:
        yield Clear("it was refused no more often than usual")


def _open(subject: Subject, found: tuple[Burst, ...]) -> Open:
    worst = max(found, key=lambda one: (one.day.denied, one.day.day))
    refused = sorted({name for one in found for name in one.day.refused})
    return Open(
        f"{behaviour.named(subject)} was refused {worst.day.denied:,} times on {worst.day.day:%Y-%m-%d}: {few(refused)}",
        {
            "days": [_said(one) for one in found][:MOST],
            "refused": refused[: 2 * MOST],
            "services": sorted({name for one in found for name in one.day.services})[:MOST],
            "regions": sorted({name for one in found for name in one.day.regions})[:MOST],
        },
    )


def _said(one: Burst) -> str:
    """ "30 days: at most 2 a day; 2026-11-22: 214 of 215 calls"."""
    usual = behaviour.usual(one.baseline.length, one.usual)
    return f"{usual}; {one.day.day:%Y-%m-%d}: {one.day.denied:,} of {one.day.n:,} calls"
