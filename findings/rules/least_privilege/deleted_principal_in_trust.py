"""
## What it does
Opens when a role's trust policy has a bare id such as `AIDAEXAMPLE...` or `AROAEXAMPLE...` among its principals. AWS keeps a
principal by its unique id and shows the id when the user (AIDA) or role (AROA) of it is gone.

## Why it matters
Nobody can use that entry any more, not even somebody who makes a principal of the same name. But it shows a trust that
nobody looked at since its owner left, and a policy with such an id cannot be saved again as it is: the next deployment fails
on it.

## How to fix
Take the entry out, or name the principal that took the place of the old one:

    aws iam get-role --role-name ROLE --query Role.AssumeRolePolicyDocument
    aws iam update-assume-role-policy --role-name ROLE --policy-document file://trust.json

If nothing but the deleted principal used the role, delete the role.

## What it cannot know
Who it was; CloudTrail's DeleteUser and DeleteRole events tell, if they are that young. Ids of principals in other accounts
appear in the same way.

## References
- [Principal in trust policies](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html)
- [Unique ids](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role
from findings.analysis.facts import Facts
from findings.analysis.trust.narrowing import is_unique_id
from findings.policy.document import Document, Principals
from findings.rules import trusts
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="LP406",
    slug="deleted-principal-in-trust",
    severity=Severity.LOW,
    subject=SubjectType.ROLE,
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    controls={
        "AWS Well-Architected": ("SEC03-BP06",),
    },
    title="A role trusts a deleted user or role",
    doc=__doc__,
)


def judge(role: Role, facts: Facts) -> Iterator[Outcome]:
    if not trusts.judged(role):
        return
    if unread := trusts.unread(role, facts):
        yield unread
        return
    trust = facts.document(role.trust)
    found = tuple(dict.fromkeys(_ids(trust))) if isinstance(trust, Document) else ()
    if found:
        yield Open(f"Role {role.name} trusts {few(found)}, which was deleted", {"principals": list(found)})
    else:
        yield Clear("no principal of its trust policy was deleted")


def _ids(trust: Document) -> Iterator[str]:
    for statement in trust.statements:
        for principals in (statement.principals, statement.not_principals):
            if isinstance(principals, Principals):
                yield from filter(is_unique_id, principals.aws)
