"""
## What it does
Opens when an access key is inactive and was not deleted. It says since when, and who made it so, where CloudTrail's event
(`UpdateAccessKey`) was read; else since when our own inventory has seen it inactive; without either it says that this is unknown.

## Why it matters
An inactive key is one call away from working again: whoever may call `iam:UpdateAccessKey` can bring back a
credential that nobody rotates or looks at any more. It also holds one of the user's two slots, so the next rotation
has no room.

## How to fix
Delete it. If something still needed it, that would have failed by now:

    aws iam get-access-key-last-used --access-key-id AKIA...
    aws iam delete-access-key --user-name USER --access-key-id AKIA...

## What it cannot know
The day on which it was made inactive, where no event tells it: IAM keeps no such date. The date shown then is when this
inventory first held the key as it is now, so it was inactive on that day or before it.
AWS itself makes keys inactive that it finds published; then an investigation comes before the deletion.

## References
- [Manage access keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import LOOKUP, TRAIL, AccessKey
from findings.analysis.facts import Facts
from findings.analysis.keys.at_work import told
from findings.vocabulary import Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="KY106",
    slug="inactive-key-kept",
    severity=Severity.LOW,
    subject=SubjectType.KEY,
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:ListAccessKeys",),
    helps=(TRAIL, LOOKUP),
    controls={
        "AWS Well-Architected": ("SEC02-BP05",),
    },
    title="Key AKIA… of a user is inactive and was kept",
    doc=__doc__,
)


def judge(key: AccessKey, facts: Facts) -> Iterator[Outcome]:
    if key.active:
        return
    event, since = facts.activity.keys.switched_off_by(key), facts.snapshot.key_since.get(key.unique_id)
    seen = f"since {since:%Y-%m-%d} or before" if since else "unknown since when"
    when = f"since {event.at:%Y-%m-%d}" if event else seen
    yield Open(
        f"Key {key.unique_id} of {key.user_name} is inactive and was kept, {when}",
        {
            "user": key.user_name,
            "created_at": key.created_at.isoformat(),
            "inactive_since": event.at.isoformat() if event else "unknown: no UpdateAccessKey event was read",
            "made_inactive_by": told(event) if event else "unknown",
            "inactive_since_at_the_latest": since.isoformat() if since else None,
            "last_used_at": key.last_used_at.isoformat() if key.last_used_at else None,
        },
    )
