"""
## What it does
Opens when a person (a user or role of a human kind in the account, or whoever the trust policy names as such) may assume a
machine's role, and nothing denies the role the sign-in to the console. Who can assume it is told by the policy engine: the
trust policy, the person's policies, boundaries, SCPs and RCPs together. What only a person's choice stands in the way of,
such as MFA, an external id or a network, does not keep people out. Only an explicit Deny of both actions that a session in the
console asks for does (`signin:AuthorizeOAuth2Access` and `signin:CreateOAuth2Token`), in the role's own policies, its boundary,
an SCP or an RCP; that they are nowhere allowed does not.

## Why it matters
Role credentials become a session in the console by two clicks or one call. A person who sits in the console with a program's
permissions works around what is asked of people, and leaves the program's name behind. HM101 and HM102 tell when it happened;
this tells where it can.

## How to fix
Take people out of the trust policy and out of the policies that let them assume the role. Where they must stay, keep the role
out of the console, by its own policy or for all machines at once by an SCP:

    {"Effect": "Deny", "Action": ["signin:Authenticate", "signin:AuthorizeOAuth2Access", "signin:CreateOAuth2Token"],
     "Resource": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/machines/*"}}}

## What it cannot know
People of other accounts that the trust policy admits as a whole, and who of a role's users is a person. Sign-in resource
policies and whether console authorization is enabled: no source reads them yet. Where only one of the two actions is denied, or
only `signin:Authenticate`, which is asked for before it is known who comes, it is unknown: AWS documents for neither that it
keeps a role out. A Deny on some resources of Sign-In alone, such
as the clients of a command line (`oauth2/public-client/*`), is taken to leave the console open. Where it is not known whether
a condition on something else than a person's choice can be met, it is unknown; a Deny that hangs on a condition is told and
does not close the finding.

## References
- [Switching roles in the console](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-console.html)
- [Console access by federation](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html)
- [Console access by resource-based policies and RCPs](https://docs.aws.amazon.com/signin/latest/userguide/console-access-control.html)
- [Actions of AWS Sign-In](https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssignin.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role
from findings.analysis.behaviour.reach import Person, denied, sign_in, stopped
from findings.analysis.facts import Facts
from findings.rules import trusts
from findings.rules.behaviour import MOST
from findings.rules.words import few, guardrails_seen
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="HM114",
    slug="machine-role-can-reach-console",
    severity=Severity.MEDIUM,
    subject=SubjectType.ROLE,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    helps=("iam:GetCredentialReport", "organizations:DescribeOrganization"),
    title="People can bring a machine's role into the console",
    doc=__doc__,
)


def judge(role: Role, facts: Facts) -> Iterator[Outcome]:
    if not facts.kind(role).kind.machine or not trusts.judged(role):
        return
    if unread := trusts.unread(role, facts):
        yield unread
        return
    people = facts.behaviour.reach.people(role)
    if not people:
        yield Clear("no person can assume it")
        return
    decisions = sign_in(role, facts)
    if by := stopped(decisions):
        names = list(dict.fromkeys(f"{one.layer.value} policy {one.policy}" for one in by))
        yield Clear(f"people can assume it, and its sign-in is denied by {few(names)}")
    elif free := [one for one in people if one.at_will]:
        unless = tuple(sorted({key for one in decisions.values() for key in one.keys}))
        yield _partly(role, some) if (some := denied(decisions)) else _open(role, free, unless, facts)
    else:
        keys = sorted({key for one in people for key in one.keys})
        yield Unknown(f"whether people who may assume {role.name} can meet its conditions on {few(keys)} is not known")


def _partly(role: Role, actions: list[str]) -> Unknown:
    return Unknown(
        f"of the sign-in of {role.name} only {few(actions)} is denied, and whether that keeps it out is not told"
    )


def _open(role: Role, people: list[Person], unless: tuple[str, ...], facts: Facts) -> Open:
    names = list(dict.fromkeys(one.name for one in people))
    return Open(
        f"Role {role.name} is a machine's, and {few(names)} can bring it into the console",
        {
            "kind": facts.kind(role).kind.value,
            "people": names[: 2 * MOST],
            "people_count": len(names),
            "if": sorted({key for one in people for key in one.keys}),
            "denied_only_if": list(unless),
            "guardrails": guardrails_seen(facts),
        },
    )
