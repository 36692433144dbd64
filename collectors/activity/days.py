"""What each principal called itself, day by day: the ground of baselines.

The store adds the same up in SQL (collectors/models/days_view.py); what counts as what is said here, for both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

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

Key = tuple[Actor, str, str, date]  # actor, principal's id, key, day
Alike = dict[tuple[str, ...], tuple[str, ...]]


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


@dataclass(slots=True)
class Day:
    n: int = 0
    denied: int = 0
    services: set[str] = field(default_factory=set)
    regions: set[str] = field(default_factory=set)
    recon: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)

    def add(self, row: Row) -> None:
        self.n += row.n
        self.denied += row.denied
        self.services.add(row.source)
        if row.source not in REGIONLESS:
            self.regions.add(row.region)
        if row.kind != CONSOLE and is_recon(row.source, row.name):
            self.recon.add(spelled(row.source, row.name))
        if row.denied:
            self.refused.add(spelled(row.source, row.name))


def days(account: str, rows: Iterable[Row]) -> tuple[PrincipalDay, ...]:
    found: dict[Key, Day] = {}
    for row in rows:
        if row.kind != SERVICE:
            found.setdefault(row.key, Day()).add(row)
    alike: Alike = {}
    return tuple(record(account, key, found[key], alike) for key in sorted(found, key=lambda k: (k[3], *k[:3])))


def record(account: str, key: Key, day: Day, alike: Alike) -> PrincipalDay:
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
        recon=_kept(day.recon, alike),
        refused=_kept(day.refused, alike),
    )


def _kept(names: set[str], alike: Alike) -> tuple[str, ...]:
    told = tuple(sorted(names))
    return alike.setdefault(told, told)


def is_recon(source: str, name: str) -> bool:
    """Whether the call looks around: who is there, and what they may do."""
    return source in RECON and name not in OWN and READS.match(name) is not None


def spelled(source: str, name: str) -> str:
    """ "iam:ListRoles"."""
    return f"{source.partition('.')[0]}:{name}"
