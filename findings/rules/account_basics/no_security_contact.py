"""
## What it does
Opens when the account names no alternate contact for security.

## Why it matters
AWS writes to this contact when it finds a key of the account published, an instance that attacks others, or a mailbox
that cannot be reached. Without one it writes to the root e-mail address, which often nobody reads.

## How to fix
Name a mailbox that a team reads, not a person:

    aws account put-alternate-contact --alternate-contact-type SECURITY --name "Security team" --title Security \\
      --email-address security@example.com --phone-number "+1 555 0100"

From the management account the same call sets it for a member, with `--account-id`.

## What it cannot know
Whether somebody reads the mailbox: only that a contact is named is kept, not its address. Contacts for billing and
operations are not judged.

## References
- [Alternate contacts](https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-update-contact-alternate.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from findings.analysis.facts import AccountSubject, Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="AB104",
    slug="no-security-contact",
    severity=Severity.LOW,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("account:GetAlternateContact",),
    controls={
        "CIS AWS v3": ("1.2",),
        "CIS AWS v5": ("1.2",),
        "CIS AWS v7": ("2.3",),
        "Security Hub": ("Account.1",),
    },
    title="The account names no security contact",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    named = facts.told.security_contact
    if named is None:
        yield Unknown("whether a security contact is named was not read")
    elif named:
        yield Clear("a security contact is named")
    else:
        yield Open(f"{account.name} names no security contact", {"alternate_contact_type": "SECURITY"})
