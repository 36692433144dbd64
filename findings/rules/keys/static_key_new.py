"""
## What it does
Opens when an active access key was made within the last `new_key_days` (7 by default). The evidence says who made it, for whom,
from where and with what, where CloudTrail's events tell it.

## Why it matters
Every long-term key starts as a new one. In its first week the person who made it still knows what it is for, and the
place it was put is one place: it is the cheapest moment to replace it by temporary credentials. A new key is also what
an intruder makes first.

## How to fix
Ask who made it and for what. A workload in AWS takes a role; CI takes OIDC; a machine outside AWS takes Roles Anywhere;
a person takes Identity Center. Then delete the key:

    aws iam delete-access-key --user-name USER --access-key-id AKIA...

and deny `iam:CreateAccessKey` by a service control policy where no key is wanted.

## What it cannot know
Who made the key, where CloudTrail's events were not read or do not hold its `CreateAccessKey`: then the evidence says so. A key
that replaces an older one in a rotation is new as well; KY105 and KY112 tell whether the older one was ended.

## References
- [Alternatives to long-term access
keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/security-creds-programmatic-access.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import LOOKUP, TRAIL, AccessKey, AdminEvent
from findings.analysis.facts import Facts
from findings.analysis.keys.at_work import actor, told
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="KY115",
    slug="static-key-new",
    severity=Severity.MEDIUM,
    subject=SubjectType.KEY,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:ListAccessKeys",),
    helps=(TRAIL, LOOKUP),
    settings={"new_key_days": 7},
    controls={
        "AWS Well-Architected": ("SEC02-BP02",),
    },
    title="Key AKIA… of a user was made on a date",
    doc=__doc__,
)


def judge(key: AccessKey, facts: Facts) -> Iterator[Outcome]:
    if not key.active:
        return
    limit = facts.settings.new_key_days
    if facts.older(key.created_at, limit):
        yield Clear(f"made on {key.created_at:%Y-%m-%d}, more than {limit} days ago")
        return
    event = facts.activity.keys.made_by(key)
    by = f" by {actor(event)}" if event else ""
    yield Open(
        f"Key {key.unique_id} of {key.user_name} was made on {key.created_at:%Y-%m-%d}{by}",
        {
            "user": key.user_name,
            "created_at": key.created_at.isoformat(),
            "made_by": told(event) if event else _untold(key, facts),
            "made_for": _whom(event, key) if event else key.user_name,
            "other_active_keys": sorted(_others(key, facts)),
            "new_key_days": limit,
        },
    )


def _untold(key: AccessKey, facts: Facts) -> str:
    since = facts.activity.since
    if since is None:
        return "unknown: no CloudTrail events that tell it were read"
    if since > key.created_at:
        return f"unknown: CloudTrail was read from {since:%Y-%m-%d} on"
    return "unknown: no CreateAccessKey event of it was seen"


def _whom(event: AdminEvent, key: AccessKey) -> str:
    return f"{key.user_name}, by its own hand" if event.principal_arn == key.user_arn else key.user_name


def _others(key: AccessKey, facts: Facts) -> Iterator[str]:
    """The user's other active keys: with one, this may be a rotation."""
    for other in facts.keys_by_user_arn.get(key.user_arn, ()):
        if other.active and other.unique_id != key.unique_id:
            yield other.unique_id
