"""
## What it does
Opens when a user's key was replaced and the old one is still in use: both are active, the younger was made at least
`two_keys_days` (14 by default) after the older and has been used, and the older was used when the rotation should have been over,
`two_keys_days` after the younger was made. Two keys that were made within that time of each other are two keys, not a rotation
(KY105 tells them).

## Why it matters
The rotation is half done: something still holds the old key, and its copies still work. Whoever ends it on schedule breaks that
program; so mostly nobody does, and the key that should have gone stays for good.

## How to fix
Find who still has the old key (the evidence says from where and with what, where CloudTrail's events are read), give it the
new one or better a role, wait until the old one is quiet, and end it:

    aws iam get-access-key-last-used --access-key-id OLD
    aws iam update-access-key --user-name USER --access-key-id OLD --status Inactive
    aws iam delete-access-key --user-name USER --access-key-id OLD

## What it cannot know
Whether the younger key was made to replace the older, or for another program. Without CloudTrail's events, from where the old
one is used. The credential report may be four hours old; a use counts also when it was denied.

## References
- [Update access keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/id-credentials-access-keys-update.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from collectors.records import TRAIL, AccessKey, User
from findings.analysis.facts import Facts
from findings.rules.keys_used import MOST
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="KY112",
    slug="old-key-still-used",
    severity=Severity.MEDIUM,
    subject=SubjectType.USER,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:ListAccessKeys",),
    any_of=("iam:GetCredentialReport", "iam:GetAccessKeyLastUsed"),
    helps=(TRAIL,),
    settings={"two_keys_days": 14},
    controls={
        "AWS Well-Architected": ("SEC02-BP05",),
    },
    title="A user's old key is still used after its rotation",
    doc=__doc__,
)


def judge(user: User, facts: Facts) -> Iterator[Outcome]:
    active = sorted((k for k in facts.keys(user) if k.active), key=lambda k: (k.created_at, k.unique_id))
    if len(active) < 2:
        yield Clear("has at most one active key")
        return
    old, new = active[0], active[-1]
    grace = timedelta(days=facts.settings.two_keys_days)
    over = new.created_at + grace
    if new.created_at - old.created_at < grace:
        yield Clear("its keys were made together: no rotation")
        return
    if facts.as_of < over:
        yield Clear(f"the rotation that began on {new.created_at:%Y-%m-%d} may take until {over:%Y-%m-%d}")
        return
    yield from _after(user, old, new, over, facts)


def _after(user: User, old: AccessKey, new: AccessKey, over: datetime, facts: Facts) -> Iterator[Outcome]:
    """Once the rotation should be over."""
    before, now = _last_use(old, facts), _last_use(new, facts)
    if before is not None and before >= over and now is not None:
        yield _open(user, old, new, before, facts)
    elif not all(key.use_known or _watched(over, facts) for key in (old, new)):
        yield Unknown("the credential report does not tell when both keys were used")
    elif now is None:
        yield Clear("the younger key was never used, so it replaced nothing")
    else:
        yield Clear("the older key was not used since the rotation")


def _last_use(key: AccessKey, facts: Facts) -> datetime | None:
    """By the credential report or CloudTrail, whichever is later."""
    seen = [one.last_at for one in facts.activity.keys.of(key, facts.settings.unused_days)[:1]]
    return max(filter(None, [key.last_used_at, *seen]), default=None)


def _watched(since: datetime, facts: Facts) -> bool:
    """Whether CloudTrail's silence since then tells that there was no use."""
    return facts.activity.since is not None and facts.activity.since <= since


def _open(user: User, old: AccessKey, new: AccessKey, used: datetime, facts: Facts) -> Open:
    return Open(
        f"{user.name} got a new key on {new.created_at:%Y-%m-%d}, and the old one is still used",
        {
            "old_key": old.unique_id,
            "old_key_made_at": old.created_at.isoformat(),
            "old_key_used_on": f"{used:%Y-%m-%d}",
            "new_key": new.unique_id,
            "new_key_made_at": new.created_at.isoformat(),
            "two_keys_days": facts.settings.two_keys_days,
            **_where(old, facts),
        },
    )


def _where(old: AccessKey, facts: Facts) -> dict[str, Json]:
    """From where and with what the old key was used lately."""
    if facts.activity.since is None:
        return {"from": "unknown: CloudTrail was not read"}
    last = facts.activity.keys.of(old, facts.settings.two_keys_days)
    return {
        "from": sorted({facts.activity.networks.said(a) for one in last for a in one.networks})[:MOST],
        "agents": sorted({agent for one in last for agent in one.agents})[:MOST],
    }
