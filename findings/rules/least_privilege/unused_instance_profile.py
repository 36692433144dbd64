"""
## What it does
Opens, once a profile, when an instance profile holds no role. The finding stands on the account, since there is no
role whose page it could stand on.

## Why it matters
An empty profile gives nothing to an instance. It is a remainder, and a trap: whoever may put a role into it
(`iam:AddRoleToInstanceProfile`) gives that role to each instance that still carries the profile.

## How to fix
See whether an instance still carries it, then delete it:

    aws ec2 describe-iam-instance-profile-associations --query "IamInstanceProfileAssociations[].IamInstanceProfile.Arn"
    aws iam delete-instance-profile --instance-profile-name PROFILE

## What it cannot know
Whether an instance or a launch template names the profile: that takes permissions in EC2, in every region. A profile
that holds a role but that no instance carries is not reported; its role is, once it is unused (LP101).

## References
- [Instance
profiles](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from findings.analysis.facts import AccountSubject, Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="LP109",
    slug="unused-instance-profile",
    severity=Severity.LOW,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("iam:ListInstanceProfiles",),
    controls={
        "AWS Well-Architected": ("SEC03-BP04",),
    },
    title="An instance profile holds no role",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    empty = facts.told.empty_instance_profiles
    if empty is None:
        yield Unknown("the account's instance profiles were not read")
    elif not empty:
        yield Clear("every instance profile holds a role")
    for profile in empty or ():
        yield Open(
            f"Instance profile {profile.name} of {account.name} holds no role",
            {"profile": profile.arn, "created_at": profile.created_at.isoformat()},
            part=profile.name,
        )
