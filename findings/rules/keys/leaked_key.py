"""
## What it does
Opens for an active access key when AWS has put its user into quarantine: one of AWS's own policies
`AWSCompromisedKeyQuarantine` (the first one, V2, V3 or a later one) is attached to the user. AWS attaches it when it
finds a key of the user in public, in a repository for example.

## Why it matters
Whoever read the page where the key stood has it. The quarantine denies some actions that thieves like, and allows all
others: it is a notice, not a lock. Keys that were found in public are tried within minutes.

## How to fix
End the key at once, then look for what was done with it, and only then take the quarantine off:

    aws iam update-access-key --user-name USER --access-key-id AKIA... --status Inactive
    aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue=AKIA...
    aws iam delete-access-key --user-name USER --access-key-id AKIA...
    aws iam detach-user-policy --user-name USER --policy-arn ARN

Look for users, keys, roles and instances that were made with it, in every region, and for sessions that outlive it.

## What it cannot know
Which of the user's keys was found: each active one is reported. A leak that AWS did not see, and one that is told in
AWS Health only. Somebody may have taken the quarantine off without ending the key.

## References
- [AWSCompromisedKeyQuarantineV3](https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCompromisedKeyQuarantineV3.html)
- [What to do about exposed keys](https://repost.aws/knowledge-center/potential-account-compromise)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import AccessKey
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

QUARANTINE = ":iam::aws:policy/AWSCompromisedKeyQuarantine"

RULE = Rule(
    code="KY110",
    slug="leaked-key",
    severity=Severity.CRITICAL,
    subject=SubjectType.KEY,
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:ListAccessKeys", "iam:GetAccountAuthorizationDetails"),
    controls={
        "AWS Well-Architected": ("SEC02-BP03",),
    },
    title="Key AKIA… of a user was found in public by AWS",
    doc=__doc__,
)


def judge(key: AccessKey, facts: Facts) -> Iterator[Outcome]:
    user = facts.user_by_arn.get(key.user_arn)
    if not key.active:
        yield Clear("inactive")
    elif user is None:
        yield Unknown(f"the policies of {key.user_name} were not read")
    elif marks := [arn for arn in user.attached if QUARANTINE in arn]:
        names = ", ".join(arn.rpartition("/")[2] for arn in marks)
        yield Open(
            f"AWS found a key of {key.user_name} in public: {names} is attached, and {key.unique_id} is active",
            {"user": key.user_name, "attached": marks, "created_at": key.created_at.isoformat()},
        )
    else:
        yield Clear("AWS has not put its user into quarantine")
