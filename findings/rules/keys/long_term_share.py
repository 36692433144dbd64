"""
## What it does
Opens when programs or people call AWS services with long-term access keys of IAM users, as the part "keys in use": when
CloudTrail shows calls by such keys in the last four whole weeks, or when the credential report says that a key was used within
`credential_days` (45 by default) for a service other than IAM and STS. It names the keys, so that what still hangs on them is one
list an account. Where CloudTrail's events are read it says which share of the account's calls is made with them, and week by week
for up to twelve weeks how that goes; calls of AWS services for themselves do not count.

## Why it matters
A key that calls S3 or EC2 itself, and not only STS to get temporary credentials, is the credential of a program or person
day by day. Short-lived credentials are the goal; this list is the way that is left, and the share says how long it is.

## How to fix
Take the keys one by one, the one with the most calls first: a role for what runs in AWS, OIDC for CI, Roles Anywhere for
machines outside, Identity Center for people. Each key's page says by its use which. Then delete the key:

    aws iam get-access-key-last-used --access-key-id AKIA...
    aws iam delete-access-key --user-name USER --access-key-id AKIA...

## What it cannot know
The share and its trend where CloudTrail's events were not read for a whole week. Calls that a trail does not record, such as data
events, are in neither part. The credential report holds the last service only: a key that called S3 in the morning and STS at
noon counts as one for STS.

## References
- [Alternatives to long-term access
keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/security-creds-programmatic-access.html)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from collectors.records import TRAIL, AccessKey
from findings.analysis.facts import AccountSubject, Facts
from findings.analysis.keys.share import LAST, WEEK, Week, monday_of, percent, weeks
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

IN_USE = "keys in use"
TO_GET_OTHERS = frozenset({"iam", "sts"})

RULE = Rule(
    code="KY114",
    slug="long-term-share",
    severity=Severity.INFO,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.SEES,
    effort=Effort.LARGE,
    needs=("iam:ListAccessKeys", "iam:GetCredentialReport"),
    helps=(TRAIL,),
    controls={
        "AWS Well-Architected": ("SEC02-BP02",),
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
    told = weeks(facts)
    lately = [week for week in told if week.monday >= monday_of(facts.as_of.date()) - LAST * WEEK]
    calls = sum(week.long_term for week in lately)
    if working or calls:
        yield Open(_title(account, working, active, lately), _evidence(working, told, facts), part=IN_USE)
    elif any(not key.use_known for key in active):
        yield Unknown("the credential report does not tell when all keys were used")
    else:
        yield Clear("no long-term key was used for other services than IAM and STS")


def _title(account: AccountSubject, working: list[AccessKey], active: list[AccessKey], lately: Sequence[Week]) -> str:
    if calls := sum(week.long_term for week in lately):
        share = percent(calls, calls + sum(week.temporary for week in lately))
        return f"Long-term keys make {share} of the calls in {account.name}"
    return f"Long-term keys of {account.name} call AWS services: {len(working)} of {len(active)} that are active"


def _evidence(working: list[AccessKey], told: Sequence[Week], facts: Facts) -> dict[str, Json]:
    services = sorted({key.last_used_service for key in working if key.last_used_service})
    unread = "unknown: CloudTrail's events were not read for a whole week"
    trend: Json = [week.said for week in reversed(told)] if told else unread
    return {
        "keys": [f"{key.unique_id} of {key.user_name}: {key.last_used_service}" for key in working],
        "services": services,
        "credential_days": facts.settings.credential_days,
        "share_of_calls": trend,
        "calls_by_key": _by_key(told, facts),
    }


def _by_key(told: Sequence[Week], facts: Facts) -> list[str]:
    """Of the last four whole weeks, the most calls first; keys that are gone, too."""
    end = monday_of(facts.as_of.date())
    mondays = {week.monday for week in told if week.monday >= end - LAST * WEEK}
    calls: Counter[str] = Counter()
    for one in facts.snapshot.sessions:
        if one.key_id and monday_of(one.day) in mondays:
            calls[one.key_id] += one.n
    names = {key.unique_id: f"{key.unique_id} of {key.user_name}" for key in facts.snapshot.keys}
    return [
        f"{names.get(key_id, key_id)}: {n:,} calls"
        for key_id, n in sorted(calls.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
