"""
## What it does
Opens when a policy allows, on everything (`*`, or an ARN that comes to the same such as `arn:aws:s3:::*`), actions that
write, tag or manage permissions and that could be allowed on named resources. A condition that narrows to some
resources (a resource tag, `iam:PassedToService`...) keeps it silent; one on the session does not.
A customer-managed policy is reported itself, once; an inline policy, and a policy of AWS, on the role, user or group that
has it. Services that LP202 tells of the same policy are left out, so are statements with NotAction or NotResource
(LP204), policies that allow everything (LP201, LP209), and all policies of an effective administrator (LP201).

## Why it matters
A program that writes to one queue and may write to all of them can damage all of them: by a mistake, or by whoever takes
it over. Of all excess, this is the cheapest to take away.

## How to fix
Name the resources; the evidence lists the actions. iamdash proposes a policy on the role's page. Where names are not
known before, use a prefix (`arn:aws:sqs:*:111122223333:orders-*`) or a condition on a tag:

    "Condition": {"StringEquals": {"aws:ResourceTag/team": "orders"}}

Actions that support no resource need `*`: put them into a statement of their own.

## What it cannot know
Which resources are meant. Whether an action supports resources is taken from AWS's service authorization reference, which
lags behind. A permissions boundary or SCP that blocks all of it lets the severity fall one step.

## References
- [Service authorization reference](https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html)
- [Grant least privilege](https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Holder, Policy
from findings.analysis import admin
from findings.analysis.facts import Facts
from findings.analysis.grants import Grant
from findings.analysis.limits import blocked_by
from findings.analysis.wildcards import service_wildcards, services_of, unscoped
from findings.rules.per_policy import per_policy
from findings.rules.words import few, lowered, sentence
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

EXAMPLES = 20

RULE = Rule(
    code="LP203",
    slug="resource-wildcard",
    severity=Severity.MEDIUM,
    subject=SubjectType.POLICY,
    also=(SubjectType.ROLE, SubjectType.USER, SubjectType.GROUP),
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    controls={
        "AWS Well-Architected": ("SEC03-BP02",),
        "Prowler": ("iam_policy_no_agentcore_workload_access_token_wildcard",),
    },
    title="A policy allows changes on all resources",
    doc=__doc__,
)


def judge(subject: Policy | Holder, facts: Facts) -> Iterator[Outcome]:
    catalogue = facts.permissions.catalogue

    def fault(grant: Grant) -> Open | None:
        mask = unscoped(grant.compiled, catalogue)
        if not mask or admin.of_document(grant.compiled):
            return None
        for service in service_wildcards(grant.compiled, catalogue):
            mask &= ~catalogue.services[service]
        return _told(subject, grant, mask, facts) if mask else None

    if not isinstance(subject, Policy) and facts.permissions.admin(subject):
        yield Clear(f"{subject.name} is an effective administrator: LP201 tells it")
        return
    yield from per_policy(subject, facts, fault, "what it may change on everything supports no resources")


def _told(subject: Policy | Holder, grant: Grant, mask: int, facts: Facts) -> Open:
    catalogue = facts.permissions.catalogue
    names, blockers = catalogue.members(mask), blocked_by(subject, mask, facts)
    services = services_of(mask, catalogue)
    actions = f"{len(names)} actions" if len(names) > 1 else names[0]
    levels = [f"{level.value}: {(mask & some).bit_count()}" for level, some in catalogue.levels.items() if mask & some]
    return Open(
        sentence(f"{grant.name} allows {actions} of {few(services)} on all resources"),
        {
            "actions": len(names),
            "by_level": levels,
            "services": list(services),
            "examples": names[:EXAMPLES],
            "blocked_by": list(blockers),
        },
        lowered(RULE.severity) if blockers else None,
    )
