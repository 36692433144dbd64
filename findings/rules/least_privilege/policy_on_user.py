"""
## What it does
Opens when an IAM user has a managed policy attached to it, or an inline policy of its own. The quarantine policy that
AWS attaches to a user whose key it found published does not count.

## Why it matters
Permissions that hang on single users are granted once and forgotten: nobody compares them, and they stay when the
person changes teams. Groups or, better, roles show who may do what in one place.

## How to fix
Put the user into a group with the policy, then take it off the user. People should sign in through IAM Identity
Center, programs should assume a role:

    aws iam add-user-to-group --group-name GROUP --user-name USER
    aws iam detach-user-policy --user-name USER --policy-arn ARN
    aws iam delete-user-policy --user-name USER --policy-name NAME

## What it cannot know
What the policies allow; other rules judge that. A program's user that nobody else resembles gains little from a group
of its own: accept the finding, or replace the user by a role. A permissions boundary is no policy in this sense.

## References
- [Security best practices in IAM](https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html)
- [Managed and inline policies](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import User
from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

QUARANTINE = ":iam::aws:policy/AWSCompromisedKeyQuarantine"

RULE = Rule(
    code="LP205",
    slug="policy-on-user",
    severity=Severity.LOW,
    subject=SubjectType.USER,
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    controls={
        "AWS Well-Architected": ("SEC02-BP06",),
        "CIS AWS v3": ("1.15",),
        "CIS AWS v5": ("1.14",),
        "CIS AWS v7": ("2.13",),
        "Prowler": ("iam_policy_attached_only_to_group_or_roles",),
        "Security Hub": ("IAM.2",),
    },
    title="A user has a policy of its own",
    doc=__doc__,
)


def judge(user: User, facts: Facts) -> Iterator[Outcome]:
    attached = [arn for arn in user.attached if QUARANTINE not in arn]
    inline = sorted(user.inline)
    if not attached and not inline:
        yield Clear("has no policy of its own")
        return
    names = ", ".join([*(arn.rpartition("/")[2] for arn in attached), *inline])
    yield Open(f"{user.name} has policies of its own: {names}", {"attached": attached, "inline": inline})
