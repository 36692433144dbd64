"""
## What it does
Opens when the account's root user can sign in and has no MFA device. The account summary and the credential report
both tell; one of them is enough, and if either shows a device the finding clears. Where SCPs keep root from administering
the account, the severity falls one step, and the finding names them.

## Why it matters
Root's password alone then opens the whole account. It can be reset through the e-mail address, so the account is as
safe as a mailbox. No permissions policy stops root, and in the management account no service control policy does
either.

## How to fix
Sign in as root and register a passkey or hardware security key, better two, under *Security credentials*; there is no
CLI call that does it for root's own first device. Then check:

    aws iam get-account-summary --query SummaryMap.AccountMFAEnabled

In an organization, remove the root credentials of member accounts altogether:

    aws iam enable-organizations-root-credentials-management

## What it cannot know
Whether the device is a hardware key (AB102 asks that), whether its holder still works here, and who reads the root
e-mail. Where central root management removed root's credentials, nothing is reported. A device removed within the
last four hours may still stand in the credential report.

## References
- [MFA for the root user](https://docs.aws.amazon.com/IAM/latest/UserGuide/enable-mfa-for-root.html)
- [Root user best practices](https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from findings.analysis.facts import AccountSubject, Facts
from findings.analysis.root import REPORT, SUMMARY, root_credentials
from findings.rules.guarded import held_back
from findings.vocabulary import Clear, Effort, Json, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="AB101",
    slug="root-without-mfa",
    severity=Severity.CRITICAL,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    any_of=(SUMMARY, REPORT),
    controls={
        "AWS Well-Architected": ("SEC02-BP01",),
        "CIS AWS v3": ("1.5",),
        "CIS AWS v5": ("1.4",),
        "CIS AWS v7": ("2.5",),
        "Prowler": ("iam_root_mfa_enabled",),
        "Security Hub": ("IAM.9",),
    },
    title="The root user has no MFA device",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    root = root_credentials(facts)
    if root.removed:
        return
    if root.mfa is None:
        yield Unknown("neither the account summary nor the credential report's root row tells of root's MFA")
    elif root.mfa:
        yield Clear("the root user has an MFA device")
    else:
        told: dict[str, Json] = {"mfa_active": False, "password": root.password}
        yield held_back(f"The root user of {account.name} has no MFA device", told, RULE, facts)
