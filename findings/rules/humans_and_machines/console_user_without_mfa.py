"""
## What it does
Opens when an IAM user has a console password and no MFA device. Critical if the user is an administrator in effect
(LP201), by policies of its own or of its groups. Where SCPs or the user's permissions boundary leave a sign-in without MFA
nothing but setting MFA up, the severity falls one step, and the finding names them.

## Why it matters
A password alone can be guessed, reused from another site or phished; then a stranger is signed in to the console as
this person, from anywhere.

## How to fix
Better than a second factor on an IAM user is no password at all: let people sign in through IAM Identity Center.
Until then have the user register a passkey or security key in the console under *Security credentials*, or a virtual
device by CLI:

    aws iam create-virtual-mfa-device --virtual-mfa-device-name USER --outfile qr.png --bootstrap-method QRCodePNG
    aws iam enable-mfa-device --user-name USER --serial-number ARN --authentication-code1 CODE --authentication-code2
    CODE

and deny everything but that registration without `aws:MultiFactorAuthPresent`. If nobody signs in with the password,
remove it: `aws iam delete-login-profile --user-name USER`.

## What it cannot know
Which kind of device it is (HM108 asks that), and whether a policy of the user's own, which it may be able to change, denies
everything without MFA. The credential report may be four hours old and has no row for a user who is newer than it: unknown.
Where a policy of the user could not be read, the user may be an administrator all the same.

## References
- [MFA in IAM](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa.html)
- [Require MFA by
policy](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import User
from findings.analysis.facts import Facts
from findings.analysis.guarding.without_mfa import held_back_without_mfa
from findings.rules.words import few, lowered
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="HM107",
    slug="console-user-without-mfa",
    severity=Severity.HIGH,
    subject=SubjectType.USER,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("iam:GetCredentialReport",),
    controls={
        "AWS Well-Architected": ("SEC02-BP01",),
        "CIS AWS v3": ("1.10",),
        "CIS AWS v5": ("1.9",),
        "CIS AWS v7": ("2.10",),
        "Prowler": ("iam_user_mfa_enabled_console_access",),
        "Security Hub": (
            "IAM.5",
            "IAM.19",
        ),
    },
    title="A user can sign in to the console without MFA",
    doc=__doc__,
)


def judge(user: User, facts: Facts) -> Iterator[Outcome]:
    row = facts.credential(user)
    if row is None or row.password_enabled is None:
        yield Unknown(f"the credential report does not tell whether {user.name} has a console password")
    elif not row.password_enabled:
        return
    elif row.mfa_active is None:
        yield Unknown(f"the credential report does not tell whether {user.name} has an MFA device")
    elif row.mfa_active:
        yield Clear("has an MFA device")
    else:
        changed, admin = row.password_last_changed, facts.permissions.admin(user)
        severity, blockers = Severity.CRITICAL if admin else RULE.severity, held_back_without_mfa(user, facts)
        then = f", but what it could do then is blocked by {few(blockers)}" if blockers else ""
        yield Open(
            f"{user.name}{', an administrator,' if admin else ''} can sign in to the console without MFA{then}",
            {
                "mfa_active": False,
                "password_last_changed": changed.isoformat() if changed else None,
                "administrator_by": list(admin.policies) if admin else [],
                "blocked_by": list(blockers),
            },
            lowered(severity) if blockers else severity,
        )
