"""What the rules on behaviour share: whom they judge, what is missing, and how a subject is called."""

from __future__ import annotations

from datetime import datetime

from collectors.records import LOOKUP, AccessKey, Role, User
from findings.analysis.facts import Facts
from findings.rules import sessions
from findings.vocabulary import Unknown

OUR_POLICY = "iamdash-read"  # collectors/access_policy.py
MOST = sessions.MOST  # lines of evidence
READS_CHANGES = (*sessions.READS, LOOKUP)  # APIs by which changes to IAM come; one of them is enough
Subject = Role | User | AccessKey


def ours(subject: Subject) -> bool:
    """The role by which iamdash reads the account: it asks for everything, each time."""
    return isinstance(subject, Role) and OUR_POLICY in subject.inline


def judged(subject: Subject) -> bool:
    """Service-linked roles are AWS's own, and iamdash's is this tool's."""
    return not ours(subject) and not (isinstance(subject, Role) and subject.service_linked)


def acted(subject: Subject, facts: Facts) -> bool:
    """Whether it is judged, and did something lately or nobody can say so."""
    return judged(subject) and bool(facts.behaviour.judged(subject) or facts.activity.since is None)


def machine(subject: Subject, facts: Facts) -> bool:
    """Whether a program is meant to act with it."""
    if isinstance(subject, AccessKey):
        owner = facts.user_by_arn.get(subject.user_arn)
        return owner is not None and machine(owner, facts)
    return bool(sessions.machine(subject, facts))


def named(subject: Subject) -> str:
    """ "Role deploy", "User alice", "Key AKIA... of alice"."""
    if isinstance(subject, AccessKey):
        return f"Key {subject.unique_id} of {subject.user_name}"
    return f"{'Role' if isinstance(subject, Role) else 'User'} {subject.name}"


def changes_unread(facts: Facts) -> Unknown | None:
    """None: changes to IAM were read."""
    return None if facts.behaviour.changes_since else Unknown(f"no changes to IAM were read: {sessions.NEXT_STEP}")


def usual(length: int, most: int, per: str = "a day") -> str:
    """ "30 days: at most 2 a day"."""
    return f"{length} days: {f'at most {most:,} {per}' if most else 'none'}"


def no_baseline(since: datetime | None) -> Unknown:
    """What is usual is not known yet. since: when the reading begins."""
    read = f"events were read since {since:%Y-%m-%d}" if since else "no events were read"
    return Unknown(f"what is usual is not known yet: that takes 30 days before each day that is judged, and {read}")
