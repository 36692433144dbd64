"""
## What it does
Opens when a person worked with an active access key within `unused_days` (90 by default): with the tools of a Mac, with those of
a Windows machine or a command line from your office or VPN, or with MFA. The signs are those by which sessions are told
(HM101); the evidence has them for each day. A desktop that was at work for 18 hours or more on most of its days is taken for a
build machine.

## Why it matters
A key on a laptop lies in a file that every program and every backup of it can read, works without MFA, from anywhere, and for
ever. A session of Identity Center has the same rights, asks for MFA, and ends the same day.

## How to fix
Give the person a permission set in Identity Center, and the command line its profile; then end the key:

    aws configure sso
    aws sso login --profile PROFILE
    aws iam update-access-key --user-name USER --access-key-id KEY --status Inactive
    aws iam delete-access-key --user-name USER --access-key-id KEY

Where there is no Identity Center, `aws sts get-session-token` with MFA is better than the key itself.

## What it cannot know
A person whose tools run on Linux outside your office and VPN looks like a program. A build machine on macOS, from a network
that nobody named and not around the clock, looks like a person: name its network `ci ...` in the settings. Agents are said by
who calls and can be made up.

## References
- [Temporary credentials for human users](https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#bp-users-federation-idp)
- [AWS CLI with Identity Center](https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sso.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from collectors.records import AccessKey, Session
from findings.analysis.facts import Facts
from findings.rules import sessions
from findings.rules.keys_used import MOST, uses
from findings.rules.sessions import READS
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

ROUND_THE_CLOCK = timedelta(hours=18)

RULE = Rule(
    code="KY109",
    slug="person-uses-key",
    severity=Severity.MEDIUM,
    subject=SubjectType.KEY,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:ListAccessKeys",),
    any_of=READS,
    settings={"unused_days": 90},
    controls={
        "AWS Well-Architected": ("SEC02-BP02",),
    },
    title="A person works with key AKIA… of a user",
    doc=__doc__,
)


def judge(key: AccessKey, facts: Facts) -> Iterator[Outcome]:
    if not key.active:
        return
    found = uses(key, facts)
    if not isinstance(found, tuple):
        yield found
        return
    people = [one for one in found if facts.activity.verdict(one).human]
    awake = [one for one in people if one.mfa or one.last_at - one.first_at < ROUND_THE_CLOCK]
    if not people:
        yield Clear("nothing shows a person")
    elif 2 * len(awake) < len(people):
        yield Clear("a desktop uses it round the clock, as a build machine does")
    else:
        yield _open(key, people, facts)


def _open(key: AccessKey, people: list[Session], facts: Facts) -> Open:
    return Open(
        f"A person works with key {key.unique_id} of {key.user_name}",
        {
            "user": key.user_name,
            "uses": sessions.told([(one, facts.activity.verdict(one)) for one in people], facts),
            "last_day": max(one.day for one in people).isoformat(),
            "networks": sorted({facts.activity.networks.said(a) for one in people for a in one.networks})[:MOST],
            "agents": sorted({agent for one in people for agent in one.agents})[:MOST],
            "confidence": sessions.surest([facts.activity.verdict(one) for one in people]).value,
        },
    )
