"""
## What it does
Opens when the root user's password or one of its access keys was used within the window (`unused_days`, 90 by
default). Each date is judged by itself: one that lies in the window is enough.

## Why it matters
Root is for the few tasks that nothing else can do. Each use is outside all permissions and cannot be told apart by
person; a use that nobody can explain is an incident.

## How to fix
Ask who it was and what for. Then give that task a role, and keep root's credentials away from daily work:

    aws cloudtrail lookup-events --region us-east-1 --lookup-attributes AttributeKey=Username,AttributeValue=root

In an organization, remove the root credentials of member accounts and use short root sessions for what remains:

    aws iam enable-organizations-root-credentials-management
    aws iam enable-organizations-root-sessions

## What it cannot know
What root did, and from where: CloudTrail tells, and is not read by this rule. Only the last use of each credential is
known. The credential report may be four hours old. A use of credentials that were removed since is still shown.

## References
- [Tasks that need root](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html)
- [Root user best practices](https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from collectors.records import Credential
from findings.analysis.facts import AccountSubject, Facts
from findings.vocabulary import Clear, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="MO110",
    slug="root-used",
    severity=Severity.HIGH,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.SEES,
    needs=("iam:GetCredentialReport",),
    controls={
        "CIS AWS v3": ("1.7",),
        "CIS AWS v5": ("1.6",),
        "CIS AWS v7": ("2.7",),
        "Prowler": ("iam_avoid_root_usage",),
        "Security Hub": ("IAM.20",),
    },
    settings={"unused_days": 90},
    title="The root user was used on a date",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    row, window = facts.root_credential, facts.settings.unused_days
    if row is None:
        yield Unknown("the credential report has no row for root")
        return
    recent = [(used, what) for used, what in _uses(row) if not facts.older(used, window)]
    if not recent:
        yield Clear(f"no use of root's password or keys within {window} days")
        return
    last, what = max(recent)
    evidence: dict[str, Json] = {"unused_days": window}
    evidence |= {f"{name}_last_used": used.isoformat() for used, name in recent}
    yield Open(
        f"The root user of {account.name} was used on {last:%Y-%m-%d}, by its {what.replace('_', ' ')}", evidence
    )


def _uses(row: Credential) -> Iterator[tuple[datetime, str]]:
    if row.password_last_used:
        yield row.password_last_used, "password"
    for number, slot in enumerate(row.slots, start=1):
        if slot.last_used_at:
            yield slot.last_used_at, f"access_key_{number}"
