"""
## What it does
Opens when a group makes its members administrators in effect (LP201 says by which policies) and a member has a console
password and no MFA device. Members without a password are programs or cannot sign in; KY111 tells of their keys. It is a view
of HM107 by group: each member has a finding of its own there. Where guardrails leave all of them nothing without MFA but setting
it up, the severity falls one step, and the finding names them.

## Why it matters
One guessed password of that group is the whole account.

## How to fix
Have each member named here register a passkey or security key, or take him out of the group until he has:

    aws iam get-group --group-name GROUP
    aws iam list-mfa-devices --user-name USER
    aws iam remove-user-from-group --group-name GROUP --user-name USER

## What it cannot know
Whether a policy of the group or of its members denies them everything until they use MFA. A member who is newer than the
credential report, or of whom it does not tell: unknown. Where a policy of the group could not be read, whether it grants
administration: unknown.

## References
- [MFA in IAM](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa.html)
- [IAM groups](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_groups.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Group, User
from findings.analysis.facts import Facts
from findings.analysis.guarding.without_mfa import held_back_without_mfa
from findings.rules.words import few, lowered
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="HM113",
    slug="admin-group-member-without-mfa",
    severity=Severity.HIGH,
    subject=SubjectType.GROUP,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails", "iam:GetCredentialReport"),
    controls={"AWS Well-Architected": ("SEC02-BP01",), "Prowler": ("iam_administrator_access_with_mfa",)},
    title="A member of a group of administrators has no MFA",
    doc=__doc__,
)


def judge(group: Group, facts: Facts) -> Iterator[Outcome]:
    admin = facts.permissions.admin(group)
    if admin is None:
        if reason := facts.permissions.unknown(group):
            yield Unknown(reason)
        return
    members = facts.members_by_group.get(group.name, ())
    without = [user for user in members if _bare(user, facts)]
    unknown = [user.name for user in members if _bare(user, facts) is None]
    if without:
        names = [user.name for user in without]
        stopped = [held_back_without_mfa(user, facts) for user in without]
        blockers = tuple(dict.fromkeys(by for some in stopped for by in some)) if all(stopped) else ()
        yield Open(
            f"{few(names)} of group {group.name} can sign in as administrator without MFA",
            {"members": sorted(names), "administrator_by": list(admin.policies), "blocked_by": list(blockers)},
            lowered(RULE.severity) if blockers else None,
        )
    elif unknown:
        yield Unknown(f"the credential report does not tell of the password and MFA of {few(unknown)}")
    else:
        yield Clear("every member with a password has an MFA device")


def _bare(user: User, facts: Facts) -> bool | None:
    """Whether the user has a password and no MFA; None: not known."""
    row = facts.credential(user)
    if row is None or row.password_enabled is None:
        return None
    if not row.password_enabled:
        return False
    return None if row.mfa_active is None else not row.mfa_active
