"""
## What it does
Clears an IAM user when its console password or one of its access keys was used within the window (`unused_days`, 90
by default). Of a user that is older than the window and of whom no such use is known, it opens only where it is known that
he has nothing else: Git and Keyspaces credentials, Bedrock API keys, SSH keys and signing certificates count as use too, and
AWS does not tell when they were used. A user who has one of these that works stays *unknown*.

## Why it matters
A user whom nobody needs is a name, a password and two key slots that nobody watches, with all its permissions.

## How to fix
Look at what the user still has, take it away, and delete the user when nobody complains:

    aws iam list-access-keys --user-name USER
    aws iam list-service-specific-credentials --user-name USER
    aws iam list-ssh-public-keys --user-name USER
    aws iam list-signing-certificates --user-name USER
    aws iam delete-login-profile --user-name USER
    aws iam delete-user --user-name USER

## What it cannot know
Use of service-specific credentials, SSH keys and signing certificates, as said above (KY113 names them). Use counts attempts,
including denied ones. The credential report may be four hours old and has no row for a user who is newer than it. Sign-ins before
20 October 2014 were not recorded.

## References
- [Find unused credentials](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_finding-unused.html)
- [Service-specific
credentials](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_service-specific-creds.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from collectors.records import SIGNING_CERTIFICATE, Credential, User
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="LP102",
    slug="unused-user",
    severity=Severity.MEDIUM,
    subject=SubjectType.USER,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("iam:GetCredentialReport",),
    each=("iam:ListSSHPublicKeys", "iam:ListServiceSpecificCredentials"),
    controls={
        "AWS Well-Architected": ("SEC03-BP06",),
        "CIS AWS v3": ("1.12",),
        "CIS AWS v5": ("1.11",),
        "CIS AWS v7": ("2.11",),
        "Security Hub": (
            "IAM.8",
            "IAM.22",
        ),
    },
    settings={"unused_days": 90},
    title="A user has not been used since a date",
    doc=__doc__,
)


def judge(user: User, facts: Facts) -> Iterator[Outcome]:
    window, row = facts.settings.unused_days, facts.credential(user)
    if not facts.older(user.created_at, window):
        return
    last = max(_uses(row), default=None) if row else None
    if last is not None and not facts.older(last, window):
        yield Clear(f"password or key used on {last:%Y-%m-%d}, within {window} days", sighting=True)
    elif row is None:
        yield Unknown(f"the credential report does not tell of {user.name}")
    elif why := _may_be_used(user, row, facts):
        seen = f"last used on {last:%Y-%m-%d}" if last else "of which no use is recorded"
        yield Unknown(f"{user.name} has passwords and keys {seen}; {why}")
    else:
        yield _open(user, last, window)


def _may_be_used(user: User, row: Credential, facts: Facts) -> str:
    """Which other credential may be in use, of which nobody tells when; "" where there surely is none that works."""
    others, unread = facts.other_credentials(user)
    kinds = {one.kind for one in others} | ({SIGNING_CERTIFICATE} if row.signing_certificates else set())
    if kinds:
        return f"AWS does not tell whether another credential is in use: {', '.join(sorted(kinds))}"
    return f"{' and '.join(unread)} did not tell of the user lately" if unread else ""


def _open(user: User, last: datetime | None, window: int) -> Open:
    since = f"since {last:%Y-%m-%d}" if last else "since it was made, as far as AWS tells"
    told: dict[str, Json] = {
        "created_at": user.created_at.isoformat(),
        "last_used_at": last.isoformat() if last else None,
        "unused_days": window,
    }
    return Open(f"User {user.name} has not been used {since}", told)


def _uses(row: Credential) -> Iterator[datetime]:
    for used in (row.password_last_used, *(slot.last_used_at for slot in row.slots)):
        if used is not None:
            yield used
