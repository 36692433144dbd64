"""Who did what with a role or user: the section of its page. Sessions are added up by the database, for a principal may have tens
of thousands of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Case, Count, F, Func, IntegerField, Max, Q, QuerySet, Sum, TextField, Value, When
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from collectors.models import Principal, UsageAssumption, UsagePrincipal, UsageSession
from collectors.records import EventUse
from findings.analysis.activity.event_actions import service_of
from findings.analysis.facts import Facts
from iamdash.pages import acting
from iamdash.pages.acting import OLDEST, WHO, known_principals
from iamdash.pages.paths import in_sentence, whole_paths
from iamdash.pages.watched import Watched, watched_by

RECENT = 30  # days
GROUPS, CALLERS, PLACES, SERVICES = 15, 10, 12, 20
COUNTED = {"n": Q(), "people": Q(verdict__who=WHO.PERSON), "programs": Q(verdict__who=WHO.PROGRAM)}
NEVER = datetime.min.replace(tzinfo=UTC)
NOTHING = {"n": 0, "people": 0, "programs": 0, "untold": 0}
FIRST_ADDRESS = KeyTextTransform(0, KeyTransform("networks", "data"))


@dataclass(frozen=True)
class Group:
    """Sessions that are alike: of one name, in one way, with one verdict. days: on how many days."""

    name: str
    key: str
    verdict: Any
    lineage: str
    origin: Any
    days: int
    calls: int
    denied: int
    last: date


@dataclass(frozen=True)
class Caller:
    """Who assumed the role. unique_id: "" where the inventory does not have it."""

    name: str
    unique_id: str
    how: str
    n: int
    denied: int
    last: date


@dataclass(frozen=True)
class Place:
    said: str
    days: int
    last: date


@dataclass(frozen=True)
class ServiceUse:
    """service: the IAM prefix, or the event source where none goes by it. used None: every attempt was denied."""

    service: str
    used: datetime | None
    n: int
    denied: int


@dataclass(frozen=True)
class Did:
    """counts: sessions of the last 30 and 90 days by who was behind them; a session here is a name on a day."""

    watched: Watched
    recent: Mapping[str, int]
    all: Mapping[str, int]
    groups: list[Group]
    callers: list[Caller]
    places: list[Place]
    services: list[ServiceUse]
    more_groups: bool

    @property
    def nothing(self) -> bool:
        return not (self.all["n"] or self.callers or self.services)


def did(principal: Principal, facts: Facts) -> Did:
    """facts: of it, with its use. Three queries, four for a role; two less for one that no event names."""
    actors = UsagePrincipal.objects.filter(account=principal.account_id, unique_id=principal.unique_id)
    mine = [pk for pk, _ in actors.values_list("pk", "actor")]
    sessions = UsageSession.objects.filter(principal__in=mine, day__gte=acting.since(OLDEST)).order_by()
    found = _alike(sessions) if mine else []
    return Did(
        watched=watched_by(facts),
        recent=_counts(found, "recent"),
        all=_counts(found, "all"),
        groups=list(_groups(found[:GROUPS], principal.account_id)),
        callers=_callers(principal) if principal.type == Principal.Type.ROLE else [],
        places=list(_places(sessions, principal.account_id)) if mine else [],
        services=_services(facts.snapshot.event_uses),
        more_groups=len(found) > GROUPS,
    )


def _everywhere(counted: Q) -> Func:
    """How many sessions of all groups, in the row of each."""
    return Func(
        Count("pk", filter=counted), template="(sum(%(expressions)s) over ())::bigint", output_field=IntegerField()
    )


def _counts(found: Sequence[Mapping[str, Any]], span: str) -> Mapping[str, int]:
    if not found:
        return NOTHING
    n, people, programs = (found[0][f"{span}_{who}"] for who in COUNTED)
    return {"n": n, "people": people, "programs": programs, "untold": n - people - programs}


def _alike(sessions: QuerySet[UsageSession]) -> list[dict[str, Any]]:
    """Groups of sessions, one more than are shown: people first, then what is not told, then programs; the newest first. Each
    with the counts of all."""
    spans = {"all": Q(), "recent": Q(day__gte=acting.since(RECENT))}
    counts = {f"{span}_{who}": _everywhere(of & late) for span, late in spans.items() for who, of in COUNTED.items()}
    place = Case(
        When(verdict__who=WHO.PERSON, then=Value(0)),
        When(verdict__who=WHO.PROGRAM, then=Value(2)),
        default=Value(1),
        output_field=IntegerField(),
    )
    same = (
        "name",
        "key",
        "verdict__who",
        "verdict__confidence",
        "verdict__machine",
        "verdict__reasons",
        "verdict__lineage",
    )
    rows = (
        sessions.values(*same)
        .annotate(
            place=place,
            last=Max("day"),
            days=Count("day", distinct=True),
            calls=Sum("n"),
            refused=Sum("denied"),
            **counts,
            addresses=ArrayAgg(FIRST_ADDRESS, distinct=True, filter=Q(data__has_key="networks"), default=Value([])),
        )
        .order_by("place", "-last", "name", "key")
    )
    return list(rows[: GROUPS + 1])


def _groups(found: Sequence[Mapping[str, Any]], account: int) -> Iterator[Group]:
    told = whole_paths((row["verdict__lineage"] or "", row["last"]) for row in found)
    for row in found:
        yield Group(
            name=row["name"],
            key=row["key"],
            verdict=acting.verdict(
                row["verdict__who"],
                row["verdict__confidence"] or "",
                [in_sentence(told, reason, row["last"]) for reason in row["verdict__reasons"] or ()],
                machine=row["verdict__machine"],
            ),
            lineage=told(row["verdict__lineage"] or "", row["last"]),
            origin=acting.places(row["addresses"], (), account),
            days=row["days"],
            calls=row["calls"],
            denied=row["refused"],
            last=row["last"],
        )


def _callers(role: Principal) -> list[Caller]:
    """By ARN where an event named it, else by unique id, which the inventory may know; the path to one of another account
    where that may be shown."""
    rows: Any = (
        UsageAssumption.objects.filter(account=role.account_id, day__gte=acting.since(OLDEST))
        .filter(Q(role_id=role.unique_id) | Q(role_id="", role_arn=role.arn))
        .values("caller", "caller_id", "caller_account", "event")
        .annotate(times=Sum("n"), refused=Sum("denied"), last=Max("day"))
        .order_by("-last", "-times", "caller", "caller_id")[:CALLERS]
    )
    found = list(rows)
    known = known_principals((role.account_id, row["caller_id"]) for row in found if row["caller_id"])
    names = {unique_id: one for (_, unique_id), one in known.items()}
    for row in found:
        row["name"] = row["caller"] or (names[row["caller_id"]].arn if row["caller_id"] in names else _foreign(row))
    told = whole_paths((row["name"], row["last"]) for row in found)
    return [
        Caller(
            name=told(row["name"], row["last"]),
            unique_id=row["caller_id"] if row["caller_id"] in names else "",
            how=row["event"],
            n=row["times"],
            denied=row["refused"],
            last=row["last"],
        )
        for row in found
    ]


def _foreign(row: Mapping[str, Any]) -> str:
    told, account = row["caller_id"], row["caller_account"]
    return f"{told} of account {account}" if told and account else told


def _places(sessions: QuerySet[UsageSession], account: int) -> Iterator[Place]:
    address = Func(F("data__networks"), function="jsonb_array_elements_text", output_field=TextField())
    rows = (
        sessions.annotate(address=address)
        .values("address")
        .annotate(days=Count("day", distinct=True), last=Max("day"))
        .order_by("-days", "-last", "address")
    )
    for row in rows[:PLACES]:
        yield Place(acting.networks(account).said(row["address"]), row["days"], row["last"])


def _services(uses: Iterable[EventUse]) -> list[ServiceUse]:
    """By event source, the latest first; services that were only denied come last."""
    of: defaultdict[str, list[EventUse]] = defaultdict(list)
    for use in uses:
        of[use.source].append(use)
    found = [
        ServiceUse(
            service=service_of(source) or source,
            used=max((one.used_at for one in some if one.used_at), default=None),
            n=sum(one.n for one in some),
            denied=sum(one.denied for one in some),
        )
        for source, some in sorted(of.items())
    ]
    return sorted(found, key=lambda one: one.used or NEVER, reverse=True)[:SERVICES]
