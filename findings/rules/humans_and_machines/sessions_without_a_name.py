"""
## What it does
Opens when sessions of a role for people cannot be laid to a person: they carry no source identity, and either several callers
used the same session name, or another role opened them under a tool's default name (`botocore-session-...`,
`aws-go-sdk-...`). A user, an Identity Center or SAML session tells by itself who it was. The window is `unused_days` (90 by
default).

## Why it matters
In CloudTrail the session name is all that tells colleagues apart who share a role. If it says nothing, an incident ends at the
role: nobody can say who deleted the table, and nobody has to.

## How to fix
Demand a name that says who it is, in the role's trust policy:

    {"Effect": "Allow", "Principal": {"AWS": "ARN"}, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
     "Condition": {"StringLike": {"sts:RoleSessionName": "${aws:username}"}}}

For callers by a role, have the identity provider set a source identity: it survives role chaining. On a command line, the name is
`role_session_name` in the profile.

## What it cannot know
Whether a name that one caller alone used is really that person's. Who is behind a caller of another account whose events are
not read. Roles whose kind is unknown, or a machine's, are not judged.

## References
- [Source identity](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html)
- [sts:RoleSessionName](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role, Session
from findings.analysis.activity.signs import DEFAULTS
from findings.analysis.facts import Facts
from findings.rules import sessions
from findings.rules.sessions import READS
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

RULE = Rule(
    code="HM111",
    slug="sessions-without-a-name",
    severity=Severity.LOW,
    subject=SubjectType.ROLE,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    any_of=READS,
    settings={"unused_days": 90},
    title="Sessions of people's role do not tell who it was",
    doc=__doc__,
)


def judge(role: Role, facts: Facts) -> Iterator[Outcome]:
    if not facts.kind(role).kind.human or role.reserved:
        return
    nameless = _nameless(role, facts)
    if not nameless:
        yield sessions.unread(facts) or Clear("each session tells who it was")
        return
    names = list(nameless)
    yield Open(
        f"Sessions of role {role.name} do not tell who it was: {few(names)}",
        {
            "sessions": [f'"{name}" by {few(callers)}' for name, callers in nameless.items()][: sessions.MOST],
            "callers": sorted({caller for callers in nameless.values() for caller in callers})[: sessions.MOST],
        },
    )


def _nameless(role: Role, facts: Facts) -> dict[str, list[str]]:
    """Session name -> who used it, where nobody can say who it was."""
    callers: dict[str, set[str]] = {}
    for one in facts.activity.of(role, facts.settings.unused_days):
        if not _tells(one):
            callers.setdefault(one.name, set()).update(facts.activity.lineage.callers(one))
    return {name: sorted(some) for name, some in sorted(callers.items()) if _shared(name, some)}


def _tells(one: Session) -> bool:
    return bool(one.source_identity or one.federated_user or ":saml-provider/" in one.identity_provider)


def _shared(name: str, callers: set[str]) -> bool:
    """Several persons' sessions that look alike. A role behind which many stand is one caller, and as good as none."""
    roles = [caller for caller in callers if ":role/" in caller]
    return len(callers) > 1 or (bool(roles) and DEFAULTS.match(name) is not None)
