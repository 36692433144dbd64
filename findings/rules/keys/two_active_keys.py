"""
## What it does
Opens when an IAM user has two active access keys and both are older than a rotation takes (`two_keys_days`, 14 by
default). A second key that is younger is a rotation under way and stays silent.

## Why it matters
AWS allows two keys so that one can replace the other. When both stay, the old one was never ended: its copies still
work, and nobody can rotate again without cutting somebody off.

## How to fix
See which key is still in use, end the other, and wait before it is deleted:

    aws iam list-access-keys --user-name USER
    aws iam get-access-key-last-used --access-key-id AKIA...
    aws iam update-access-key --user-name USER --access-key-id AKIA... --status Inactive
    aws iam delete-access-key --user-name USER --access-key-id AKIA...

If two programs share the user, give each a role of its own instead of a key.

## What it cannot know
Whether the two keys serve two programs on purpose. The dates are those on which the keys were made; a key that was
inactive for a while and activated again looks as if it had always been active.

## References
- [Update access keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/id-credentials-access-keys-update.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import User
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="KY105",
    slug="two-active-keys",
    severity=Severity.LOW,
    subject=SubjectType.USER,
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:ListAccessKeys",),
    controls={
        "AWS Well-Architected": ("SEC02-BP05",),
        "CIS AWS v3": ("1.13",),
        "CIS AWS v5": ("1.12",),
        "Prowler": ("iam_user_two_active_access_key",),
    },
    settings={"two_keys_days": 14},
    title="A user has two active access keys",
    doc=__doc__,
)


def judge(user: User, facts: Facts) -> Iterator[Outcome]:
    active = sorted((k for k in facts.keys(user) if k.active), key=lambda k: (k.created_at, k.unique_id))
    if len(active) < 2:
        yield Clear("has at most one active key")
        return
    younger, limit = active[-1], facts.settings.two_keys_days
    if not facts.older(younger.created_at, limit):
        yield Clear(f"the second key was made on {younger.created_at:%Y-%m-%d}: within the {limit} days of a rotation")
        return
    yield Open(
        f"{user.name} has two active access keys since {younger.created_at:%Y-%m-%d}",
        {
            "keys": [k.unique_id for k in active],
            "created_at": [k.created_at.isoformat() for k in active],
            "two_keys_days": limit,
        },
    )
