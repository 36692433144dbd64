"""
## What it does
Opens when the root user's password or one of its access keys was used within the window (`unused_days`, 90 by default), as
the credential report tells, or when CloudTrail recorded calls or sign-ins of root in it. Each date is judged by itself: one
that lies in the window is enough. Where events were read, the finding tells what root did, from where and with what. What AWS
services do in root's name, and sign-ins that were refused, are no use.

## Why it matters
Root is for the few tasks that nothing else can do. Each use is outside all permissions and cannot be told apart by person; a
use that nobody can explain is an incident.

## How to fix
Ask who it was and what for. Then give that task a role, and keep root's credentials away from daily work:

    aws cloudtrail lookup-events --region us-east-1 --lookup-attributes AttributeKey=Username,AttributeValue=root

In an organization, remove the root credentials of member accounts and use short root sessions for what remains:

    aws iam enable-organizations-root-credentials-management
    aws iam enable-organizations-root-sessions

## What it cannot know
Without CloudTrail's events: what root did, and from where, and of each credential more than the last use. The credential
report may be four hours old. A use of credentials that were removed since is still shown. Short root sessions that the
management account opens in a member account are root's in CloudTrail, and count.

## References
- [Tasks that need root](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html)
- [Root user best practices](https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from collectors.records import Actor, Credential, PrincipalDay
from findings.analysis.activity.networks import SERVICE
from findings.analysis.behaviour.baseline import midnight
from findings.analysis.behaviour.changes import told
from findings.analysis.facts import AccountSubject, Facts
from findings.rules.behaviour import MOST
from findings.rules.sessions import READS
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="MO110",
    slug="root-used",
    severity=Severity.HIGH,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:GetCredentialReport",),
    helps=READS,
    controls={
        "CIS AWS v3": ("1.7",),
        "CIS AWS v5": ("1.6",),
        "CIS AWS v7": ("2.7",),
        "Prowler": ("iam_avoid_root_usage",),
        "Security Hub": ("IAM.20",),
    },
    settings={"unused_days": 90},
    title="The root user was used on a date",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    row, window = facts.root_credential, facts.settings.unused_days
    recent = [(used, what) for used, what in _uses(row) if not facts.older(used, window)] if row else []
    days = [
        one for one in facts.behaviour.root_days if one.n > one.denied and not facts.older(midnight(one.day), window)
    ]
    if not recent and not days:
        if row is None:
            yield Unknown("the credential report has no row for root")
        else:
            yield Clear(f"no use of root's password or keys within {window} days")
        return
    evidence: dict[str, Json] = {"unused_days": window}
    evidence |= {f"{name}_last_used": used.isoformat() for used, name in recent}
    if days:
        evidence |= _recorded(days, facts)
    yield Open(f"The root user of {account.name} was used on {_when(recent, days)}", evidence)


def _when(recent: list[tuple[datetime, str]], days: list[PrincipalDay]) -> str:
    """ "2026-11-20, by its password"; of a later day, what was called."""
    last, what = max(recent, default=(None, ""))
    if last is not None and (not days or days[-1].day <= last.date()):
        return f"{last:%Y-%m-%d}, by its {what.replace('_', ' ')}"
    called = few([source.removesuffix(".amazonaws.com") for source in days[-1].services])
    return f"{days[-1].day:%Y-%m-%d}, for {called}"


def _recorded(days: list[PrincipalDay], facts: Facts) -> dict[str, Json]:
    """What CloudTrail tells of it, the last days first."""
    first = days[0].day
    some = [one for one in facts.snapshot.sessions if one.actor is Actor.ROOT and one.day >= first]
    events = [one for one in facts.behaviour.events if one.actor is Actor.ROOT and one.at.date() >= first]
    addresses = sorted({a for one in some for a in one.networks if facts.activity.networks.kind(a) != SERVICE})
    return {
        "days": [_day(one) for one in reversed(days)][:MOST],
        "changes": [told(one, facts) for one in events][-MOST:],
        "from": [facts.activity.networks.said(address) for address in addresses][:MOST],
        "agents": sorted({agent for one in some for agent in one.agents})[:MOST],
        "without_mfa": any(one.mfa is False for one in some),
    }


def _day(one: PrincipalDay) -> str:
    key = f" with key {one.key_id}" if one.key_id else ""
    services = few([source.removesuffix(".amazonaws.com") for source in one.services])
    calls = one.n - one.denied
    return f"{one.day:%Y-%m-%d}: {calls} call{'s' if calls > 1 else ''} of {services}{key}"


def _uses(row: Credential) -> Iterator[tuple[datetime, str]]:
    if row.password_last_used:
        yield row.password_last_used, "password"
    for number, slot in enumerate(row.slots, start=1):
        if slot.last_used_at:
            yield slot.last_used_at, f"access_key_{number}"
