"""
## What it does
Opens when a policy allows with `NotAction` or `NotResource`: everything but what it lists. Its severity is critical when
what it allows on everything includes changes in IAM.
A customer-managed policy is reported itself, once; an inline policy, and a policy of AWS (`PowerUserAccess`), on the
role, user or group that has it. In a Deny, both elements grant nothing, and stay silent. So does an Allow whose negation
leaves nothing (`NotAction: "*"`).

## Why it matters
The list says what is kept back, so the grant is all the rest of AWS: hundreds of services, those that will come
included. Who reads it sees a short list and takes it for what is allowed. With IAM in the rest, it is administration.

## How to fix
Write down what is needed as `Action` and `Resource`. Where "all but" is meant, allow what is needed and deny the
exceptions: a Deny with `NotAction` is a sound guardrail, an Allow with it is not.

    aws iam create-policy-version --policy-arn ARN --policy-document file://policy.json --set-as-default

## What it cannot know
What the author meant. A boundary or an SCP that blocks all changes of those who have the policy lets the severity fall
one step; the evidence names it.

## References
- [NotAction](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html)
- [NotResource](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notresource.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Holder, Policy
from findings.analysis.facts import Facts
from findings.analysis.grants import Grant
from findings.analysis.limits import blocked_by
from findings.analysis.wildcards import CHANGING, of_levels
from findings.policy.compiled import Clause
from findings.rules.per_policy import per_policy
from findings.rules.words import lowered, sentence
from findings.vocabulary import Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="LP204",
    slug="allow-with-negation",
    severity=Severity.MEDIUM,
    subject=SubjectType.POLICY,
    also=(SubjectType.ROLE, SubjectType.USER, SubjectType.GROUP),
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    controls={
        "AWS Well-Architected": ("SEC03-BP02",),
    },
    title="A policy allows everything but what it lists",
    doc=__doc__,
)


def judge(subject: Policy | Holder, facts: Facts) -> Iterator[Outcome]:
    changing = of_levels(facts.permissions.catalogue, CHANGING)
    iam = facts.permissions.catalogue.services["iam"] & changing

    def fault(grant: Grant) -> Open | None:
        found = [(n, c) for n, c in enumerate(grant.compiled.clauses, 1) if _negates(c)]
        if not found:
            return None
        wide = may = 0
        for _, clause in found:
            wide, may = wide | clause.wide, may | clause.may
        severity = Severity.CRITICAL if wide & iam & ~grant.compiled.deny_wide else RULE.severity
        blockers = blocked_by(subject, may & (iam if severity is Severity.CRITICAL else changing), facts)
        elements = sorted({element for _, clause in found for element in _elements(clause)})
        beyond = ", IAM included" if severity is Severity.CRITICAL else ""
        return Open(
            sentence(f"{grant.name} allows with {' and '.join(elements)}: everything but what it lists{beyond}"),
            {
                "statements": [clause.statement.sid or f"statement {number}" for number, clause in found],
                "actions": (may & ~grant.compiled.deny_sure).bit_count(),
                "blocked_by": list(blockers),
            },
            lowered(severity) if blockers else severity,
        )

    yield from per_policy(subject, facts, fault, "no Allow has NotAction or NotResource")


def _negates(clause: Clause) -> bool:
    """may is empty where the negation leaves nothing."""
    return clause.statement.allows and bool(_elements(clause)) and clause.may != 0


def _elements(clause: Clause) -> list[str]:
    said = clause.statement
    pairs = (("NotAction", said.not_actions), ("NotResource", said.not_resources))
    return [name for name, value in pairs if value is not None]
