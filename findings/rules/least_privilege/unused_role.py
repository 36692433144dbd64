"""
## What it does
Opens when a role is older than the window (`unused_days`, 90 by default) and AWS saw no use of it within the window.
Three sources tell of use: RoleLastUsed, Access Advisor, which knows the last attempt on each service, and CloudTrail, which
knows each call that was allowed. Use that one of them saw clears the role. The evidence names the sources that spoke:
`confidence` is high when two or more did, medium when RoleLastUsed stands alone, because Access Advisor was not read for this
role in the last two days and CloudTrail's events were not read for the whole window.
A role that was used before says when; one that AWS never saw says so: "never" if it is younger than the 400 days that
AWS remembers, else "not in the last 400 days", which is not the same. Service-linked roles are never reported. A role
that Identity Center made is reported for its permission set: change the assignment there, do not delete the role.

## Why it matters
Each unused role is a way into the account that nobody watches: its permissions and its trust stay as they were when
it was needed, and whoever can assume it may.

## How to fix
Read the trust policy and ask the owner; then take the permissions away, wait, and delete the role:

    aws iam get-role --role-name ROLE
    aws iam list-attached-role-policies --role-name ROLE
    aws iam detach-role-policy --role-name ROLE --policy-arn ARN
    aws iam list-instance-profiles-for-role --role-name ROLE
    aws iam remove-role-from-instance-profile --instance-profile-name PROFILE --role-name ROLE
    aws iam delete-role --role-name ROLE

A role made by CloudFormation or Terraform is removed there. A break-glass role is meant to lie unused: accept the
finding, with an owner and an expiry. For an Identity Center role remove the account assignment of its permission set.

## What it cannot know
RoleLastUsed and Access Advisor count attempts, including denied ones, for 400 days, less in regions that track for a shorter
time; use appears within four hours. Access Advisor shows only services that the role's own policies allow, CloudTrail only
what its trails record, and from the day on from which they were read. A role in an instance
profile may belong to an instance that has yet to call AWS, hence the doubt in the evidence. Yearly jobs and disaster
recovery look unused.

## References
- [RoleLastUsed](https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleLastUsed.html)
- [Last accessed
information](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html)
- [Delete roles](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_manage_delete.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from collectors.records import Role
from findings.analysis.facts import Facts
from findings.analysis.usage import ADVISOR, CLOUDTRAIL
from findings.rules.sessions import READS
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType

TRACKED_DAYS = 400
ROLE_LAST_USED = "RoleLastUsed"
CONFIDENCE = {1: "medium", 2: "high", 3: "high"}  # by how many sources spoke

RULE = Rule(
    code="LP101",
    slug="unused-role",
    severity=Severity.MEDIUM,
    subject=SubjectType.ROLE,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    helps=("iam:GetServiceLastAccessedDetails", *READS),
    settings={"unused_days": 90},
    controls={
        "AWS Well-Architected": ("SEC03-BP04",),
    },
    title="Role has not been used since a date",
    doc=__doc__,
)


class Use(NamedTuple):
    """The last use that a source saw. service: by prefix, or a call's name."""

    at: datetime
    source: str
    region: str
    service: str = ""


def judge(role: Role, facts: Facts) -> Iterator[Outcome]:
    window = facts.settings.unused_days
    if role.service_linked or not facts.older(role.created_at, window):
        return
    last = max(_uses(role, facts), default=None)
    if last is not None and not facts.older(last.at, window):
        seen = "" if last.source == ROLE_LAST_USED else f", as {last.source} shows for {last.service}"
        yield Clear(f"used on {last.at:%Y-%m-%d}, within {window} days{seen}", sighting=True)
        return
    yield Open(f"{_named(role)} {_unused(role, last, facts)}", _evidence(role, last, facts))


def _uses(role: Role, facts: Facts) -> Iterator[Use]:
    if role.last_used_at is not None:
        yield Use(role.last_used_at, ROLE_LAST_USED, role.last_used_region)
    advisor = facts.advisor.get(role.unique_id)
    service = advisor.last_use if advisor else None
    if service is not None and service.last_at is not None:
        yield Use(service.last_at, ADVISOR, service.region, service.namespace)
    for call in facts.activity.uses(role):
        if call.used_at is not None:
            yield Use(call.used_at, CLOUDTRAIL, "", f"{call.source} {call.name}")


def _named(role: Role) -> str:
    if role.reserved:
        return f"Permission set {role.permission_set} (role {role.name})"
    return f"Role {role.name}"


def _unused(role: Role, last: Use | None, facts: Facts) -> str:
    if last is not None:
        return f"has not been used since {last.at:%Y-%m-%d}"
    if facts.older(role.created_at, TRACKED_DAYS):
        return f"has not been used in the {TRACKED_DAYS} days that AWS remembers"
    return f"was never used since it was made on {role.created_at:%Y-%m-%d}"


def _evidence(role: Role, last: Use | None, facts: Facts) -> dict[str, Json]:
    spoke = [ROLE_LAST_USED, *([ADVISOR] if facts.advised(role) else []), *([CLOUDTRAIL] if _watched(facts) else [])]
    evidence: dict[str, Json] = {
        "created_at": role.created_at.isoformat(),
        "last_used_at": last.at.isoformat() if last else None,
        "last_used_region": last.region if last else "",
        "sources": list(spoke),
        "confidence": CONFIDENCE[len(spoke)],
        "unused_days": facts.settings.unused_days,
    }
    if last is not None and last.service:
        evidence["last_used_service"] = last.service
    if role.instance_profiles:
        evidence["instance_profiles"] = [profile.arn for profile in role.instance_profiles]
        evidence["doubt"] = "It is in an instance profile: see whether an instance carries it before it is deleted."
    return evidence


def _watched(facts: Facts) -> bool:
    """Whether CloudTrail's silence counts: its events were read for the whole window."""
    since = facts.activity.since
    return since is not None and facts.older(since, facts.settings.unused_days) and not facts.gaps((), READS)
