"""What is put before the reviewers of an account: one item for each role or user, access key, or outsider in a role's trust."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from collectors.records import AccessKey, Role, User
from findings.analysis.facts import Facts
from findings.analysis.kinds import Kind
from findings.analysis.reviewing import evidence
from findings.analysis.reviewing.standing import ALL, KEY, trust_part
from findings.analysis.trust.external import External, Standing, external

ESCALATING = frozenset({"LP301", "LP304"})
UNUSED = frozenset({"LP101", "LP102", "LP103", "KY103", "KY104"})
WITH_PEOPLE = frozenset({Kind.MIXED, Kind.BREAK_GLASS, Kind.INTERACTIVE})
MOST_PEOPLE = 200


class Which(enum.StrEnum):
    """Sets of a campaign; what is in several of them is one item."""

    EVERY = "all"
    PEOPLE = "people"
    ADMINS = "admins"
    EXTERNAL = "external"
    UNUSED = "unused"
    KEYS = "keys"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Which.EVERY: "All roles and users",
    Which.PEOPLE: "What people use",
    Which.ADMINS: "Administrators, and those who can become one",
    Which.EXTERNAL: "What outsiders may become",
    Which.UNUSED: "Unused access",
    Which.KEYS: "Access keys",
}


class ItemKind(enum.StrEnum):
    PRINCIPAL = "principal"
    KEY = "key"
    TRUST = "trust"


@dataclass(frozen=True)
class OpenFinding:
    id: int
    code: str
    severity: int
    title: str
    opened_at: datetime
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    """id: unique id of the role, user or key. part: what "revoke" means when nothing else is chosen. arn: the principal's, or of
    the key's user. people: names under which people sign in to it, in lower case. worst: severity of its findings, 0 for none."""

    kind: ItemKind
    type: str
    id: str
    part: str
    name: str
    arn: str
    sets: tuple[Which, ...]
    worst: int
    people: tuple[str, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)


Found = Mapping[str, list[OpenFinding]]


def items(facts: Facts, findings: Found, which: frozenset[Which]) -> Iterator[Item]:
    """Of an account. findings: the open ones by their subject's unique id. Service-linked roles are nobody's to revoke."""
    for one in facts.principal_by_id.values():
        if isinstance(one, Role) and one.service_linked:
            continue
        if sets := _sets(one, facts, findings, which):
            yield _principal(one, facts, findings, sets)
        if isinstance(one, Role) and Which.EXTERNAL in which:
            yield from _trusts(one, facts, findings)
    for key in facts.snapshot.keys:
        if sets := _key_sets(key, findings, which):
            yield _key(key, facts, findings, sets)


def _codes(unique_id: str, findings: Found) -> frozenset[str]:
    return frozenset(one.code for one in findings.get(unique_id, ()))


def _sets(one: Role | User, facts: Facts, findings: Found, which: frozenset[Which]) -> tuple[Which, ...]:
    kind, codes = facts.kind(one).kind, _codes(one.unique_id, findings)
    holds = {
        Which.EVERY: True,
        Which.PEOPLE: kind.human or kind in WITH_PEOPLE,
        Which.ADMINS: bool(facts.permissions.admin(one) or codes & ESCALATING),
        Which.UNUSED: bool(codes & UNUSED),
        Which.EXTERNAL: isinstance(one, Role) and any(e.standing is Standing.UNREAD for e in external(one, facts)),
    }
    return tuple(name for name, held in holds.items() if held and name in which)


def _key_sets(key: AccessKey, findings: Found, which: frozenset[Which]) -> tuple[Which, ...]:
    unused = bool(_codes(key.unique_id, findings) & UNUSED)
    return tuple(n for n, held in {Which.KEYS: True, Which.UNUSED: unused}.items() if held and n in which)


def _worst(some: Iterable[OpenFinding]) -> int:
    return max((one.severity for one in some), default=0)


def _principal(one: Role | User, facts: Facts, findings: Found, sets: tuple[Which, ...]) -> Item:
    mine = findings.get(one.unique_id, [])
    kind = "role" if isinstance(one, Role) else "user"
    told = evidence.of_principal(one, facts, mine)
    people = _people(one, facts)
    return Item(ItemKind.PRINCIPAL, kind, one.unique_id, ALL, one.name, one.arn, sets, _worst(mine), people, told)


def _trusts(role: Role, facts: Facts, findings: Found) -> Iterator[Item]:
    """An outsider whom several statements let in is one item."""
    found: defaultdict[str, list[External]] = defaultdict(list)
    for one in external(role, facts):
        if one.standing is not Standing.UNREAD:
            found[trust_part(one.kind, one.account, one.principal)].append(one)
    mine = findings.get(role.unique_id, [])
    for part, some in found.items():
        told = evidence.of_trust(role, some, facts, mine)
        sets = (Which.EXTERNAL,)
        yield Item(ItemKind.TRUST, "role", role.unique_id, part, role.name, role.arn, sets, _worst(mine), (), told)


def _key(key: AccessKey, facts: Facts, findings: Found, sets: tuple[Which, ...]) -> Item:
    mine = findings.get(key.unique_id, [])
    user = facts.user_by_arn.get(key.user_arn)
    people = _people(user, facts) if user else ()
    told = evidence.of_key(key, facts, mine)
    return Item(ItemKind.KEY, "key", key.unique_id, KEY, key.user_name, key.user_arn, sets, _worst(mine), people, told)


def _people(one: Role | User, facts: Facts) -> tuple[str, ...]:
    """The user's own name and mail address, or under which names its sessions of the last while ran."""
    if isinstance(one, User):
        mails = [value for value in one.tags.values() if "@" in value]
        return tuple(dict.fromkeys(name.lower() for name in (one.name, *mails)))
    sessions = facts.activity.of(one, facts.settings.unused_days)
    names = (name for s in sessions for name in (s.name, s.source_identity, s.federated_user) if name)
    return tuple(dict.fromkeys(name.lower() for name in names))[:MOST_PEOPLE]
