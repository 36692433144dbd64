"""
## What it does
Opens when an active access key was used once, but not within the last `credential_days` (45 by default). A key that
was never used at all is KY104's: one key is never reported by both.

## Why it matters
Nobody would notice if this key were stolen, and nobody would miss it if it were deleted. A credential without a use
is risk without benefit.

## How to fix
Make it inactive, wait for complaints, delete it:

    aws iam get-access-key-last-used --access-key-id AKIA...
    aws iam update-access-key --user-name USER --access-key-id AKIA... --status Inactive
    aws iam delete-access-key --user-name USER --access-key-id AKIA...

## What it cannot know
What the key is kept for: a yearly job looks the same as a forgotten one. Use counts attempts, including denied ones.
The date comes from the credential report, which may be four hours old and says nothing about a key that is newer than
it; such a key is unknown, and so is one that cannot be told apart from the user's other key.

## References
- [Find unused credentials](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_finding-unused.html)
- [Credential report](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import AccessKey
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="KY103",
    slug="unused-key",
    severity=Severity.MEDIUM,
    subject=SubjectType.KEY,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("iam:ListAccessKeys",),
    any_of=("iam:GetCredentialReport", "iam:GetAccessKeyLastUsed"),
    controls={
        "AWS Well-Architected": ("SEC02-BP05",),
        "CIS AWS v3": ("1.12",),
        "CIS AWS v5": ("1.11",),
        "CIS AWS v7": ("2.11",),
        "Prowler": ("iam_user_accesskey_unused",),
        "Security Hub": (
            "IAM.8",
            "IAM.22",
        ),
    },
    settings={"credential_days": 45},
    title="Key AKIA… of a user has not been used since a date",
    doc=__doc__,
)


def judge(key: AccessKey, facts: Facts) -> Iterator[Outcome]:
    if not key.active:
        return
    window = facts.settings.credential_days
    if not key.use_known:
        yield Unknown(f"the credential report does not tell when {key.unique_id} was used")
    elif key.last_used_at is None:
        return
    elif not facts.older(key.last_used_at, window):
        yield Clear(f"used on {key.last_used_at:%Y-%m-%d}, within {window} days", sighting=True)
    else:
        yield Open(
            f"Key {key.unique_id} of {key.user_name} has not been used since {key.last_used_at:%Y-%m-%d}",
            {
                "user": key.user_name,
                "created_at": key.created_at.isoformat(),
                "last_used_at": key.last_used_at.isoformat(),
                "last_used_service": key.last_used_service,
                "last_used_region": key.last_used_region,
                "credential_days": window,
            },
        )
