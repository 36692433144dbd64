"""What an account's judgement tells of what could be denied there, besides the rows of use: how long events were read, which
services nobody tried, whether root was used, who acts by code only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from collectors.records import Role, User
from findings.analysis import baseline, ceiling
from findings.analysis.behaviour.changes import by_code, of_configuration
from findings.analysis.facts import Facts
from findings.analysis.proposed.groups import ACTIONS
from findings.analysis.proposed.model import WINDOW
from findings.analysis.root import REPORT
from findings.analysis.unused_services import EVERY, services_of
from findings.analysis.usage import heard

SAID = 3  # principals that a reason names


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """since, until: events were read without a gap; None: not, for `unread`. used: services that somebody tried in the window;
    unknown: those of which nobody can say it -> why; every: why that is so of all. root: why root may have been used, "" when it
    surely was not. makers: ARNs of roles and users that changed IAM by code and never by hand. denied: of groups.ACTIONS what
    SCPs deny to everybody now; root_denied: all that root does."""

    since: datetime | None = None
    until: datetime | None = None
    unread: str = ""
    used: tuple[str, ...] = ()
    unknown: dict[str, str] = {}
    every: str = ""
    root: str = ""
    makers: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    root_denied: bool = False


def evidence(facts: Facts) -> Evidence | None:
    """None: no SCP can bind the account."""
    if facts.guardrails.management or facts.guardrails.organization_id == "":
        return None
    whole, (used, unknown, every) = heard(facts), _services(facts)
    gap = ceiling.gap(facts, [(action, "*") for action in ACTIONS])
    left = {*gap.open, *gap.unsure}
    return Evidence(
        since=whole.since,
        until=whole.until,
        unread=whole.why,
        used=used,
        unknown=unknown,
        every=every,
        root=_root(facts),
        makers=tuple(sorted(_makers(facts))),
        denied=tuple(action for action in ACTIONS if action not in left),
        root_denied=_root_denied(facts),
    )


def _services(facts: Facts) -> tuple[tuple[str, ...], dict[str, str], str]:
    used: set[str] = set()
    unknown: dict[str, str] = {}
    blind: list[str] = []
    everybody: tuple[Role | User, ...] = (*facts.snapshot.roles, *facts.snapshot.users)
    for principal in everybody:
        if isinstance(principal, Role) and principal.service_linked:
            continue
        if reason := facts.permissions.unknown(principal):
            blind.append(reason)
            continue
        found = services_of(principal, facts, WINDOW)
        used.update(found.used)
        if EVERY in found.unknown:
            blind.append(found.unknown[EVERY])
        for service, why in found.unknown.items():
            unknown.setdefault(service, f"{principal.name}: {why}")
    unknown = {service: why for service, why in sorted(unknown.items()) if service not in used and service != EVERY}
    more = f" (and {len(blind) - SAID} more)" if len(blind) > SAID else ""
    return tuple(sorted(used)), unknown, "; ".join(blind[:SAID]) + more


def _root(facts: Facts) -> str:
    """By its credentials: what it does with data is no event."""
    row, start = facts.root_credential, facts.as_of - timedelta(days=WINDOW)
    if row is None or not facts.complete(REPORT):
        return "nobody knows when the root user signed in last: the credential report was not read"
    used = [row.password_last_used, *(slot.last_used_at for slot in row.slots)]
    last = max((at for at in used if at), default=None)
    return f"the root user signed in on {last:%Y-%m-%d}" if last and last >= start else ""


def _makers(facts: Facts) -> Iterator[str]:
    """Roles and users all of whose changes to IAM came from code."""
    known = {one.arn for one in (*facts.snapshot.roles, *facts.snapshot.users)}
    by: defaultdict[str, list[bool]] = defaultdict(list)
    for event in facts.snapshot.admin_events:
        if of_configuration(event) and not event.error and event.principal_arn in known:
            by[event.principal_arn].append(bool(by_code(event)))
    yield from (arn for arn, code in by.items() if all(code))


def _root_denied(facts: Facts) -> bool:
    gap = next(part.gap(facts) for part in baseline.parts(facts) if part.name == "root")
    return not gap.open and not gap.unsure
