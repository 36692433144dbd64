"""
## What it does
Opens when a role or user uses a service, but not all of the actions that change something there (write and permissions
management) and that its policies leave it. Used is what CloudTrail's events show as allowed within the window
(`unused_days`, 90 by default), whatever the call is named there, and what Access Advisor tells by action. Judged are only
actions whose use a management event would show, of the services that this can be said of, granted during the whole window;
and only if events were read for the whole window and Access Advisor was read too. Services that are not used at all LP104
tells, administrators LP201, roles that are not used LP101.

## Why it matters
A role that starts instances and may also delete snapshots is worth a backup to whoever takes it over. Actions that nobody uses
can go without anybody missing them.

## How to fix
Ask for a right-sized policy on the page of the role or user, or name the used actions in the next version of its policies:

    aws iam create-policy-version --policy-arn ARN --policy-document file://smaller.json --set-as-default

IAM Access Analyzer makes a policy from CloudTrail too: `aws accessanalyzer start-policy-generation`.

## What it cannot know
The use of what events do not show: iam:PassRole, actions on data (objects, items, messages), and actions that are checked
together with another call. What a trail leaves out, such as other regions. Denied calls are attempts and no use. Yearly jobs
and disaster recovery look unused. The evidence counts what was not judged.

## References
- [Refine permissions using last accessed
information](https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html)
- [Management
events](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from collectors.records import Role, User
from findings.analysis.activity.seen import visible
from findings.analysis.facts import Facts
from findings.analysis.granted_since import granted_throughout
from findings.analysis.usage import idle, use
from findings.analysis.used import NO_EVENTS, Window
from findings.policy.catalogue import Level
from findings.rules.sessions import NEXT_STEP, READS
from findings.rules.words import few, guardrails_seen
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

EXAMPLES = 20

RULE = Rule(
    code="LP105",
    slug="unused-action-access",
    severity=Severity.LOW,
    subject=SubjectType.ROLE,
    also=(SubjectType.USER,),
    kind=RuleKind.LACKS,
    effort=Effort.MEDIUM,
    needs=("iam:GetAccountAuthorizationDetails",),
    each=("iam:GenerateServiceLastAccessedDetails",),
    any_of=READS,
    helps=("iam:GetServiceLastAccessedDetails", "organizations:ListPolicies"),
    settings={"unused_days": 90},
    controls={
        "AWS Well-Architected": ("SEC03-BP04",),
    },
    title="A role or user may do more in a service than it does",
    doc=__doc__,
)


def judge(principal: Role | User, facts: Facts) -> Iterator[Outcome]:
    days = facts.settings.unused_days
    if (isinstance(principal, Role) and principal.service_linked) or not facts.older(principal.created_at, days):
        return
    if facts.permissions.admin(principal):
        yield Clear(f"{principal.name} is an effective administrator: LP201 tells it")
        return
    window = Window(use(principal, facts), facts.as_of - timedelta(days=days), facts.permissions.catalogue)
    if reason := facts.permissions.unknown(principal) or _unknown(window):
        yield Unknown(reason)
        return
    granted = granted_throughout(principal, facts, days) & facts.permissions.reach(principal).upper
    unused, blind = _unused(granted, window)
    if unused and idle(principal, facts):
        yield Clear("nothing was used at all: LP101 tells it")
    elif unused:
        yield Open(_title(principal, unused, days), _evidence(principal, unused, blind, granted, window, facts))
    elif blind:
        yield Unknown(f"Access Advisor saw {few(blind)} used, and CloudTrail tells no call on it that is an action's")
    else:
        yield Clear("events show no changing action, in the services that it uses, that it has and does not use")


def _unknown(window: Window) -> str:
    """Why silence says nothing of the principal's actions; "" when it does."""
    if window.silent == NO_EVENTS:
        return f"{NO_EVENTS}: {NEXT_STEP}"
    return window.silent or window.known.unread


def _unused(granted: int, window: Window) -> tuple[dict[str, list[str]], list[str]]:
    """Service -> its unused changing actions, and the services in use that events tell nothing of: Access Advisor saw them used,
    and CloudTrail no call that is mapped to an action."""
    catalogue = window.catalogue
    unused: dict[str, list[str]] = {}
    blind = []
    for service, actions in catalogue.services.items():
        mine = granted & actions & visible(catalogue)
        if not mine or not window.known.used(service, window.since):
            continue
        if window.deaf(service):
            blind.append(service)
        if some := catalogue.members(window.told(service, mine).unused):
            unused[service] = some
    return unused, blind


def _title(principal: Role | User, unused: dict[str, list[str]], days: int) -> str:
    total = sum(map(len, unused.values()))
    if isinstance(principal, Role) and principal.reserved:
        who = f"Permission set {principal.permission_set} (role {principal.name})"
    else:
        who = f"{type(principal).__name__} {principal.name}"
    return f"{who} did not use {total} of the changing actions that it has in {few(list(unused))} in {days} days"


def _evidence(
    principal: Role | User,
    unused: dict[str, list[str]],
    blind: list[str],
    granted: int,
    window: Window,
    facts: Facts,
) -> dict[str, Json]:
    catalogue, known = window.catalogue, window.known
    changing = granted & (catalogue.levels[Level.WRITE] | catalogue.levels[Level.PERMISSIONS])
    names = [name for some in unused.values() for name in some]
    dangerous = [name for name in names if catalogue.level_of(name) is Level.PERMISSIONS]
    evidence: dict[str, Json] = {
        "services": [f"{service}: {len(some)} unused" for service, some in unused.items()],
        "actions": len(names),
        "permissions_management": dangerous[:EXAMPLES],
        "examples": names[:EXAMPLES],
        "used": catalogue.members(window.used)[:EXAMPLES],
        "not_judged": (changing & ~visible(catalogue)).bit_count(),
        "read_since": known.actions_since.date().isoformat() if known.actions_since else "",
        "unused_days": facts.settings.unused_days,
        "guardrails": guardrails_seen(facts),
    }
    if known.unmapped:
        evidence["unmapped_calls"] = list(known.unmapped[:EXAMPLES])
    if blind:
        evidence["not_heard_of"] = blind
    if isinstance(principal, Role) and principal.reserved:
        evidence["change_in"] = "IAM Identity Center"
    return evidence
