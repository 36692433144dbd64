"""Where and by what a long-term key was used, week by week, and what its use says should take its place."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from django.db.models import Max, Sum
from django.utils.safestring import SafeString

from collectors.models import AccessKey, Account, UsageDaily, UsageSession
from findings.analysis.activity.event_actions import service_of
from findings.analysis.activity.networks import AWS, CI, PEOPLE, PRIVATE, SERVICE, VENDOR
from findings.analysis.activity.signs import PIPELINES
from iamdash.pages import acting
from iamdash.pages.acting import OLDEST, SHOWN, WHO
from iamdash.pages.did import ServiceUse
from iamdash.pages.watched import Watched, watched

SERVICES = 20
OTHER = "other: "  # before an agent of no known family (collectors/activity/agents.py)


class Place(StrEnum):
    """What stood behind a day's use, as far as the place and the agent tell."""

    PERSON = "a person"
    CI = "a CI system"
    OURS = "compute in AWS or in a private network"
    VENDOR = "a vendor"
    ELSEWHERE = "somewhere else"


@dataclass(frozen=True)
class Replacement:
    """What could serve in the key's place, and why we think so."""

    what: str
    because: str
    steps: tuple[str, ...]


INSTEAD = {
    Place.PERSON: (
        "Sessions of IAM Identity Center",
        ("Give the person a permission set.", "They run `aws sso login` instead of holding a key."),
    ),
    Place.CI: (
        "A role that trusts the CI's OpenID Connect provider",
        ("Bind the trust policy to the repository and the branch.", "The pipeline asks for the role; no secret is stored."),
    ),
    Place.OURS: (
        "An instance, task or execution role",
        ("Attach the role to the instance, task or function.", "Take the key out of its configuration: SDKs find the role."),
    ),
    Place.VENDOR: (
        "A role that trusts the vendor's account",
        ("Ask the vendor for its account id.", "Ask for an external id in the trust policy."),
    ),
    Place.ELSEWHERE: (
        "IAM Roles Anywhere with a certificate",
        ("Make a trust anchor of your certificate authority, and a profile for the role.", "Run its credential helper there."),
    ),
}  # fmt: skip


@dataclass
class Week:
    monday: date
    days: set[date] = field(default_factory=set)
    calls: int = 0
    denied: int = 0
    addresses: set[str] = field(default_factory=set)
    agent_names: set[str] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)

    @property
    def origin(self) -> SafeString:
        return acting.places(sorted(self.addresses), self.cut)

    @property
    def agents(self) -> SafeString:
        return acting.few(sorted(self.agent_names), more="agents" in self.cut)


@dataclass(frozen=True)
class KeyUse:
    watched: Watched
    weeks: list[Week]
    services: list[ServiceUse]
    instead: list[Replacement]


def key_use(key: AccessKey) -> KeyUse:
    """Four queries. A user's sessions have no names, so there is one a day and key."""
    sessions = list(
        UsageSession.objects.filter(account=key.account_id, day__gte=acting.since(OLDEST), key=key.unique_id)
        .select_related("verdict")
        .order_by("day", "pk")
    )
    return KeyUse(
        watched=watched(Account.objects.filter(pk=key.account_id)),
        weeks=weeks(sessions),
        services=_services(key),
        instead=instead(sessions),
    )


def weeks(sessions: Iterable[UsageSession]) -> list[Week]:
    """The newest first; weeks without a call are left out."""
    found: dict[date, Week] = {}
    for one in sessions:
        monday = one.day - timedelta(days=one.day.weekday())
        week = found.setdefault(monday, Week(monday))
        week.days.add(one.day)
        week.calls += one.n
        week.denied += one.denied
        week.addresses.update(one.data.get("networks", ()))
        week.agent_names.update(one.data.get("agents", ()))
        week.cut.update(one.data.get("cut", ()))
    return [found[monday] for monday in sorted(found, reverse=True)]


def instead(sessions: Iterable[UsageSession]) -> list[Replacement]:
    """By what stood behind its use, the most frequent first; empty where nothing was seen."""
    days: Counter[Place] = Counter()
    shown: defaultdict[Place, set[str]] = defaultdict(set)
    seen = list(sessions)
    for one in seen:
        told = {address: place for address in one.data.get("networks", ()) if (place := _place(one, address))}
        days.update(set(told.values()))
        for address, place in told.items():
            shown[place].add(address)
    return [
        Replacement(INSTEAD[place][0], _because(place, n, len(seen), shown[place]), INSTEAD[place][1])
        for place, n in sorted(days.items(), key=lambda pair: (-pair[1], list(Place).index(pair[0])))
    ]


def _place(session: UsageSession, address: str) -> Place | None:
    """None: an AWS service in its name, which says nothing of where the key lies."""
    kind = acting.networks().kind(address)
    if kind == SERVICE:
        return None
    verdict = getattr(session, "verdict", None)
    if kind in PEOPLE or (verdict is not None and verdict.who == WHO.PERSON):
        return Place.PERSON
    agents = [agent.removeprefix(OTHER) for agent in session.data.get("agents", ())]
    if kind == CI or any(PIPELINES.match(agent) for agent in agents):
        return Place.CI
    return Place.OURS if kind in (AWS, PRIVATE) else Place.VENDOR if kind == VENDOR else Place.ELSEWHERE


def _because(place: Place, days: int, total: int, addresses: set[str]) -> str:
    some = [acting.networks().said(address) for address in sorted(addresses)]
    more = f" and {len(some) - SHOWN} more" if len(some) > SHOWN else ""
    return f"On {days} of the {total} days of its use it was used by {place}, from {', '.join(some[:SHOWN])}{more}."


def _services(key: AccessKey) -> list[ServiceUse]:
    rows = (
        UsageDaily.objects.filter(account=key.account_id, day__gte=acting.since(OLDEST), key=key.unique_id)
        .values("event__source")
        .annotate(last=Max("last_at"), calls=Sum("n"), refused=Sum("denied"))
        .order_by("-calls", "event__source")
    )
    return [
        ServiceUse(
            service_of(row["event__source"]) or row["event__source"],
            row["last"] if row["calls"] > row["refused"] else None,
            row["calls"],
            row["refused"],
        )
        for row in rows[:SERVICES]
    ]
