"""
## What it does
Opens when an active access key was made longer ago than the rotation period (`rotation_days`, 90 by default). After
`rotation_high_days` (365) its severity is high.

## Why it matters
A long-term key works until somebody ends it. The longer it lives, the more laptops, pipelines, logs and former
colleagues have seen it, and nobody can say where all its copies are.

## How to fix
Best: replace the key by temporary credentials (a role for a workload, OIDC for CI, Roles Anywhere for machines
outside AWS, Identity Center for people) and delete it. Otherwise rotate it; a user may have two keys for that purpose:

    aws iam create-access-key --user-name USER
    # deploy the new key, then watch that the old one is no longer used:
    aws iam get-access-key-last-used --access-key-id AKIA...
    aws iam update-access-key --user-name USER --access-key-id AKIA... --status Inactive
    aws iam delete-access-key --user-name USER --access-key-id AKIA...

## What it cannot know
Where copies of the key lie. An inactive key is not judged here, whatever its age: it can be activated again, which is
KY106's concern.

## References
- [Update access keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/id-credentials-access-keys-update.html)
- [Alternatives to long-term access
keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/security-creds-programmatic-access.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import AccessKey
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="KY102",
    slug="key-not-rotated",
    severity=Severity.MEDIUM,
    subject=SubjectType.KEY,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:ListAccessKeys",),
    controls={
        "AWS Well-Architected": ("SEC02-BP05",),
        "CIS AWS v3": ("1.14",),
        "CIS AWS v5": ("1.13",),
        "CIS AWS v7": ("2.12",),
        "Prowler": ("iam_rotate_access_key_90_days",),
        "Security Hub": ("IAM.3",),
    },
    settings={"rotation_days": 90, "rotation_high_days": 365},
    title="Key AKIA… of a user has not been rotated since a date",
    doc=__doc__,
)


def judge(key: AccessKey, facts: Facts) -> Iterator[Outcome]:
    if not key.active:
        return
    limits = facts.settings
    if not facts.older(key.created_at, limits.rotation_days):
        yield Clear(f"made on {key.created_at:%Y-%m-%d}, within {limits.rotation_days} days")
        return
    yield Open(
        f"Key {key.unique_id} of {key.user_name} has not been rotated since {key.created_at:%Y-%m-%d}",
        {
            "user": key.user_name,
            "created_at": key.created_at.isoformat(),
            "rotation_days": limits.rotation_days,
        },
        severity=Severity.HIGH if facts.older(key.created_at, limits.rotation_high_days) else None,
    )
