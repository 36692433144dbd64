"""
## What it does
Opens when on several days (two or more within `unused_days`, 90 by default) an IAM user was in the console and, from another
network, a program used the user's keys. Addresses of one neighbourhood (/24, of IPv6 /48) count as one network, as do those to
which the settings give one name. Use of the keys that looks like the person's own (a command line on a desktop, your office or
VPN) does not count.

## Why it matters
A person and a program under one name share what either needs, and nobody can tell afterwards which of them it was. When the
person leaves, the program stops, or the person stays; when the key leaks, the person's access is open too.

## How to fix
Give each its own: the program a role (an instance's role, or OIDC for CI), the person an Identity Center session. Then end the
key, once nothing uses it any more:

    aws iam update-access-key --user-name USER --access-key-id KEY --status Inactive
    aws iam delete-access-key --user-name USER --access-key-id KEY

## What it cannot know
A program at the person's own desk has the person's address and is not seen. Somebody who signs in from home and has scripts run
on a server of his own looks like a program's user, and is one.

## References
- [Security best practices in IAM](https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html)
- [Alternatives to access keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/security-creds-programmatic-access.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from collectors.records import Session, User
from findings.analysis.activity.networks import PEOPLE, block
from findings.analysis.facts import Facts
from findings.rules import sessions
from findings.rules.sessions import READS
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

REPEATED = 2  # days

RULE = Rule(
    code="HM110",
    slug="access-shared-by-person-and-program",
    severity=Severity.MEDIUM,
    subject=SubjectType.USER,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    any_of=READS,
    settings={"unused_days": 90},
    title="A person and a program share an IAM user",
    doc=__doc__,
)


def judge(user: User, facts: Facts) -> Iterator[Outcome]:
    found = facts.activity.of(user, facts.settings.unused_days)
    row = facts.credential(user)
    if not found and (facts.activity.since is not None or (row is not None and row.password_enabled is False)):
        return
    if unread := sessions.unread(facts):
        yield unread
        return
    both = _shared(found, facts)
    if len(both) < REPEATED:
        yield Clear("a person and a program did not use it on the same days from different networks")
        return
    days = sorted(both)
    person, program = (sorted({network for day in days for network in both[day][side]}) for side in (0, 1))
    yield Open(
        f"{user.name} is used by a person in the console and by a program elsewhere",
        {
            "days": [day.isoformat() for day in days[-sessions.MOST :]],
            "console_from": person[: sessions.MOST],
            "keys_from": program[: sessions.MOST],
            "keys": sorted({one.key_id for one in found if one.key_id}),
            "agents": sorted({agent for one in found if _by_program(one, facts) for agent in one.agents})[
                : sessions.MOST
            ],
        },
    )


def _shared(found: tuple[Session, ...], facts: Facts) -> dict[date, tuple[set[str], set[str]]]:
    """Days on which the program's networks are all others than the console's: day -> (console's, program's)."""
    days: dict[date, tuple[set[str], set[str]]] = {}
    for one in found:
        if one.sign_in or _by_program(one, facts):
            days.setdefault(one.day, (set(), set()))[0 if one.sign_in else 1].update(_networks(one, facts))
    return {day: both for day, both in days.items() if both[0] and both[1] and not both[0] & both[1]}


def _by_program(one: Session, facts: Facts) -> bool:
    if not one.key_id or one.sign_in or facts.activity.verdict(one).human:
        return False
    return not any(facts.activity.networks.kind(address) in PEOPLE for address in one.networks)


def _networks(one: Session, facts: Facts) -> set[str]:
    return {facts.activity.networks.name(address) or block(address) for address in one.networks}
