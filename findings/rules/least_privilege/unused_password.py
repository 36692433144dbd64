"""
## What it does
Opens when an IAM user has a console password that was not used within the last `credential_days` (45 by default), or
that was never used and is older than that. Never used is a fault, not a pass.

## Why it matters
A password that its owner does not use is one whose misuse nobody notices. It is a door for guessed, reused and
phished passwords.

## How to fix
Remove the password; the user and its access keys stay:

    aws iam delete-login-profile --user-name USER

People who still need the console should sign in through IAM Identity Center or a SAML provider.

## What it cannot know
The credential report may be four hours old and has no row for a user who is newer than it: unknown. Sign-ins before
20 October 2014 were not recorded. A password that was set anew counts as unused until its next sign-in, if the last
sign-in lies outside the window.

## References
- [Find unused passwords](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_finding-unused.html)
- [Credential report](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import User
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="LP103",
    slug="unused-password",
    severity=Severity.MEDIUM,
    subject=SubjectType.USER,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("iam:GetCredentialReport",),
    controls={
        "AWS Well-Architected": ("SEC02-BP05",),
        "CIS AWS v3": ("1.12",),
        "CIS AWS v5": ("1.11",),
        "CIS AWS v7": ("2.11",),
        "Prowler": ("iam_user_console_access_unused",),
        "Security Hub": (
            "IAM.8",
            "IAM.22",
        ),
    },
    settings={"credential_days": 45},
    title="The console password of a user has not been used since a date",
    doc=__doc__,
)


def judge(user: User, facts: Facts) -> Iterator[Outcome]:
    row, window = facts.credential(user), facts.settings.credential_days
    if row is None or row.password_enabled is None:
        yield Unknown(f"the credential report does not tell whether {user.name} has a console password")
        return
    if not row.password_enabled:
        return
    used, since = row.password_last_used, row.password_last_changed or row.created_at
    if used is not None and not facts.older(used, window):
        yield Clear(f"signed in on {used:%Y-%m-%d}, within {window} days", sighting=True)
        return
    if used is None and not facts.older(since, window):
        yield Clear(f"set on {since:%Y-%m-%d}, within {window} days, and not used yet")
        return
    evidence: dict[str, Json] = {
        "password_last_used": used.isoformat() if used else None,
        "password_last_changed": since.isoformat(),
        "credential_days": window,
    }
    if used is None:
        yield Open(f"The console password of {user.name}, set on {since:%Y-%m-%d}, was never used", evidence)
    else:
        yield Open(f"The console password of {user.name} has not been used since {used:%Y-%m-%d}", evidence)
