"""
## What it does
Opens when all policies of a role or user together, within its permissions boundary and the SCPs, let it read stored data
everywhere: objects of all buckets, all secrets or parameters, all tables, exports of all databases, blocks of all disk
snapshots. The list of actions stands in this rule's file; listing and describing are not on it. Administrators are not reported
again (LP201 tells them), nor are service-linked roles. When guardrails take half of what is granted, or all of it, the
severity falls one step, and the finding names them.

## Why it matters
Reading is what a thief wants. AWS's `ReadOnlyAccess`, made for looking around, holds `s3:GetObject` and `dynamodb:Scan`:
whoever has it can carry everything away, and no backup brings it back. With `kms:Decrypt` on everything, which the evidence
names, encryption is no obstacle either.

## How to fix
Allow reading on the buckets, secrets and tables that are needed. For people and tools that only look around, attach
`ViewOnlyAccess` or `SecurityAudit`, which read no contents, in place of `ReadOnlyAccess`:

    aws iam detach-role-policy --role-name ROLE --policy-arn arn:aws:iam::aws:policy/ReadOnlyAccess
    aws iam attach-role-policy --role-name ROLE --policy-arn arn:aws:iam::aws:policy/job-function/ViewOnlyAccess

## What it cannot know
Whether a bucket's or key's own policy denies it. What the data are worth. If a policy could not be read, the role is
unknown unless what is readable suffices. SCPs that are not visible are taken not to block.

## References
- [ReadOnlyAccess](https://docs.aws.amazon.com/aws-managed-policy/latest/reference/ReadOnlyAccess.html)
- [ViewOnlyAccess](https://docs.aws.amazon.com/aws-managed-policy/latest/reference/ViewOnlyAccess.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from collectors.records import Role, User
from findings.analysis.everywhere import Everywhere
from findings.analysis.facts import Facts
from findings.analysis.wildcards import services_of
from findings.policy.catalogue import Catalogue
from findings.rules.per_holder import on_everything
from findings.rules.words import few, guardrails_seen, lowered
from findings.vocabulary import Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

# Reading that hands out contents in bulk, and exports of whole tables and databases. Not on it: streams, queues and image
# layers, which AWS's own execution roles read everywhere; copies and restores, which backup roles make.
ACTIONS = (
    "s3:GetObject",
    "s3:GetObjectVersion",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameterHistory",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "dynamodb:BatchGetItem",
    "dynamodb:ExportTableToPointInTime",
    "dynamodb:PartiQLSelect",
    "dynamodb:Query",
    "dynamodb:Scan",
    "rds:StartExportTask",
    "ebs:GetSnapshotBlock",
)
DECRYPT = "kms:Decrypt"

RULE = Rule(
    code="LP208",
    slug="data-read-everywhere",
    severity=Severity.MEDIUM,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER,),
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    helps=("organizations:ListPolicies",),
    controls={
        "AWS Well-Architected": ("SEC03-BP02",),
    },
    title="A role or user reads all data",
    doc=__doc__,
)


def judge(holder: Role | User, facts: Facts) -> Iterator[Outcome]:
    catalogue = facts.permissions.catalogue

    def told(found: Everywhere) -> Open:
        decrypts = bool(facts.permissions.reach(holder).wide & catalogue.bit(DECRYPT))
        return Open(
            _title(holder, found, few(services_of(found.left or found.granted, catalogue))),
            {
                "actions": catalogue.members(found.left),
                "decrypts_with_every_key": decrypts,
                "blocked": catalogue.members(found.granted & ~found.left),
                "blocked_by": list(found.by),
                "guardrails": guardrails_seen(facts),
            },
            lowered(RULE.severity) if found.mostly_blocked else None,
        )

    yield from on_everything(holder, _reads(catalogue), facts, told, "reads no stored data everywhere")


@cache
def _reads(catalogue: Catalogue) -> int:
    return catalogue.mask(ACTIONS)


def _title(holder: Role | User, found: Everywhere, services: str) -> str:
    if found.left:
        return f"{holder.name} reads stored data everywhere in {services}"
    by = " and ".join(found.by) or "guardrails together"
    return f"{holder.name} has policies that read stored data everywhere in {services}, and {by} takes it away"
