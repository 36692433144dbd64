"""The services that a principal may use and did not, as far as that can be said of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from collectors.records import Role, User
from findings.analysis.facts import Facts
from findings.analysis.granted_since import granted_throughout
from findings.analysis.unseen import unseen
from findings.analysis.usage import TRACKED_DAYS, Use, use

LATELY = "was not granted for the whole window, or since when it is granted is not known"
UNTOLD = "no source tells of its use"
TOLD = 5  # services that a reason names
EVERY = "every service"  # stands for all in `unknown` where no source was read


@dataclass(frozen=True, slots=True)
class UnusedService:
    """actions: those that are effective and whose use could have been seen. last: an attempt before the window."""

    service: str
    actions: int
    last: datetime | None

    def said(self, principal: Role | User, facts: Facts) -> str:
        """ "ec2: last on 2026-01-02"; dates only, so that it stays the same from day to day."""
        if self.last is not None:
            return f"{self.service}: last on {self.last:%Y-%m-%d}"
        if facts.older(principal.created_at, TRACKED_DAYS):
            return f"{self.service}: not in the {TRACKED_DAYS} days that AWS remembers"
        return f"{self.service}: never since {principal.created_at:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class ServicesOf:
    """What a principal's effective services are: used, unused, or unknown with the reason."""

    used: tuple[str, ...]
    unused: tuple[UnusedService, ...]
    unknown: dict[str, str]


def services_of(
    principal: Role | User, facts: Facts, days: int, services: Iterable[str] | None = None, known: Use | None = None
) -> ServicesOf:
    """services: only these, else all that it may use."""
    catalogue, known = facts.permissions.catalogue, known or use(principal, facts)
    upper = facts.permissions.reach(principal).upper & ~unseen(catalogue)
    if known.unread and not known.services and services is None:
        return ServicesOf((), (), {EVERY: known.unread} if upper else {})
    start = facts.as_of - timedelta(days=days)
    used: list[str] = []
    unused: list[UnusedService] = []
    unknown: dict[str, str] = {}
    throughout: int | None = None
    for service in catalogue.services if services is None else services:
        actions = upper & catalogue.services.get(service, 0)
        if not actions:
            continue
        tried = known.used(service, start)
        if tried:
            used.append(service)
        elif tried is None:
            unknown[service] = known.unread or UNTOLD
        else:
            if throughout is None:
                throughout = granted_throughout(principal, facts, days)
            if actions & throughout:
                unused.append(UnusedService(service, actions, known.last(service)))
            else:
                unknown[service] = LATELY
    return ServicesOf(tuple(used), tuple(unused), unknown)


def why_unknown(unknown: dict[str, str]) -> str:
    """One sentence a reason, with the first services it is about and how many more there are."""
    return "; ".join(
        reason if reason not in (LATELY, UNTOLD) else f"{_some(names)}: {reason}"
        for reason, names in by_reason(unknown).items()
    )


def by_reason(unknown: dict[str, str]) -> dict[str, list[str]]:
    """Reason -> the services it is about, by name."""
    found: dict[str, list[str]] = {}
    for service, reason in sorted(unknown.items()):
        found.setdefault(reason, []).append(service)
    return found


def _some(names: list[str]) -> str:
    return ", ".join(names[:TOLD]) + (f" and {len(names) - TOLD} more" if len(names) > TOLD else "")
