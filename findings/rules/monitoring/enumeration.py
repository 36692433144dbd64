"""
## What it does
Opens when in the last two weeks a role, a user or an access key looked around in IAM, STS or Organizations: ten or more
different calls that list or read there within an hour, over midnight too, and more than twice as many as within any hour of
the up to 60 days before. An
auditor's or scanner's role, which always does, stays silent, and so do the console's pages, which make many such calls by
themselves, Terraform and its like where the principal uses them anyway, and the role by which iamdash reads the account.

## Why it matters
It is the first thing that somebody does with credentials that are not theirs: who am I, who else is there, what may they do,
which role could I become. Programs know their own names and do not ask.

## How to fix
Find out who it was by network and agent in the evidence. If it was meant (a new scanner, a colleague's inventory), accept it:
after some days it is the principal's habit. If nobody knows, deactivate the key or end the sessions, and see what came after:

    aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue=KEY
    aws iam put-role-policy --role-name ROLE --policy-name revoke-older-sessions --policy-document file://deny-before-now.json

A program that needs no such reads should not have them: see LP101 and the right-sized policy of its page.

## What it cannot know
Reads that the trail leaves out (trails of writing events only). Calls of the same name are one, so guessing at many names by
one call is not seen. Of each name the first and the last call of a day are known, so that an hour between them may look
emptier than it was. Whoever takes a day for it stays below ten an hour. Of a principal that is younger than 30 days nothing
is usual, and where events were read for less than that before a day with many such calls, it is unknown.

## References
- [Actions of IAM](https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html)
- [GuardDuty: Discovery findings](https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-iam.html)
- [MITRE ATT&CK T1087.004, cloud account discovery](https://attack.mitre.org/techniques/T1087/004/)
"""

from __future__ import annotations

from collections.abc import Iterator

from findings.analysis.behaviour.bursts import Burst, enumerations
from findings.analysis.behaviour.changes import CODE, family
from findings.analysis.facts import Facts
from findings.rules import behaviour, sessions
from findings.rules.behaviour import MOST, Subject
from findings.rules.sessions import READS
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="MO115",
    slug="enumeration",
    severity=Severity.MEDIUM,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER, SubjectType.KEY),
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    any_of=READS,
    controls={
        "Prowler": ("cloudtrail_threat_detection_enumeration",),
    },
    title="Somebody looked around in IAM",
    doc=__doc__,
)


def judge(subject: Subject, facts: Facts) -> Iterator[Outcome]:
    if not behaviour.acted(subject, facts):
        return
    if unread := sessions.unread(facts):
        yield unread
        return
    bursts = enumerations(subject, facts)
    found = tuple(one for one in bursts.found if not _by_its_tool(subject, one, facts))
    if found:
        yield _open(subject, found, facts)
    elif bursts.unknown:
        yield behaviour.no_baseline(facts.activity.since)
    else:
        yield Clear("it did not look around in IAM more than usual")


def _by_its_tool(subject: Subject, one: Burst, facts: Facts) -> bool:
    """A tool that reads the state of what it manages, and that the principal used before."""
    by_day = facts.behaviour.sessions(subject)
    now = {family(agent) for session in by_day.get(one.day.day, ()) for agent in session.agents}
    before = {
        family(agent)
        for day, some in by_day.items()
        if one.baseline.start <= day < one.day.day
        for session in some
        for agent in session.agents
    }
    return bool(now & before & CODE.keys())


def _open(subject: Subject, found: tuple[Burst, ...], facts: Facts) -> Open:
    worst = max(found, key=lambda one: (len(one.day.recon), one.day.day))
    days = {one.day.day for one in found}
    some = [session for day, at in facts.behaviour.sessions(subject).items() if day in days for session in at]
    return Open(
        f"{behaviour.named(subject)} made {len(worst.day.recon)} different reads of IAM within an hour "
        f"of {worst.day.day:%Y-%m-%d}: {few(worst.day.recon)}",
        {
            "days": [_said(one) for one in found][:MOST],
            "calls": sorted({name for one in found for name in one.day.recon})[: 3 * MOST],
            "refused": sorted({name for one in found for name in one.day.refused})[:MOST],
            "from": sorted({facts.activity.networks.said(a) for session in some for a in session.networks})[:MOST],
            "agents": sorted({agent for session in some for agent in session.agents})[:MOST],
            "sessions": sorted({session.name for session in some if session.name})[:MOST],
        },
    )


def _said(one: Burst) -> str:
    """ "30 days: at most 2 an hour; 2026-11-22: 17 different calls within an hour"."""
    usual = behaviour.usual(one.baseline.length, one.usual, "an hour")
    return f"{usual}; {one.day.day:%Y-%m-%d}: {len(one.day.recon)} different calls within an hour"
