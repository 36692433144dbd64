"""
## What it does
Opens when in the last two weeks a machine's role, user or access key did what it never did before: called a service, worked
in a region, came from a network (a /24 neighbourhood, of IPv6 a /48, or one that you named) or used an agent that none of the
up to 60 days before had. At least 30 days must be known, with calls on four of them, so that a weekly job has a baseline too.
Silent stays what changes its ways as a matter of course, such as runners with ever other addresses; what AWS services call on
its behalf; and, but for networks, what code announced by changing the principal's permissions in the two weeks before.

## Why it matters
Programs do the same things every day from the same places. A backup job that lists secrets, or a key that appears in a new
region from a new address, is what a theft looks like before anybody notices the damage.

## How to fix
Ask those who run the program whether it was changed. If it was, accept the finding, or let it end by itself after two weeks.
If not, take it as an incident: deactivate the key or end the role's sessions, and look at all it did since.

    aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue=KEY
    aws iam update-access-key --user-name USER --access-key-id KEY --status Inactive

Then take away what the program never uses, and bind it to its networks and regions by conditions (`aws:SourceVpc`,
`aws:SourceIp`, `aws:RequestedRegion`).

## What it cannot know
What was not recorded. Whether a change was meant. What is usual while fewer than 30 days of events were read: unknown. What a
principal that is younger than that does for the first time is not judged. Agents are what the caller says they are, and
whoever comes from the usual network with the usual tools is not seen. Regions of global services tell nothing and do not
count.

## References
- [CloudTrail record contents](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html)
- [GuardDuty: anomalous behaviour](https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-iam.html)
- [Global condition keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from findings.analysis.behaviour.firsts import First, firsts, short, unjudged
from findings.analysis.facts import Facts
from findings.rules import behaviour, sessions
from findings.rules.behaviour import MOST, Subject
from findings.rules.sessions import READS
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="MO113",
    slug="first-seen-behaviour",
    severity=Severity.LOW,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER, SubjectType.KEY),
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    any_of=READS,
    title="A machine did what it never did before",
    doc=__doc__,
)


def judge(subject: Subject, facts: Facts) -> Iterator[Outcome]:
    if not behaviour.judged(subject) or not behaviour.machine(subject, facts):
        return
    if unread := sessions.unread(facts):
        yield unread
        return
    if not facts.behaviour.judged(subject):
        return
    found = firsts(subject, facts)
    if found:
        yield _open(subject, found)
    elif unjudged(subject, facts):
        yield behaviour.no_baseline(facts.activity.since)
    else:
        yield Clear("it did what it always does")


def _open(subject: Subject, found: tuple[First, ...]) -> Open:
    new = list(dict.fromkeys(f"{one.kind} {short(one.new)}" for one in found))
    last = max(one.day for one in found)
    return Open(
        f"{behaviour.named(subject)} did what it never did before: {few(new)}",
        {
            "firsts": [f"{one.kind}: {one.said}" for one in found][:MOST],
            "kinds": sorted({one.kind for one in found}),
            "first_on": min(one.day for one in found).isoformat(),
            "last_on": last.isoformat(),
        },
    )
