"""
## What it does
Opens when a privileged IAM user with a console password has a virtual MFA device: an app that shows six digits.
Privileged is who can, after denies, boundary and SCPs, give anybody any permission, or manage most of the permissions
that services keep themselves, on every resource: an administrator, somebody who manages IAM, a power user.

## Why it matters
A code from an app can be typed into a false sign-in page, and the thief is in within its half minute. Passkeys and
security keys answer to the true site only. That matters most for those who may change everything.

## How to fix
Register a passkey or security key in the console under *Security credentials*, try it, then remove the app:

    aws iam list-mfa-devices --user-name USER
    aws iam deactivate-mfa-device --user-name USER --serial-number ARN
    aws iam delete-virtual-mfa-device --serial-number ARN

Better still, let administrators sign in through IAM Identity Center.

## What it cannot know
Privilege that comes from roles the user may assume. A user with a policy that could not be read is unknown.
Which kind a device is that is not virtual: it may be a passkey, a security key or a hardware token with codes, which
can be phished too. Where the devices of each user could not be listed (`iam:ListMFADevices`), a virtual device counts even if
a passkey stands beside it; where they were, a passkey or hardware device beside the app is enough.

## References
- [MFA in IAM](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa.html)
- [Phishing-resistant MFA](https://www.cisa.gov/sites/default/files/publications/fact-sheet-implementing-phishing-resistant-mfa-508c.pdf)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import User
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="HM108",
    slug="phishable-mfa-on-privileged-user",
    severity=Severity.LOW,
    subject=SubjectType.USER,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails", "iam:GetCredentialReport"),
    any_of=("iam:ListVirtualMFADevices", "iam:ListMFADevices"),
    controls={
        "AWS Well-Architected": ("SEC02-BP01",),
        "Prowler": ("iam_user_hardware_mfa_enabled",),
    },
    title="A privileged user has a virtual MFA device",
    doc=__doc__,
)


def judge(user: User, facts: Facts) -> Iterator[Outcome]:
    policies, row = facts.permissions.privileged(user), facts.credential(user)
    devices = facts.told.virtual_mfa if facts.complete("iam:ListVirtualMFADevices") else None
    unknown = "" if policies else facts.permissions.unknown(user)
    if not policies and not unknown:
        return
    if row is None or row.password_enabled is None or row.mfa_active is None:
        yield Unknown(f"the credential report does not tell of the password and MFA of {user.name}")
    elif not row.password_enabled or not row.mfa_active:  # without MFA, HM107 says so
        return
    elif unknown:
        yield Unknown(unknown)
    elif listed := facts.mfa_devices(user):
        yield _of_all(user, listed, policies)
    elif devices is None:
        yield Unknown("the account's virtual MFA devices were not read")
    elif own := [device.serial for device in devices if device.owner_arn == user.arn]:
        yield Open(
            f"{user.name} is privileged and has a virtual MFA device",
            {"virtual_mfa": own, "privileged_by": list(policies)},
        )
    elif any(not device.owner_arn and not device.of_root for device in devices):
        yield Unknown("the account has a virtual MFA device of which AWS did not tell whose it is")
    else:
        yield Clear("its MFA device is not a virtual one")


def _of_all(user: User, serials: tuple[str, ...], policies: tuple[str, ...]) -> Outcome:
    """Where all its devices are known, one that cannot be phished is enough."""
    if not all(":mfa/" in serial or ":sms-mfa/" in serial for serial in serials):
        return Clear("has an MFA device that is neither an app nor a telephone number")
    return Open(
        f"{user.name} is privileged and has a virtual MFA device",
        {"virtual_mfa": list(serials), "privileged_by": list(policies)},
    )
