"""
## What it does
Opens when an IAM user has a console password. The evidence says by which identity providers people could sign in to
this account instead.

## Why it matters
An IAM user is a second identity beside the one at work: nobody ends it when its person leaves, its password is
another one to phish, and its keys do not expire. Federated people get credentials that last hours, and leave by one
switch.

## How to fix
Give the person access through IAM Identity Center, or a role that your SAML provider may assume; when that works, take
the password away:

    aws sso-admin create-account-assignment --instance-arn ARN --permission-set-arn ARN --principal-type USER \\
      --principal-id ID --target-type AWS_ACCOUNT --target-id ACCOUNT
    aws iam delete-login-profile --user-name USER

A user that is kept for emergencies, with a hardware device in a safe, is meant to have a password: accept its finding,
with an owner and an expiry.

## What it cannot know
Whether a person or a program uses the password. Identity Center is recognised by the roles it makes in the account, so
one that is set up but not assigned here does not show. A credential report may be four hours old and has no row for a
user who is newer than it: unknown.

## References
- [Require human users to federate](https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html)
- [IAM Identity Center](https://docs.aws.amazon.com/singlesignon/latest/userguide/what-is.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import User
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="HM105",
    slug="human-iam-user",
    severity=Severity.MEDIUM,
    subject=SubjectType.USER,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetCredentialReport",),
    controls={
        "AWS Well-Architected": (
            "SEC02-BP02",
            "SEC02-BP04",
        ),
        "CIS AWS v3": ("1.21",),
        "CIS AWS v5": ("1.20",),
        "CIS AWS v7": ("2.19",),
    },
    title="A person signs in as an IAM user",
    doc=__doc__,
)


def judge(user: User, facts: Facts) -> Iterator[Outcome]:
    row = facts.credential(user)
    if row is None or row.password_enabled is None:
        yield Unknown(f"the credential report does not tell whether {user.name} has a console password")
    elif not row.password_enabled:
        yield Clear("has no console password")
    else:
        changed = row.password_last_changed
        yield Open(
            f"{user.name} is an IAM user with a console password",
            {
                "password_last_changed": changed.isoformat() if changed else None,
                "people_could_sign_in_by": _federation(facts),
            },
        )


def _federation(facts: Facts) -> list[str] | None:
    """None: the SAML providers were not read."""
    providers = facts.told.saml_providers
    if providers is None:
        return None
    center = ["IAM Identity Center"] if any(role.reserved for role in facts.snapshot.roles) else []
    return center + [p.arn for p in providers if "/AWSSSO_" not in p.arn]
