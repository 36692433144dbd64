"""
## What it does
Opens when a role or user may use services that it did not try within the window (`unused_days`, 90 by default). What it
may use is what its policies leave it within its permissions boundary and the SCPs; what it tried is told by Access
Advisor, and what it called by CloudTrail, where its events were read. A service counts only if the policies granted it
during the whole window: a managed policy's versions have dates; what is inline or was attached without a date counts from the
day the principal was made, unless our inventory saw its policies change later. One finding tells all unused services of a
principal, with what they allow by access level.
Administrators are told by LP201, and a role that used nothing at all by LP101. Service-linked roles and principals
younger than the window are never reported.

## Why it matters
Access that nobody uses is of use only to whoever takes over the principal. It can go without anybody missing it, and
what is left can be read by a person.

## How to fix
Ask for a right-sized policy on the page of the role or user: it keeps what is used and what nobody can see, and tells what
it could break. By hand, list what was used, and leave the other services out of the next version of the policies:

    aws iam generate-service-last-accessed-details --arn ARN
    aws iam get-service-last-accessed-details --job-id JOB
    aws iam list-policies-granting-service-access --arn ARN --service-namespaces ec2

An AWS-managed policy cannot be cut: attach one of your own instead. What Identity Center made is changed in its permission
set. Policies that come by a group are changed there, for all its members.

## What it cannot know
Access Advisor counts attempts, also denied ones, for 400 days, less in regions that have tracked for a shorter time; use
appears within four hours. It says nothing of some services: those stay unknown and are never called unused; CloudTrail may
show their use, and its silence proves nothing, since most trails record no data events. iam:PassRole
leaves no trace anywhere and is left out. Yearly jobs and disaster recovery look unused. AWS does not date attachments
and inline policies, nor when somebody set an older version of a policy as its default.

## References
- [Refine permissions using last accessed
information](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html)
- [GetServiceLastAccessedDetails](https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetServiceLastAccessedDetails.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role, User
from findings.analysis.facts import Facts
from findings.analysis.unused_services import ServicesOf, services_of, why_unknown
from findings.analysis.usage import idle
from findings.policy.catalogue import Level
from findings.rules.sessions import READS
from findings.rules.words import few, guardrails_seen
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

EXAMPLES = 20
LEVELS = (Level.PERMISSIONS, Level.WRITE, Level.TAGGING, Level.READ, Level.LIST, Level.UNKNOWN)

RULE = Rule(
    code="LP104",
    slug="unused-service-access",
    severity=Severity.MEDIUM,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER,),
    kind=RuleKind.LACKS,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    each=("iam:GenerateServiceLastAccessedDetails",),
    helps=("iam:GetServiceLastAccessedDetails", "organizations:ListPolicies", *READS),
    settings={"unused_days": 90},
    controls={
        "AWS Well-Architected": ("SEC03-BP04",),
    },
    title="A role or user may use services that it does not use",
    doc=__doc__,
)


def judge(principal: Role | User, facts: Facts) -> Iterator[Outcome]:
    window = facts.settings.unused_days
    if (isinstance(principal, Role) and principal.service_linked) or not facts.older(principal.created_at, window):
        return
    if facts.permissions.admin(principal):
        yield Clear(f"{principal.name} is an effective administrator: LP201 tells it")
        return
    if reason := facts.permissions.unknown(principal):
        yield Unknown(reason)
        return
    found = services_of(principal, facts, window)
    if found.unused and idle(principal, facts):
        yield Clear("nothing was used at all: LP101 tells it")
    elif found.unused:
        yield Open(_title(principal, found, window), _evidence(principal, found, facts))
    elif found.unknown:
        yield Unknown(why_unknown(found.unknown))
    elif found.used:
        yield Clear(f"used all its services within {window} days: {few(found.used)}", sighting=True)


def _title(principal: Role | User, found: ServicesOf, window: int) -> str:
    services = [one.service for one in found.unused]
    if isinstance(principal, Role) and principal.reserved:
        who = f"Permission set {principal.permission_set} (role {principal.name})"
    else:
        who = f"{type(principal).__name__} {principal.name}"
    return f"{who} may use {few(services)}, and did not in {window} days"


def _evidence(principal: Role | User, found: ServicesOf, facts: Facts) -> dict[str, Json]:
    catalogue, mask = facts.permissions.catalogue, 0
    for one in found.unused:
        mask |= one.actions
    by_level = [(level, mask & catalogue.levels.get(level, 0)) for level in LEVELS]
    examples = [name for level, some in by_level[:2] if some for name in catalogue.members(some)]
    evidence: dict[str, Json] = {
        "services": [one.service for one in found.unused],
        "last_accessed": [one.said(principal, facts) for one in found.unused],
        "actions": mask.bit_count(),
        "by_level": [f"{level}: {some.bit_count()}" for level, some in by_level if some],
        "examples": examples[:EXAMPLES],
        "granted_by": [held.title for held in facts.permissions.library.of(principal) if held.compiled.allow & mask],
        "used_services": list(found.used),
        "unused_days": facts.settings.unused_days,
        "guardrails": guardrails_seen(facts),
    }
    if found.unknown:
        evidence["not_judged"] = why_unknown(found.unknown)
        evidence["not_judged_services"] = list(found.unknown)
    return evidence
