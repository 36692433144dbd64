"""What a reviewer is shown of an access, as it is at one moment: plain JSON, bounded in size, with what cannot be known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from collectors.records import AccessKey, Role, State, User
from findings.analysis.facts import Facts
from findings.analysis.reviewing.standing import ADMIN, ALL, DETAILS, GROUP, INLINE, KEYS, POLICY, REPORT, SERVICE
from findings.analysis.trust.external import EXTERNAL_ID, External
from findings.analysis.trust.who import Admission
from findings.analysis.usage import Use, heard, use
from findings.policy.catalogue import Level
from findings.policy.document import Condition, Unreadable

if TYPE_CHECKING:
    from findings.analysis.reviewing.items import OpenFinding

SERVICES, ADMITTED, FINDINGS, HELD = 25, 20, 20, 50  # of each at most; what is left out is counted
LEVELS = (Level.PERMISSIONS, Level.WRITE, Level.TAGGING, Level.READ, Level.LIST, Level.UNKNOWN)
# What every item rests on: when one of these was never asked, that is told as well.
RESTS_ON = (DETAILS, REPORT, KEYS, "iam:GetServiceLastAccessedDetails")
SUGGESTS = frozenset({"LP104"})  # rules whose findings name services that nobody would miss
Told = dict[str, Any]


def of_principal(one: Role | User, facts: Facts, findings: Sequence[OpenFinding]) -> Told:
    used = use(one, facts)
    become = _admitted(one, facts) if isinstance(one, Role) else _signs_in(one, facts)
    return {
        "who": _who(one, facts),
        "become": become,
        "may": _may(one, facts, used, findings),
        "used": _used(one, facts, used),
        "guardrails": _guardrails(one, facts),
        "findings": _findings(findings),
        "parts": _parts(one, facts),
        "suggested": _suggested(findings),
        "unknown": list(_unknown(one, facts, used)),
    }


def of_trust(role: Role, some: Sequence[External], facts: Facts, findings: Sequence[OpenFinding]) -> Told:
    one = some[0]
    told = of_principal(role, facts, findings)
    outsider = {
        "principal": one.principal,
        "kind": one.kind,
        "account": one.account,
        "standing": one.standing.label,
        "vendor": one.vendor,
        "only_if": [_conditions(each.conditions) for each in some],
        "external_id": all(each.external_id for each in some),
        "kept_out_by": list(one.blocked_by),
        "unknown": one.reason,
    }
    return told | {"outsider": outsider, "parts": [], "suggested": []}


def of_key(key: AccessKey, facts: Facts, findings: Sequence[OpenFinding]) -> Told:
    user = facts.user_by_arn.get(key.user_arn)
    told = of_principal(user, facts, findings) if user else {"findings": _findings(findings), "unknown": []}
    used = [["access key", _at(key.last_used_at)]] if key.last_used_at else []
    unknown = [] if key.use_known else ["the credential report does not tell this key from another"]
    own = {
        "id": key.unique_id,
        "user": key.user_name,
        "active": key.active,
        "created_at": _at(key.created_at),
        "last_used_at": _at(key.last_used_at),
        "last_used": " in ".join(filter(None, (key.last_used_service, key.last_used_region))),
    }
    return told | {"key": own, "used": {"by": used}, "parts": [], "suggested": [], "unknown": told["unknown"] + unknown}


def of_account(facts: Facts) -> Told:
    """How complete what was known of the account was, and what binds all of it."""
    rows = facts.snapshot.coverage
    short = [c for c in rows if c.state not in (State.COMPLETE, State.NOT_APPLICABLE)]
    read = [c.observed_at for c in rows if c.api == DETAILS and c.state is State.COMPLETE]
    listened = heard(facts)
    return {
        "read_at": _at(min(read, default=None)),
        "missing": sorted({str(gap) for api in (*RESTS_ON, *(c.api for c in short)) for gap in facts.gaps((api,))}),
        "apis": len({c.api for c in rows}),
        "events_since": _at(listened.since),
        "events_unread": listened.why,
        "scps": [[level.name, [p.name for p in level.policies]] for level in facts.guardrails.scp or ()],
        "scps_unseen": facts.guardrails.unseen if facts.guardrails.scp is None else "",
    }


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _who(one: Role | User, facts: Facts) -> Told:
    kind, confidence, reasons = facts.kind(one)
    told: Told = {
        "type": "role" if isinstance(one, Role) else "user",
        "name": one.name,
        "arn": one.arn,
        "id": one.unique_id,
        "path": one.path,
        "created_at": _at(one.created_at),
        "kind": kind.value,
        "confidence": confidence.value,
        "reasons": list(reasons),
    }
    if isinstance(one, Role) and one.reserved:
        told["permission_set"] = one.permission_set
    return told


def _admitted(role: Role, facts: Facts) -> Told:
    trust = facts.document(role.trust)
    if isinstance(trust, Unreadable):
        return {"unknown": f"its trust policy could not be read: {trust.reason}"}
    some = facts.admitted(role)
    return {"who": [_admission(one) for one in some[:ADMITTED]], "more": max(0, len(some) - ADMITTED)}


def _admission(one: Admission) -> Told:
    return {
        "principal": one.principal,
        "kind": one.kind,
        "inside": True if one.kind == "service" else one.inside,
        "only_if": _conditions(one.conditions),
    }


def _conditions(some: Iterable[Condition]) -> list[str]:
    """Values of an external id may be shared secrets: they are left out."""
    return [
        f"{c.operator} {c.key}" + ("" if c.key.lower() == EXTERNAL_ID else f" {', '.join(c.values[:5])}") for c in some
    ]


def _signs_in(user: User, facts: Facts) -> Told:
    row, keys = facts.credential(user), facts.keys(user)
    told: Told = {
        "password": row.password_enabled if row else None,
        "mfa": row.mfa_active if row else None,
        "keys": [[key.unique_id, key.active, _at(key.last_used_at)] for key in keys],
        "groups": list(user.groups[:HELD]),
    }
    if gaps := facts.gaps((REPORT, KEYS)):
        told["unknown"] = "; ".join(map(str, gaps))
    elif row is None:
        told["unknown"] = "the credential report is older than the user"
    return told


def _may(one: Role | User, facts: Facts, used: Use, findings: Sequence[OpenFinding]) -> Told:
    permissions = facts.permissions
    levels = permissions.access(one)
    admin = permissions.admin(one)
    summary = permissions.summary(one)
    order = sorted(summary, key=lambda s: [-(c.effective if (c := summary[s].get(v)) else 0) for v in LEVELS])
    services = [_service(name, summary[name], used) for name in order[:SERVICES]]
    return {
        "levels": {v.value: [levels[v].granted, levels[v].effective] for v in LEVELS if v in levels},
        "services": services,
        "more_services": len(summary) - len(services),
        "admin": {"by": list(admin.policies), "asks": list(admin.keys)} if admin else None,
        "escalation": [f.title for f in findings if f.code in ("LP301", "LP304")],
        "unknown": permissions.unknown(one),
    }


def _service(name: str, levels: Mapping[Level, Any], used: Use) -> list[Any]:
    """[prefix, actions in effect by LEVELS, last use, its source]; last use None: none was seen, "": no source tells."""
    seen = used.services.get(name)
    last = _at(seen.at) if seen else ""
    return [name, [levels[v].effective if v in levels else 0 for v in LEVELS], last, seen.source if seen else ""]


def _used(one: Role | User, facts: Facts, used: Use) -> Told:
    """by: [source, last use], the newest first."""
    last: dict[str, datetime] = {}
    for service in used.services:
        for seen in used.sightings(service):
            if seen.at:
                last[seen.source] = max(seen.at, last.get(seen.source, seen.at))
    if isinstance(one, Role) and one.last_used_at:
        last["role last used"] = one.last_used_at
    row = facts.credential(one) if isinstance(one, User) else None
    if row and row.password_last_used:
        last["password"] = row.password_last_used
    return {
        "by": [[source, _at(at)] for source, at in sorted(last.items(), key=lambda pair: pair[1], reverse=True)],
        "since": _at(used.since),
        "unread": used.unread,
        "events_unread": used.actions_unread,
    }


def _guardrails(one: Role | User, facts: Facts) -> Told:
    boundary = facts.permissions.library.boundary(one)
    return {
        "boundary": boundary.title if boundary else "",
        "scps": facts.permissions.library.binds(one) and not facts.guardrails.management and bool(facts.guardrails.scp),
        "unseen": facts.guardrails.unseen if facts.guardrails.scp is None else "",
    }


def _findings(some: Sequence[OpenFinding]) -> list[Told]:
    worst = sorted(some, key=lambda f: (-f.severity, f.id))[:FINDINGS]
    return [
        {"id": f.id, "code": f.code, "severity": f.severity, "title": f.title, "since": _at(f.opened_at)} for f in worst
    ]


def _parts(one: Role | User, facts: Facts) -> list[list[str]]:
    """[part, words] of what can be revoked."""
    found = [[ALL, f"All of it: the {'role' if isinstance(one, Role) else 'user'} goes"]]
    if facts.permissions.admin(one):
        found.append([ADMIN, "Administration"])
    found += [[f"{POLICY}:{arn}", f"Policy {arn.rpartition('/')[2]}"] for arn in one.attached[:HELD]]
    found += [[f"{INLINE}:{name}", f"Inline policy {name}"] for name in list(one.inline)[:HELD]]
    if isinstance(one, User):
        found += [[f"{GROUP}:{name}", f"Membership of group {name}"] for name in one.groups[:HELD]]
    return found


def _suggested(findings: Iterable[OpenFinding]) -> list[str]:
    """Parts that right-sizing would take away: services that were not used."""
    return [f"{SERVICE}:{name}" for f in findings if f.code in SUGGESTS for name in f.services[:HELD]]


def _unknown(one: Role | User, facts: Facts, used: Use) -> Iterator[str]:
    """What cannot be known of it."""
    if unknown := facts.permissions.unknown(one):
        yield unknown
    if used.unread:
        yield used.unread
    if used.actions_unread:
        yield used.actions_unread
    elif used.actions_since is None:
        yield "no CloudTrail events were read, so what it did is not known"
