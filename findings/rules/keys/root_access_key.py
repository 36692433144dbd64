"""
## What it does
Opens when the account's root user has an active access key. The credential report's root row tells whether a key is
active; where the report is missing, or older than the key, `GetAccountSummary` still tells that one exists. Where SCPs keep root
from administering the account (GR106 asks for such a deny), the severity falls one step, and the finding names them.

## Why it matters
A root key can do anything in the account, no policy of the account limits it, and it never expires. Whoever finds it
in a script, a laptop backup or a repository owns the account, its data and its bill.

## How to fix
First move whatever uses the key to a role: CloudTrail (`userIdentity.type = Root`) tells what does. Then, signed in as
root, delete the key:

    aws iam list-access-keys
    aws iam update-access-key --access-key-id AKIA... --status Inactive
    aws iam delete-access-key --access-key-id AKIA...

In an organization, remove the root credentials of member accounts altogether:

    aws iam enable-organizations-root-credentials-management

## What it cannot know
The credential report is made anew at most every four hours, so a key that was deleted since may still be reported.
Root keys have no id in either answer. Where central root management removed root's credentials, nothing is reported.

## References
- [Root user best practices](https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html)
- [Central root access](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html#id_root-user-access-management)
"""

from __future__ import annotations

from collections.abc import Iterator

from findings.analysis.facts import AccountSubject, Facts
from findings.analysis.root import REPORT, SUMMARY, root_credentials
from findings.rules.guarded import held_back
from findings.vocabulary import Clear, Effort, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="KY101",
    slug="root-access-key",
    severity=Severity.CRITICAL,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    any_of=(REPORT, SUMMARY),
    controls={
        "AWS Well-Architected": ("SEC02-BP02",),
        "CIS AWS v3": ("1.4",),
        "CIS AWS v5": ("1.3",),
        "CIS AWS v7": ("2.4",),
        "Prowler": ("iam_no_root_access_key",),
        "Security Hub": ("IAM.4",),
    },
    title="The root user has an active access key",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    root = root_credentials(facts)
    if root.removed:
        return
    if root.active_key:
        made = [slot.last_rotated.isoformat() for slot in root.slots if slot.active and slot.last_rotated]
        yield held_back(
            f"The root user of {account.name} has an active access key",
            {"source": REPORT, "active": True, "last_rotated": made},
            RULE,
            facts,
        )
    elif root.key_present and not root.slots:
        yield held_back(
            f"The root user of {account.name} has an access key",
            {"source": SUMMARY, "active": None, "last_rotated": []},
            RULE,
            facts,
        )
    elif root.active_key is None and root.key_present is None:
        yield Unknown("neither the credential report's root row nor the account summary tells of root's keys")
    else:
        yield Clear("the root user has no active access key")
