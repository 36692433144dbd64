"""What each principal called itself, day by day: the ground of baselines.

The store adds the same up in SQL (collectors/models/days_view.py); what counts as what is said here, for both.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from operator import itemgetter
from typing import Any, TypeVar

from collectors.activity.evidence import CONSOLE, SERVICE
from collectors.records import Actor, PrincipalDay

# Their events are recorded in one region, or in varying ones, whatever region the caller works in (AWS.md 6).
REGIONLESS = frozenset(
    f"{host}.amazonaws.com"
    for host in (
        "account", "artifact", "billing", "budgets", "ce", "cloudfront", "consolidatedbilling", "cur", "globalaccelerator",
        "health", "iam", "invoicing", "networkmanager", "organizations", "payments", "route53", "route53domains", "shield",
        "signin", "sso", "sts", "support", "tax", "trustedadvisor", "waf",
    )
)  # fmt: skip
RECON = frozenset({"iam.amazonaws.com", "sts.amazonaws.com", "organizations.amazonaws.com"})
READS = re.compile(r"(?:List|Get|Describe|Simulate)")
# Of credentials for oneself, and what answers to the caller about himself alone, as every SDK asks for.
OWN = frozenset({"GetCallerIdentity", "GetSessionToken", "GetFederationToken", "GetWebIdentityToken"})

HOUR = timedelta(hours=1)

Key = tuple[Actor, str, str, date]  # actor, principal's id, key, day
Moment = tuple[datetime, str]  # when, and which call
Alike = dict[tuple[str, ...], tuple[str, ...]]
Call = TypeVar("Call", str, int)


@dataclass(slots=True)
class Row:
    """Calls of one name on a day, by one sort of credentials."""

    key: Key
    source: str
    name: str
    region: str
    kind: int
    n: int
    denied: int
    first_at: datetime
    last_at: datetime


@dataclass(slots=True)
class Day:
    n: int = 0
    denied: int = 0
    services: set[str] = field(default_factory=set)
    regions: set[str] = field(default_factory=set)
    looks: list[Moment] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def add(self, row: Row) -> None:
        self.n += row.n
        self.denied += row.denied
        self.services.add(row.source)
        if row.source not in REGIONLESS:
            self.regions.add(row.region)
        if row.kind != CONSOLE and is_recon(row.source, row.name):
            name = spelled(row.source, row.name)
            self.looks += (row.first_at, name), (row.last_at, name)
        if row.denied:
            self.refused.add(spelled(row.source, row.name))


def days(account: str, rows: Iterable[Row]) -> tuple[PrincipalDay, ...]:
    found: dict[Key, Day] = {}
    for row in rows:
        if row.kind != SERVICE:
            found.setdefault(row.key, Day()).add(row)
    alike: Alike = {}
    late = Late()
    return tuple(record(account, key, found[key], alike, late) for key in sorted(found, key=lambda k: (k[3], *k[:3])))


def record(account: str, key: Key, day: Day, alike: Alike, late: Late) -> PrincipalDay:
    """alike: lists that other days have too, which are kept once."""
    actor, principal, key_id, on = key
    return PrincipalDay(
        account_id=account,
        actor=actor,
        principal_id=principal,
        key_id=key_id,
        day=on,
        n=day.n,
        denied=day.denied,
        services=_kept(day.services, alike),
        regions=_kept(day.regions, alike),
        recon=_kept(set(late.densest(key[:3], on, day.looks)), alike),
        refused=_kept(day.refused, alike),
    )


class Late:
    """Looks of the last hour before midnight, which are of one with those after it. Days are asked for in their order."""

    def __init__(self) -> None:
        self._known: dict[object, tuple[date, list[tuple[datetime, Any]]]] = {}

    def densest(self, who: object, day: date, looks: Iterable[tuple[datetime, Call]]) -> frozenset[Call]:
        """The most different calls within an hour that ends on the day. looks: of that day, in any order."""
        own, before = sorted(looks, key=itemgetter(0)), []
        if (known := self._known.pop(who, None)) and known[0] == day - timedelta(days=1):
            before = known[1]
        if not own:
            return frozenset()
        if some := [look for look in own if look[0] >= _midnight(day + timedelta(days=1)) - HOUR]:
            self._known[who] = day, some
        return _densest(before, own)


def _densest(before: list[tuple[datetime, Call]], own: list[tuple[datetime, Call]]) -> frozenset[Call]:
    """A window that goes along with each look of the day at its end."""
    looks, start = before + own, 0
    within, best = Counter[Call](call for _, call in before), frozenset[Call]()
    for at, call in own:
        within[call] += 1
        while looks[start][0] < at - HOUR:
            gone = looks[start][1]
            within[gone] -= 1
            if not within[gone]:
                del within[gone]
            start += 1
        if len(within) > len(best):
            best = frozenset(within)
    return best


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _kept(names: set[str], alike: Alike) -> tuple[str, ...]:
    told = tuple(sorted(names))
    return alike.setdefault(told, told)


def is_recon(source: str, name: str) -> bool:
    """Whether the call looks around: who is there, and what they may do."""
    return source in RECON and name not in OWN and READS.match(name) is not None


def spelled(source: str, name: str) -> str:
    """ "iam:ListRoles"."""
    return f"{source.partition('.')[0]}:{name}"
