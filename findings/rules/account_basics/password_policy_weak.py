"""
## What it does
Judges what the account demands of IAM users' passwords, one part each: *length* (`password_length`, 14), *upper*,
*lower*, *number*, *symbol*, *reuse* (`password_reuse`, 24 former passwords refused) and, only where the settings ask
(`password_expiry_days`, 0 = do not), *expiry*. An account whose IAM users have no console password is not judged.

## Why it matters
Without a policy of its own an account takes passwords of eight characters, for ever, the former one included. Short
and reused passwords are the ones that guessing and stolen lists find.

## How to fix
Set all of it at once; each call replaces the whole policy, so what it leaves out falls back:

    aws iam update-account-password-policy --minimum-password-length 14 --password-reuse-prevention 24 \\
      --require-uppercase-characters --require-lowercase-characters --require-numbers --require-symbols \\
      --allow-users-to-change-password

Better: no console passwords, and people in IAM Identity Center.

## What it cannot know
How good the passwords are that exist: a policy holds from a user's next change on. Root has rules of its own, and so
has your identity provider. Expiry is not asked for by default, since forced changes make passwords worse.

## References
- [Password policy](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html)
- [NIST SP 800-63B, verifiers](https://pages.nist.gov/800-63-4/sp800-63b.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import PasswordPolicy
from findings.analysis.facts import AccountSubject, Facts, Settings
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="AB103",
    slug="password-policy-weak",
    severity=Severity.MEDIUM,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("iam:GetAccountPasswordPolicy", "iam:GetCredentialReport"),
    controls={
        "AWS Well-Architected": ("SEC02-BP01",),
        "CIS AWS v3": (
            "1.8",
            "1.9",
        ),
        "CIS AWS v5": (
            "1.7",
            "1.8",
        ),
        "CIS AWS v7": (
            "2.8",
            "2.9",
        ),
        "Prowler": (
            "iam_password_policy_expires_passwords_within_90_days_or_less",
            "iam_password_policy_lowercase",
            "iam_password_policy_minimum_length_14",
            "iam_password_policy_number",
            "iam_password_policy_reuse_24",
            "iam_password_policy_symbol",
            "iam_password_policy_uppercase",
        ),
        "Security Hub": (
            "IAM.7",
            "IAM.10",
            "IAM.11",
            "IAM.12",
            "IAM.13",
            "IAM.14",
            "IAM.15",
            "IAM.16",
            "IAM.17",
        ),
    },
    settings={"password_length": 14, "password_reuse": 24, "password_expiry_days": 0},
    title="The password policy demands too little",
    doc=__doc__,
)
CLASSES = {"upper": "an upper-case letter", "lower": "a lower-case letter", "number": "a digit", "symbol": "a symbol"}


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    users = [row for row in facts.snapshot.credentials if not row.is_root]
    policy = facts.told.password_policy
    if not any(row.password_enabled for row in users):
        if not facts.complete("iam:GetCredentialReport") or any(row.password_enabled is None for row in users):
            yield Unknown("the credential report does not tell whether IAM users have console passwords")
        return
    if policy is None:
        yield Unknown("the account's password policy was not read")
        return
    faults = list(_faults(policy, facts.settings))
    if not faults:
        yield Clear("the password policy demands all that the settings ask")
    for part, lack, found in faults:
        whose = "" if policy.custom else ", since it has no password policy"
        yield Open(
            f"{account.name} {lack}{whose}",
            {"policy_set": policy.custom, "found": found if policy.custom else None},
            part=part,
        )


def _faults(policy: PasswordPolicy, asked: Settings) -> Iterator[tuple[str, str, Json]]:
    """(part, what the account does, what the policy says)."""
    if policy.minimum_length < asked.password_length:
        yield "length", f"takes passwords of fewer than {asked.password_length} characters", policy.minimum_length
    for part, words in CLASSES.items():
        if not getattr(policy, part):
            yield part, f"takes passwords without {words}", False
    if policy.reuse_prevention < asked.password_reuse:
        yield "reuse", f"takes one of the last {asked.password_reuse} passwords again", policy.reuse_prevention
    longest = asked.password_expiry_days
    if longest and not 0 < policy.max_age_days <= longest:
        yield "expiry", f"lets passwords live longer than {longest} days", policy.max_age_days
