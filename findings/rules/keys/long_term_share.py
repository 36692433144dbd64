"""
## What it does
Opens when long-term access keys of IAM users were used within `credential_days` (45 by default) for services other than
IAM and STS, as the part "keys in use". It names them, so that what still hangs on long-term keys is one list an account.

## Why it matters
A key that calls S3 or EC2 itself, and not only STS to get temporary credentials, is the credential of a program or person
day by day. Short-lived credentials are the goal; this list is the way that is left.

## How to fix
Take the keys one by one, the most used service first: a role for what runs in AWS, OIDC for CI, Roles Anywhere for machines
outside, Identity Center for people. Then delete the key:

    aws iam get-access-key-last-used --access-key-id AKIA...
    aws iam delete-access-key --user-name USER --access-key-id AKIA...

## What it cannot know
The share of calls that are made with long-term keys, and its trend: that takes CloudTrail, which this rule does not read
yet. The credential report holds the last service only: a key that called S3 in the morning and STS at noon counts as one for
STS.

## References
- [Alternatives to long-term access
keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/security-creds-programmatic-access.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from findings.analysis.facts import AccountSubject, Facts
from findings.vocabulary import Clear, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

IN_USE = "keys in use"
TO_GET_OTHERS = frozenset({"iam", "sts"})

RULE = Rule(
    code="KY114",
    slug="long-term-share",
    severity=Severity.INFO,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.SEES,
    needs=("iam:ListAccessKeys", "iam:GetCredentialReport"),
    controls={
        "Prowler": ("iam_user_with_temporary_credentials",),
    },
    settings={"credential_days": 45},
    title="Long-term keys call the services of an account",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    active = [key for key in facts.snapshot.keys if key.active]
    window = facts.settings.credential_days
    used = [key for key in active if key.last_used_at and not facts.older(key.last_used_at, window)]
    working = [key for key in used if key.last_used_service.lower() not in TO_GET_OTHERS]
    if working:
        services = sorted({key.last_used_service for key in working if key.last_used_service})
        yield Open(
            f"Long-term keys of {account.name} call AWS services: {len(working)} of {len(active)} that are active",
            {
                "keys": [f"{key.unique_id} of {key.user_name}: {key.last_used_service}" for key in working],
                "services": services,
                "credential_days": window,
            },
            part=IN_USE,
        )
    elif any(not key.use_known for key in active):
        yield Unknown("the credential report does not tell when all keys were used")
    else:
        yield Clear("no long-term key was used for other services than IAM and STS")
