"""
## What it does
Opens when a role or user ends at an administrator by hops: it assumes a role, or passes one to a service that then acts
as it wants, and that role the next one. The finding shows a shortest way, hop by hop, with the path's id. Each hop is
asked by evaluation: the caller's policies, denies, boundary, SCPs and the trust policy of the role. Hops that hang on
condition keys count, and name them; hops that are blocked do not. Administrators themselves are told by LP201.

## Why it matters
A role that looks small is an administrator's front door when one call more makes it one. Such chains grow by themselves:
each team opens one hop, and nobody sees the way through.

## How to fix
Cut the chain where it costs least: the trust policy of the administrator names those who need it, not the account
(`:root`); sts:AssumeRole and iam:PassRole name roles, not `*`; an administrator trusts no service.

    aws iam update-assume-role-policy --role-name ADMINISTRATOR --policy-document file://trust.json

## What it cannot know
Hops through other accounts, and through a person who signs in. A role that was chained lives one hour, which is enough.
Hops that take something over that runs with a role (a function's code, an instance) are LP301's. A role whose policies
could not be read may be an administrator unseen.

## References
- [Role chaining](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html)
- [How to use trust policies](https://aws.amazon.com/blogs/security/how-to-use-trust-policies-with-iam-roles/)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role, User
from findings.analysis.escalation import Hop, reaches_admin
from findings.analysis.facts import Facts
from findings.rules.escalating import absorbed, evidence, judged, otherwise, title
from findings.vocabulary import Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="LP304",
    slug="reaches-admin",
    severity=Severity.HIGH,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER,),
    kind=RuleKind.SEES,
    effort=Effort.LARGE,
    needs=("iam:GetAccountAuthorizationDetails",),
    helps=("organizations:ListPolicies",),
    controls={
        "AWS Well-Architected": ("SEC03-BP02",),
    },
    title="A role or user reaches an administrator by hops",
    doc=__doc__,
)


def judge(principal: Role | User, facts: Facts) -> Iterator[Outcome]:
    if not judged(principal):
        return
    if told := absorbed(principal, facts):
        yield told
        return
    way = reaches_admin(principal, facts)
    if way is None:
        yield from otherwise(principal, facts, "no hops lead to an administrator")
        return
    keys = list(dict.fromkeys(key for hop in way for key in hop.keys))
    names = " > ".join(_name(hop.target) for hop in way)
    hops = "one hop" if len(way) == 1 else f"{len(way)} hops"
    asked = f", conditional on {', '.join(keys)}" if keys else ""
    yield Open(
        title(principal, f"reaches the administrator {_name(way[-1].target)} in {hops}{asked}: {names}"),
        evidence(
            principal,
            facts,
            state="conditional" if keys else "live",
            keys=list(keys),
            administrator=way[-1].target,
            way=[_line(hop) for hop in way],
        ),
    )


def _line(hop: Hop) -> str:
    on = f", conditional on {', '.join(hop.keys)}" if hop.keys else ""
    return f"{hop.source} {hop.how} ({hop.path}{on}) -> {hop.target}"


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]
