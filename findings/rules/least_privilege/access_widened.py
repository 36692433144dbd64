"""
## What it does
Opens when effective access was widened in the last 14 days: a policy's document allows more than it did, a role, user or
group got a policy, a user joined a group, a permissions boundary was removed or changed, a Deny went, or a role's trust
policy lets somebody else in. The finding stands where the change was made: on the policy, the group, the role or user. What
is new is not widened: a role made last week is reported by what it may do, not here. A change that allows the same or less,
another order or wording of the same, stays silent; so does one that a boundary or an SCP blocks.

## Why it matters
Access grows one small change at a time, and each looks harmless alone. Two weeks later nobody remembers why. It is also how
an intruder stays: by attaching a policy to a role that nobody looks at.

## How to fix
Ask who made the change; take it back if it was not meant:

    aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue=NAME
    aws iam set-default-policy-version --policy-arn ARN --version-id v1
    aws iam detach-role-policy --role-name ROLE --policy-arn ARN

If it was meant, accept the finding; it ends by itself after 14 days.

## What it cannot know
Who did it, and from where, while CloudTrail's events of these days were not read; told are the calls on the very policy,
group, role or user that can have done it, so beside the one that did it there may be others. What was two weeks ago comes
from our own collections: what came and went between two of them is not seen, and an account that is younger in iamdash, or
that is read from files, is unknown. There only the dates that AWS itself gives tell: of the versions of managed policies, and
of policies and groups that are younger than two weeks and that an older role, user or group has. Two statements are compared
by their form, so a document that says the same in quite other patterns may look wider. SCPs are taken as they are today.

## References
- [Versioning IAM policies](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html)
- [Events of IAM in CloudTrail](https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Group, Policy, Role, User
from findings.analysis.behaviour.changes import told, where, who, widens
from findings.analysis.behaviour.provenance import about
from findings.analysis.facts import Facts
from findings.analysis.widened import Widened, of_documents, of_holder, previous_document, without_new
from findings.analysis.wildcards import services_of
from findings.rules.behaviour import READS_CHANGES
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

EXAMPLES = 20

RULE = Rule(
    code="LP212",
    slug="access-widened",
    severity=Severity.MEDIUM,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER, SubjectType.GROUP, SubjectType.POLICY),
    kind=RuleKind.SEES,
    effort=Effort.SMALL,
    needs=("iam:GetAccountAuthorizationDetails",),
    helps=READS_CHANGES,
    controls={
        "AWS Well-Architected": ("SEC03-BP04",),
    },
    title="Access was widened in the last two weeks",
    doc=__doc__,
)


def judge(subject: Role | User | Group | Policy, facts: Facts) -> Iterator[Outcome]:
    if isinstance(subject, Policy):
        if not subject.aws_managed:
            yield _of_policy(subject, facts)
    elif not (isinstance(subject, Role) and subject.service_linked):
        yield _of_holder(subject, facts)


def _of_policy(policy: Policy, facts: Facts) -> Outcome:
    if not policy.attachment_count and not policy.boundary_count:
        return Clear("attached to nobody")
    if facts.older(policy.created_at, 14):
        was = facts.past.was(policy) if not facts.past.unknown() else None
        known = not facts.past.unknown()
        then = (
            (was.document if isinstance(was, Policy) else policy.document)
            if known
            else previous_document(policy, facts)
        )
        if not then:
            return Unknown(f"AWS kept no version of {policy.name} from before its newest one")
        if then == policy.document:
            return Clear("its document is as it was two weeks ago")
        found = of_documents(then, policy.document, facts)
        if found is None:
            return Unknown(f"a version of {policy.name} cannot be read")
        return _told(policy, found, facts) if found else Clear("its document changed and allows no more than it did")
    return Clear(f"made on {policy.created_at:%Y-%m-%d}: new, not widened")


def _of_holder(holder: Role | User | Group, facts: Facts) -> Outcome:
    if not facts.older(holder.created_at, 14):
        return Clear(f"made on {holder.created_at:%Y-%m-%d}: new, not widened")
    if isinstance(holder, Group) and not facts.members_by_group.get(holder.name):
        return Clear("has no members")
    unknown = facts.past.unknown()
    was = without_new(holder, facts) if unknown else facts.past.was(holder)
    found = of_holder(was, holder, facts) if was else None  # type: ignore[arg-type]  # the same id is the same kind
    if found:
        return _told(holder, found, facts)
    if unknown:
        return Unknown(unknown)
    if was is None:
        return Clear("it is as it was two weeks ago")
    unread = facts.permissions.unknown(holder) or facts.past.facts.permissions.unknown(was)  # type: ignore[arg-type]
    return Unknown(unread) if unread else Clear("it changed, and may do no more than it could")


def _told(subject: Role | User | Group | Policy, found: Widened, facts: Facts) -> Open:
    catalogue = facts.permissions.catalogue
    names, services = catalogue.members(found.mask), services_of(found.mask, catalogue)
    what = f": {len(names)} action{'s' if len(names) > 1 else ''} of {few(services)}" if names else ""
    until = facts.past.until(subject)
    evidence: dict[str, Json] = {
        "changes": list(found.causes),
        "gained": names[:EXAMPLES],
        "gained_actions": len(names),
        "services": list(services),
        "on": list(found.where),
        "admits": list(found.admits),
        "seen_before_until": until.isoformat() if until else None,
        **_made(subject, facts),
    }
    return Open(f"Access of {subject.name} was widened{what} ({'; '.join(found.causes[:3])})", evidence)


def _made(subject: Role | User | Group | Policy, facts: Facts) -> dict[str, Json]:
    """Who, and by which calls, as CloudTrail tells it."""
    events = [one for one in about(subject, facts) if widens(one) and not facts.older(one.at, 14)]
    if events:
        people = list(dict.fromkeys(f"{who(one)}{where(one, facts)}" for one in events))
        return {"made_by": people[-EXAMPLES:], "calls": [told(one, facts) for one in events][-EXAMPLES:]}
    since = facts.behaviour.changes_since
    if since is None:
        return {"made_by": "unknown: CloudTrail was not read"}
    if facts.older(since, 14):
        return {"made_by": "unknown: CloudTrail's events tell of no such call"}
    return {"made_by": f"unknown: CloudTrail was read since {since:%Y-%m-%d} only, and tells of no such call"}
