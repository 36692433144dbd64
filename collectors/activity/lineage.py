"""Who assumed what: the caller of AssumeRole* and of SwitchRole, and what they tell of the session that began (AWS.md 33)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import msgspec

from collectors.activity import parts
from collectors.activity.events import Event, Identity, Parameters
from collectors.activity.texts import session_name, tidy
from collectors.activity.who import UNIQUE, Principal, Who
from collectors.records import Actor, Assumption

ASSUMES = frozenset({"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})
SESSION_ARN = re.compile(r"arn:([\w-]+):sts::(\d{12}):assumed-role/([\w+=,.@-]+)/")


class Edge(NamedTuple):
    """What makes an Assumption one row."""

    account: str
    caller: str
    caller_id: str
    role_arn: str
    session_name: str
    event: str
    day: date


@dataclass(slots=True)
class Count:
    caller_account: str = ""
    role_id: str = ""
    n: int = 0
    denied: int = 0
    paired: int = 0


def edge(event: Event, who: Who, day: date) -> Edge | None:
    """The row that an event counts in; None when it names no role."""
    identity, parameters = parts.identity(event), parts.asked(event)
    principal, role, name = who.principal, _text(parameters.role_arn), session_name(parameters.role_session_name or "")
    caller, caller_id = _caller(identity, principal, parameters), principal.unique_id
    if event.event_name == "SwitchRole":
        role, name = _switched_to(identity), who.name
        caller, caller_id = _text(parts.more(event).switch_from), ""
    if not role:
        return None
    caller_id = caller_id if caller_id[:4] in UNIQUE else ""
    return Edge(principal.account, tidy(caller, 2_048), caller_id, role, name, event.event_name, day)


def tell(count: Count, event: Event, edge: Edge, principal: Principal) -> None:
    """What the row says beside its key."""
    identity, switched = parts.identity(event), event.event_name == "SwitchRole"
    account = owner(edge.caller) or ("" if switched else identity.account_id or "")
    count.role_id = max(count.role_id, principal.unique_id if switched else assumed_id(event))
    count.caller_account = max(count.caller_account, tidy(account, 12))


def assumed_id(event: Event) -> str:
    """The role's unique id, of the answer."""
    user = parts.answer(event).assumed_role_user
    return tidy(((user and user.assumed_role_id) or "").partition(":")[0], 128)


def _caller(identity: Identity, principal: Principal, parameters: Parameters) -> str:
    """The ARN of who asked, or of its identity provider, or the service's name; "" where only its id is told."""
    if identity.type in ("SAMLUser", "WebIdentityUser"):
        return _text(parameters.principal_arn) or identity.identity_provider or principal.unique_id
    if principal.actor == Actor.SERVICE:
        return principal.unique_id
    if principal.actor == Actor.ACCOUNT and principal.unique_id.isdigit():
        return f"arn:aws:iam::{principal.unique_id}:root"
    return principal.arn


def _switched_to(identity: Identity) -> str:
    """The role's ARN without its path, which a session's ARN lacks."""
    found = SESSION_ARN.match(identity.arn or "")
    return f"arn:{found[1]}:iam::{found[2]}:role/{found[3]}" if found else ""


def _text(value: object) -> str:
    return tidy(value, 2_048) if isinstance(value, str) else ""


def record(key: Edge, count: Count) -> Assumption:
    return Assumption(
        account_id=key.account,
        caller=key.caller,
        caller_id=key.caller_id,
        caller_account=count.caller_account,
        role_arn=key.role_arn,
        role_id=count.role_id,
        session_name=key.session_name,
        event=key.event,
        day=key.day,
        n=count.n,
        denied=count.denied,
        paired=count.paired,
    )


def lineage(assumptions: Iterable[Assumption]) -> list[Assumption]:
    """Those of many accounts, each call across accounts once: the two records of a pair become one, under the role's account,
    with the caller's ARN, which only its own account's record knows."""
    found: dict[tuple[str, ...], Assumption] = {}
    for one in sorted(assumptions, key=lambda a: (a.account_id != owner(a.role_arn), a.account_id, a.caller)):
        key = (one.caller_id or one.caller, one.role_arn, one.session_name, one.event, one.day.isoformat())
        other = found.get(key)
        found[key] = one if other is None else _joined(other, one)
    return list(found.values())


def _joined(one: Assumption, other: Assumption) -> Assumption:
    both = min(one.paired, other.paired) if one.account_id != other.account_id else 0
    return msgspec.structs.replace(
        one,
        caller=one.caller or other.caller,
        role_id=one.role_id or other.role_id,
        n=one.n + other.n - both,
        denied=max(one.denied, other.denied) if both else one.denied + other.denied,
        paired=one.paired + other.paired - both,
    )


def owner(arn: str) -> str:
    return arn.split(":")[4] if arn.count(":") >= 5 else ""
