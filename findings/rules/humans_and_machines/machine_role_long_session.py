"""
## What it does
Opens when sessions of a role may last longer than its kind needs (MaxSessionDuration): more than one hour for roles of CI
systems and of external accounts, more than `human_session_hours` (8 by default) for roles of people. Roles that only AWS
services assume are not judged: services renew by themselves. Which kind a role is, and why, its page says. For an Identity
Center role the permission set is at fault.

## Why it matters
Credentials that leak from a build log or a vendor work until the session ends; nothing can call them back but a Deny on the
role. A pipeline that runs for minutes has no use for twelve hours.

## How to fix

    aws iam update-role --role-name ROLE --max-session-duration 3600

Look first at what the pipeline asks for (`role-duration-seconds` of the GitHub action, `DurationSeconds` elsewhere): a request
for more than the maximum fails. For a permission set:

    aws sso-admin update-permission-set --instance-arn ARN --permission-set-arn ARN --session-duration PT8H

## What it cannot know
How long sessions really last: the maximum is only a limit, and one hour is what is given when nobody asks. Chained roles
get one hour whatever the maximum is. Which kind an unknown role is: tag it `iamdash:kind`.

## References
- [Session duration](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html)
- [Permission set sessions](https://docs.aws.amazon.com/singlesignon/latest/userguide/howtosessionduration.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role
from findings.analysis.facts import Facts
from findings.analysis.kinds import Kind
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

HOUR = 3_600  # seconds
MACHINES = frozenset({Kind.MACHINE_CI, Kind.MACHINE_EXTERNAL})

RULE = Rule(
    code="HM109",
    slug="machine-role-long-session",
    severity=Severity.LOW,
    subject=SubjectType.ROLE,
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails", "iam:ListRoles"),
    settings={"human_session_hours": 8},
    controls={
        "AWS Well-Architected": ("SEC02-BP02",),
    },
    title="Sessions of a role may last longer than its kind needs",
    doc=__doc__,
)


def judge(role: Role, facts: Facts) -> Iterator[Outcome]:
    kind = _kind(role, facts)
    if role.service_linked or not (limit := _limit(kind, facts)):
        return
    seconds = facts.max_session(role)
    if seconds is None:
        yield Unknown("how long its sessions may be was not read: iam:ListRoles gave no answer")
    elif seconds <= limit:
        yield Clear(f"sessions of at most {_hours(seconds)}")
    else:
        evidence = {"max_session_seconds": seconds, "limit_seconds": limit, "kind": kind.value}
        yield Open(f"Sessions of role {role.name} may last {_hours(seconds)}", evidence)


def _kind(role: Role, facts: Facts) -> Kind:
    """A role that lets an outside account in, of which nothing else is known, is an external one."""
    kind = facts.kind(role).kind
    if kind is Kind.UNKNOWN and any(a.inside is False for a in facts.admitted(role)):
        return Kind.MACHINE_EXTERNAL
    return kind


def _limit(kind: Kind, facts: Facts) -> int:
    """In seconds; 0: not judged."""
    if kind in MACHINES:
        return HOUR
    people = kind.human or kind is Kind.MIXED
    return facts.settings.human_session_hours * HOUR if people else 0


def _hours(seconds: int) -> str:
    return f"{seconds / HOUR:g} hours" if seconds != HOUR else "one hour"
