"""
## What it does
Opens when within the window (`unused_days`, 90 by default) a role, user or customer-managed policy that code manages
(CloudFormation, CDK, Terraform, Pulumi and the like: its tags, its name or its creation show it) was changed by hand: from
the console, or with a command line that no pipeline was behind. Changes to policies, trust, boundary, groups and tags count;
a person's own password, keys and MFA do not. A later change of it by code ends the finding: the tool has put its state back,
or taken the change in.

## Why it matters
The next deployment undoes the change, or fails on it; until then what was reviewed is not what is there. A change past the
pipeline is also how access is widened where nobody looks.

## How to fix
Ask the one in the evidence. Put the change into code, or let the tool put its state back:

    terraform plan -refresh-only
    aws cloudformation detect-stack-drift --stack-name STACK

Then deny changes to such entities to everybody but the deploy role, by an SCP on the tag or path.

## What it cannot know
Changes before events were read, and what was read in part. Whether a command line without a session of its own was a
person's: it counts as one unless the session shows a program. Code that changes other things of the entity ends the finding
too.

## References
- [Detecting drift](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html)
- [Logging IAM calls with CloudTrail](https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import AdminEvent, Policy, Role, User
from findings.analysis.behaviour.changes import by_code, by_hand, of_configuration, told, who
from findings.analysis.behaviour.provenance import about, expected, provenance
from findings.analysis.facts import Facts
from findings.rules import behaviour
from findings.rules.behaviour import MOST, READS_CHANGES
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="GR111",
    slug="iam-changed-by-hand",
    severity=Severity.MEDIUM,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER, SubjectType.POLICY),
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    any_of=READS_CHANGES,
    settings={"unused_days": 90},
    title="What code manages was changed by hand",
    doc=__doc__,
)


def judge(subject: Role | User | Policy, facts: Facts) -> Iterator[Outcome]:
    if not expected(subject) or not (sign := provenance(subject, facts)):
        return
    found = _by_hand(subject, facts)
    if not found:
        unread = behaviour.changes_unread(facts)
        yield unread or Clear(f"nobody changed it by hand within {facts.settings.unused_days} days")
        return
    names = list(dict.fromkeys(one.name for one in found))
    yield Open(
        f"{subject.name} is managed by code, and {few(list(dict.fromkeys(map(who, found))))} changed it by hand: {few(names)}",
        {
            "managed_by": sign,
            "changes": [told(one, facts) for one in found][-MOST:],
            "last_on": found[-1].at.date().isoformat(),
        },
    )


def _by_hand(subject: Role | User | Policy, facts: Facts) -> list[AdminEvent]:
    """Those since code changed it last, oldest first. What made it is no change of it."""
    found: list[AdminEvent] = []
    for event in about(subject, facts):
        if by_code(event):
            found.clear()
        elif (
            of_configuration(event) and by_hand(event, facts) and not facts.older(event.at, facts.settings.unused_days)
        ):
            found.append(event)
    return [one for one in found if one.at > subject.created_at]
