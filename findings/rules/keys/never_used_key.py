"""
## What it does
Opens when an active access key is older than `never_used_grace_days` (7 by default) and was never used, whether or
not its user has a password. A key made together with its user is reported as the part "made with the user": such keys
come from set-up forms and templates that make one without need.

## Why it matters
The key exists, lies somewhere, and serves nothing. Most such keys were made "just in case", and nobody watches them.

## How to fix
Delete it; nothing can break that never worked:

    aws iam get-access-key-last-used --access-key-id AKIA...
    aws iam delete-access-key --user-name USER --access-key-id AKIA...

and stop making keys when users are made (in the console's wizard, in Terraform `aws_iam_access_key`, in scripts).

## What it cannot know
AWS began to record the use of keys on 22 April 2015: a key used only before that looks never used. The credential
report may be four hours old. A key that it does not tell of is unknown.

## References
- [Find unused credentials](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_finding-unused.html)
- [Alternatives to long-term access
keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/security-creds-programmatic-access.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from collectors.records import AccessKey
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

WITH_USER = "made with the user"
TOGETHER = timedelta(minutes=10)

RULE = Rule(
    code="KY104",
    slug="never-used-key",
    severity=Severity.MEDIUM,
    subject=SubjectType.KEY,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("iam:ListAccessKeys",),
    any_of=("iam:GetCredentialReport", "iam:GetAccessKeyLastUsed"),
    controls={
        "AWS Well-Architected": ("SEC02-BP05",),
        "CIS AWS v3": (
            "1.11",
            "1.12",
        ),
        "CIS AWS v5": (
            "1.10",
            "1.11",
        ),
        "CIS AWS v7": ("2.11",),
        "Prowler": (
            "iam_user_accesskey_unused",
            "iam_user_no_setup_initial_access_key",
        ),
        "Security Hub": (
            "IAM.8",
            "IAM.22",
        ),
    },
    settings={"never_used_grace_days": 7},
    title="Key AKIA… of a user, made on a date, was never used",
    doc=__doc__,
)


def judge(key: AccessKey, facts: Facts) -> Iterator[Outcome]:
    if not key.active or not facts.older(key.created_at, facts.settings.never_used_grace_days):
        return
    if not key.use_known:
        yield Unknown(f"the credential report does not tell whether {key.unique_id} was used")
    elif key.last_used_at is not None:
        yield Clear(f"used on {key.last_used_at:%Y-%m-%d}", sighting=True)
    else:
        yield Open(
            f"Key {key.unique_id} of {key.user_name}, made on {key.created_at:%Y-%m-%d}, was never used",
            {
                "user": key.user_name,
                "created_at": key.created_at.isoformat(),
                "never_used_grace_days": facts.settings.never_used_grace_days,
            },
            part=WITH_USER if _made_with_user(key, facts) else "",
        )


def _made_with_user(key: AccessKey, facts: Facts) -> bool:
    """By the report's own date of the user: the part must not depend on a source that the rule does not need."""
    row = facts.credential_by_arn.get(key.user_arn)
    return row is not None and abs(key.created_at - row.created_at) <= TOGETHER
