"""
## What it does
Opens when an active access key belongs to a user who is an administrator in effect (LP201), or who can make itself more
than it is by a path that is open now (LP301). Denies, boundary and SCPs are taken into account.

## Why it matters
A key is a password without a second factor that lies in files. With this one a thief has the account, not one bucket,
and can make further ways in before the key is found.

## How to fix
Give the program a role instead: on AWS the role of the instance, function or task; outside OIDC or IAM Roles Anywhere.
Give people short-lived credentials by `aws sso login`. Then take the key away:

    aws iam get-access-key-last-used --access-key-id AKIA...
    aws iam update-access-key --user-name USER --access-key-id AKIA... --status Inactive
    aws iam delete-access-key --user-name USER --access-key-id AKIA...

Until then take from the user what its program does not need.

## What it cannot know
Whether the key is kept well. What the user gains by assuming roles is LP304's concern. A user with a policy that could
not be read is unknown, unless what could be read already makes it an administrator. Where SCPs could not be read, what
they block is not known and the finding is open.

## References
- [Alternatives to long-term access keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/security-creds-programmatic-access.html)
- [Manage access keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import AccessKey, User
from findings.analysis.escalation import escalations
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="KY111",
    slug="key-of-admin",
    severity=Severity.HIGH,
    subject=SubjectType.KEY,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:ListAccessKeys", "iam:GetAccountAuthorizationDetails"),
    title="Key AKIA… belongs to an administrator",
    doc=__doc__,
)


def judge(key: AccessKey, facts: Facts) -> Iterator[Outcome]:
    if not key.active:
        return
    user = facts.user_by_arn.get(key.user_arn)
    if user is None:
        yield Unknown(f"the user {key.user_name} of the key was not collected")
        return
    unknown = facts.permissions.unknown(user)
    if admin := facts.permissions.admin(user):
        evidence: dict[str, Json] = {"administrator_by": list(admin.policies), "conditions": list(admin.keys)}
        yield _open(key, f"{user.name}, an administrator", evidence, facts)
    elif ways := _ways(user, facts):
        yield _open(key, f"{user.name}, who can make itself more", {"escalations": ways}, facts)
    elif unknown:
        yield Unknown(unknown)
    else:
        yield Clear("its user is no administrator and cannot make itself one")


def _ways(user: User, facts: Facts) -> list[str]:
    live = (found for found in escalations(user, facts) if found.state == "live")
    return sorted({f"{found.path.id}: {found.how}" for found in live})


def _open(key: AccessKey, whose: str, evidence: dict[str, Json], facts: Facts) -> Open:
    if facts.guardrails.scp is None:
        evidence["guardrails"] = "SCPs not visible"
    evidence |= {"user": key.user_name, "created_at": key.created_at.isoformat()}
    return Open(f"Key {key.unique_id} belongs to {whose}", evidence)
