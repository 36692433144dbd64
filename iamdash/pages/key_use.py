"""Where and by what a long-term key was used, week by week."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Max, Sum
from django.utils.safestring import SafeString

from collectors.models import AccessKey, Account, UsageDaily, UsageSession
from findings.analysis.activity.event_actions import service_of
from iamdash.pages import acting
from iamdash.pages.acting import OLDEST
from iamdash.pages.did import ServiceUse
from iamdash.pages.watched import Watched, watched

SERVICES = 20


@dataclass
class Week:
    monday: date
    account: int
    days: set[date] = field(default_factory=set)
    calls: int = 0
    denied: int = 0
    addresses: set[str] = field(default_factory=set)
    agent_names: set[str] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)

    @property
    def origin(self) -> SafeString:
        return acting.places(sorted(self.addresses), self.cut, self.account)

    @property
    def agents(self) -> SafeString:
        return acting.few(sorted(self.agent_names), more="agents" in self.cut)


@dataclass(frozen=True)
class KeyUse:
    watched: Watched
    weeks: list[Week]
    services: list[ServiceUse]
    sessions: list[UsageSession]


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
        services=_services(key, {one.principal_id for one in sessions}),
        sessions=sessions,
    )


def weeks(sessions: Iterable[UsageSession]) -> list[Week]:
    """The newest first; weeks without a call are left out."""
    found: dict[date, Week] = {}
    for one in sessions:
        monday = one.day - timedelta(days=one.day.weekday())
        week = found.setdefault(monday, Week(monday, one.account_id))
        week.days.add(one.day)
        week.calls += one.n
        week.denied += one.denied
        week.addresses.update(one.data.get("networks", ()))
        week.agent_names.update(one.data.get("agents", ()))
        week.cut.update(one.data.get("cut", ()))
    return [found[monday] for monday in sorted(found, reverse=True)]


def _services(key: AccessKey, users: set[int]) -> list[ServiceUse]:
    """users: who has sessions with the key, and so alone what is counted by day; an index knows it by user."""
    rows = (
        UsageDaily.objects.filter(
            principal__in=users, account=key.account_id, day__gte=acting.since(OLDEST), key=key.unique_id
        )
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
