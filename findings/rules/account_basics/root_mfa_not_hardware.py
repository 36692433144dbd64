"""
## What it does
Opens when the account's root user has a virtual MFA device: an app that shows six digits. Where SCPs keep root from
administering the account, the severity falls one step, and the finding names them.

## Why it matters
Root can do anything and no permissions policy stops it. A code from an app can be typed into a false sign-in page, and
the app's secret lies in a phone's backup; a passkey or security key answers to the true site only.

## How to fix
Sign in as root, register a passkey or security key under *Security credentials*, better two in different places, try
them, then remove the app there. Check that no virtual device of root is left:

    aws iam list-virtual-mfa-devices --assignment-status Assigned \\
      --query "VirtualMFADevices[?ends_with(User.Arn, ':root')].SerialNumber"

In an organization, remove the root credentials of member accounts altogether:

    aws iam enable-organizations-root-credentials-management

## What it cannot know
Which kind a device is that is not virtual: AWS lists no hardware device of root, so one is concluded from MFA being on
without a virtual device. Root may have a security key beside the app; the app alone still lets a thief in. Without any
device AB101 speaks, and where central root management removed root's credentials, nothing is reported.

## References
- [Passkeys and security keys for root](https://docs.aws.amazon.com/IAM/latest/UserGuide/enable-fido-mfa-for-root.html)
- [Root user best practices](https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from findings.analysis.facts import AccountSubject, Facts
from findings.analysis.root import REPORT, SUMMARY, root_credentials
from findings.rules.guarded import held_back
from findings.vocabulary import Clear, Effort, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="AB102",
    slug="root-mfa-not-hardware",
    severity=Severity.MEDIUM,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:ListVirtualMFADevices",),
    any_of=(SUMMARY, REPORT),
    controls={
        "AWS Well-Architected": ("SEC02-BP01",),
        "CIS AWS v3": ("1.6",),
        "CIS AWS v5": ("1.5",),
        "CIS AWS v7": ("2.6",),
        "Prowler": ("iam_root_hardware_mfa_enabled",),
        "Security Hub": ("IAM.6",),
    },
    title="The root user has a virtual MFA device",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    root, devices = root_credentials(facts), facts.told.virtual_mfa
    if root.removed:
        return
    if devices is None:
        yield Unknown("the account's virtual MFA devices were not read")
    elif serials := [device.serial for device in devices if device.of_root]:
        yield held_back(
            f"The root user of {account.name} has a virtual MFA device", {"virtual_mfa": serials}, RULE, facts
        )
    elif root.mfa is None:
        yield Unknown("neither the account summary nor the credential report's root row tells of root's MFA")
    elif root.mfa:
        yield Clear("root has MFA and no virtual device")
