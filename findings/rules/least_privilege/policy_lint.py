"""
## What it does
Opens, once a kind of fault, when a customer-managed policy, or an inline policy on its role, user or group, holds words
that cannot mean what was meant:

- *unknown action*: no action of AWS matches it: a slip, or a service that has gone;
- *unreachable statement*: an Allow that the same policy denies on everything, without condition;
- *statement without effect*: an Allow none of whose actions can touch any of its resources, such as `s3:ListBucket` on
  `arn:aws:s3:::orders/*`, or an action that supports only `*` on an ARN;
- *deny never matches*: an action of a Deny that can touch none of its resources, so that nothing is protected from it;
- *variables without version*: `${aws:username}` is plain text where Version is missing or older than 2012-10-17;
- *wildcard in exact match*: `*` in StringEquals is a star, not a wildcard;
- *duplicate sid*: AWS refuses such a document when it is saved the next time.

## Why it matters
A policy is read by people who then believe that something is allowed, or worse, denied. A Deny that never matches is a
guardrail on paper.

## How to fix
Correct the words; AWS's own checker reads the document too:

    aws accessanalyzer validate-policy --policy-type IDENTITY_POLICY --policy-document file://policy.json

## What it cannot know
The catalogue of actions lags behind AWS: an action that is younger than it looks unknown. An action without effect beside
others that have one is not told: such lists are usual. Spelling in other cases is no
fault: AWS ignores the case of actions. What is granted too widely is for the other rules to say.

## References
- [Policy validation](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_policy-validator.html)
- [Policy variables](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Holder, Policy, Role
from findings.analysis.facts import Facts
from findings.analysis.grants import grants
from findings.policy.document import Unreadable
from findings.policy.lint import Complaint, lint
from findings.rules.words import sentence
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

MOST = 20

RULE = Rule(
    code="LP213",
    slug="policy-lint",
    severity=Severity.LOW,
    subject=SubjectType.POLICY,
    also=(SubjectType.ROLE, SubjectType.USER, SubjectType.GROUP),
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    title="A policy holds words without effect",
    doc=__doc__,
)


def judge(subject: Policy | Holder, facts: Facts) -> Iterator[Outcome]:
    if (isinstance(subject, Policy) and subject.aws_managed) or (isinstance(subject, Role) and subject.service_linked):
        return
    found: list[Open] = []
    unread: list[str] = []
    for grant in grants(subject, facts):
        if isinstance(subject, Policy) or grant.part.startswith("inline:"):
            if isinstance(grant.document, Unreadable):
                unread.append(f"{grant.name} could not be read: {grant.document.reason}")
            else:
                complaints = lint(grant.document, grant.compiled, facts.permissions.catalogue)
                found += _told(grant.name, grant.part, list(complaints))
    yield from found
    if unread:
        yield Unknown("; ".join(unread))
    elif not found:
        yield Clear("every word of its policies can have an effect")


def _told(name: str, part: str, complaints: list[Complaint]) -> Iterator[Open]:
    for fault in dict.fromkeys(complaint.fault for complaint in complaints):
        some = [complaint for complaint in complaints if complaint.fault == fault]
        more = f" and {len(some) - 1} more" if len(some) > 1 else ""
        yield Open(
            sentence(f"{name}: {fault}, {some[0].what} in {some[0].where}{more}"),
            {"found": [f"{one.where}: {one.what}" for one in some[:MOST]], "count": len(some)},
            part=f"{part} {fault}".strip(),
        )
