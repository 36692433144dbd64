"""
## What it does
Opens when an IAM group has no members, or grants nothing: no managed policy is attached to it and it has no inline
policy.

## Why it matters
A group without members still grants: the next person who is put into it gets permissions that nobody has looked at
for a long time. A group without policies suggests an order that is not there.

## How to fix
See what is left of it, and delete it:

    aws iam get-group --group-name GROUP
    aws iam list-attached-group-policies --group-name GROUP
    aws iam list-group-policies --group-name GROUP
    aws iam detach-group-policy --group-name GROUP --policy-arn ARN
    aws iam delete-group-policy --group-name GROUP --policy-name NAME
    aws iam remove-user-from-group --group-name GROUP --user-name USER
    aws iam delete-group --group-name GROUP

## What it cannot know
Whether the group is kept for people who come and go, such as auditors. A policy that allows nothing counts as a
policy.

## References
- [IAM groups](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_groups.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Group
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="LP108",
    slug="empty-group",
    severity=Severity.LOW,
    subject=SubjectType.GROUP,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    controls={
        "AWS Well-Architected": ("SEC02-BP06",),
    },
    title="A group has no members or no permissions",
    doc=__doc__,
)


def judge(group: Group, facts: Facts) -> Iterator[Outcome]:
    members = sorted(user.name for user in facts.members_by_group.get(group.name, ()))
    policies = [*group.attached, *sorted(group.inline)]
    if members and policies:
        yield Clear("has members and permissions")
        return
    lacks = "members" if policies else "permissions" if members else "members and no permissions"
    yield Open(f"Group {group.name} has no {lacks}", {"members": members, "policies": policies})
