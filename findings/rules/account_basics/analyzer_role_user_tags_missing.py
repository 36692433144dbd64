"""
## What it does
Opens when a role or an IAM user carries no tag of one's own. Off by default: the settings' `off` names AB109, since many
organizations know the owner of a role by other means. Take it out of `off` to be told. Access analyzers, which the same
benchmark wants tagged, are not judged yet.

## Why it matters
A tag says who owns a role, what it is for and which tool made it. Without one, nobody knows whom to ask before a
permission is taken away.

## How to fix
Tag where the role is made (Terraform `default_tags`, CloudFormation stack tags), or by hand:

    aws iam tag-role --role-name ROLE --tags Key=owner,Value=TEAM
    aws iam tag-user --user-name USER --tags Key=owner,Value=TEAM

## What it cannot know
Whether a tag is true. Tags whose key starts with `aws:` were set by AWS and do not count. Service-linked roles and the
roles that Identity Center makes cannot be tagged by you and are not reported.

## References
- [Tags for IAM resources](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html)
- [Security Hub controls for IAM](https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role, User
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="AB109",
    slug="analyzer-role-user-tags-missing",
    severity=Severity.INFO,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER,),
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    controls={"Security Hub": ("IAM.24", "IAM.25")},
    title="A role or user has no tag",
    doc=__doc__,
)


def judge(principal: Role | User, facts: Facts) -> Iterator[Outcome]:
    if isinstance(principal, Role) and (principal.service_linked or principal.reserved):
        return
    own = sorted(key for key in principal.tags if not key.lower().startswith("aws:"))
    if own:
        yield Clear(f"tagged {', '.join(own[:3])}")
        return
    yield Open(f"{principal.name} has no tag", {"created_at": principal.created_at.isoformat()})
