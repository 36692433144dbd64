"""
## What it does
Opens when an IAM user that a program uses has a console password. That it is a program's is said by an operator, by the
tag `iamdash:kind`, by a tag of your own (`kind`, `type`, `user-type`... with a value such as `machine` or
`service-account`), or shown by both its name (`svc`, `ci`, `bot`, `backup`...) and a key that was used within
`credential_days` (45 by default).

## Why it matters
A program does not sign in to a console. The password is a second way in, known to people who then act under the
program's name; nobody can tell afterwards who did what, and nobody misses the password when it is stolen.

## How to fix
Take the password away; the keys go on working:

    aws iam delete-login-profile --user-name USER

People who used it get access of their own in IAM Identity Center. If the user is a person's, say so: tag it
`iamdash:kind=human-user`, or set its kind in iamdash.

## What it cannot know
Without CloudTrail, what the user's keys call and from where. A program under a person's name, without a tag, is not
seen; a person whose name has a program's word in it, and who uses a key, is taken for a program. Without the
credential report's row for the user: unknown.

## References
- [Security best practices in IAM](https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html)
- [Manage passwords of IAM users](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_admin-change-user.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import AccessKey, User
from findings.analysis.facts import Facts
from findings.analysis.machine_signs import looks_machine, said_human, said_machine
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="HM103",
    slug="machine-user-with-console-password",
    severity=Severity.HIGH,
    subject=SubjectType.USER,
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:GetCredentialReport", "iam:ListAccessKeys"),
    settings={"credential_days": 45},
    title="A program's user has a console password",
    doc=__doc__,
)


def judge(user: User, facts: Facts) -> Iterator[Outcome]:
    row = facts.credential(user)
    if row is None or row.password_enabled is None:
        yield Unknown(f"the credential report does not tell whether {user.name} has a console password")
        return
    if not row.password_enabled:
        yield Clear("has no console password")
        return
    used = tuple(key for key in facts.keys(user) if _in_use(key, facts))
    reasons = said_machine(user, facts)
    if not reasons and (person := said_human(user, facts)):
        yield Clear(f"a person's: {', '.join(person)}")
        return
    reasons = reasons or looks_machine(user, used)
    if not reasons:
        yield Clear("neither a tag nor its name and keys say that a program uses it")
        return
    yield Open(
        f"{user.name} is a program's user ({', '.join(reasons)}) and has a console password",
        {
            "reasons": list(reasons),
            "keys_in_use": [key.unique_id for key in used],
            "password_last_used": row.password_last_used.isoformat() if row.password_last_used else None,
        },
    )


def _in_use(key: AccessKey, facts: Facts) -> bool:
    used = key.last_used_at
    return key.active and used is not None and not facts.older(used, facts.settings.credential_days)
