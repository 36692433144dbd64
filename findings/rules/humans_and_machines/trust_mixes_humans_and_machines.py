"""
## What it does
Opens when a role's trust policy lets in a machine (an AWS service, a CI system or a Kubernetes cluster by OIDC) and also a
person: a SAML provider, an Identity Center role, a user with a console password, or a statement that asks for MFA. The ARN of a
role, or an account as a whole, is no person by itself. SageMaker, whose notebooks people drive, is no machine here.

## Why it matters
What the role did cannot be told apart afterwards: the deployment or the colleague. Permissions for both are more than either
needs, and people on a machine's role get around what is asked of people: MFA, short sessions, approval.

## How to fix
Make a role for each, with the permissions of each, and take the people out of the machine's trust policy:

    aws iam get-role --role-name ROLE --query Role.AssumeRolePolicyDocument
    aws iam create-role --role-name ROLE-debug --assume-role-policy-document file://people.json
    aws iam update-assume-role-policy --role-name ROLE --policy-document file://machines.json

## What it cannot know
Whether both really use it. Who stands behind the ARN of a role or behind another account. Whether a user named in
the trust policy has a password, where the credential report is missing or older than the user: unknown, unless another person
is let in anyway.

## References
- [Trust policies of roles](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html)
- [People and workloads](https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/identity-management.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role
from findings.analysis.facts import Facts
from findings.analysis.trust.people import human_by, is_machine, unsure
from findings.rules import trusts
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="HM104",
    slug="trust-mixes-humans-and-machines",
    severity=Severity.HIGH,
    subject=SubjectType.ROLE,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    helps=("iam:GetCredentialReport",),
    controls={
        "AWS Well-Architected": ("SEC03-BP02",),
    },
    title="A role trusts people and machines",
    doc=__doc__,
)


def judge(role: Role, facts: Facts) -> Iterator[Outcome]:
    if not trusts.judged(role):
        return
    if unread := trusts.unread(role, facts):
        yield unread
        return
    admissions = facts.admitted(role)
    machines = list(dict.fromkeys(a.principal for a in admissions if is_machine(a)))
    people = list(dict.fromkeys(who for a in admissions if (who := human_by(a, facts))))
    if machines and people:
        yield Open(
            f"Role {role.name} trusts {few(machines)} and {few(people)}",
            {"machines": machines, "people": people},
        )
    elif machines and any(unsure(a, facts) for a in admissions):
        yield Unknown(f"whether the user that {role.name} trusts has a console password is not known")
    else:
        yield Clear(
            "it trusts people or machines, not both" if machines or people else "nothing says that people use it"
        )
