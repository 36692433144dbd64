"""Versions -> looks: between which two collections an entity came, changed or went, of all that is read again.

The first collection of a kind tells what there is and no change, and so does a later one of what was there before, but not seen:
AWS dates it, or it was read in parts. A collection that found nothing new leaves no version, so
when an entity was last surely as before is told by the jobs that ended well, and by all moments at which any version of the
same source began or ended.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

from django.db.models import Min, Q

from collectors.models import Account, Job, Version
from collectors.models.inventory import KINDS
from collectors.sources import sources
from findings.analysis.timeline.causes import AGAIN, MADE
from findings.analysis.timeline.differences import fields_of
from findings.analysis.timeline.merge import SLACK, moment_of
from findings.analysis.timeline.model import Data, Entity, Look

# What no person changes, or what says the same as something else.
PASSED_OVER = frozenset(
    {"last_accessed", "account_access", "analyzer_finding", "center_principal", "config_aggregator"}
)
ACCOUNT, USER, ROOT = "account", "user", "root"
SET, ASSIGNMENT = "permission_set", "account_assignment"
OLD = timedelta(days=31)  # how long before the first look its last collection may be


@dataclass(frozen=True, slots=True)
class State:
    kind: str
    unique_id: str
    since: datetime
    until: datetime | None
    data: Data


def looks(account: Account, after: datetime | None, only: Q | None = None) -> list[Look]:
    """Those seen from `after` on; None: all. only: of which versions."""
    mine = Version.objects.filter(account=account).exclude(kind__in=PASSED_OVER)
    mine = mine if only is None else mine.filter(only)
    began = _began(mine)
    states = _states(mine, after, began)
    moments = _Collections(account, mine, after)
    began_by = _Began(began, mine, states)
    found = [
        Look(_entity(account, kind, unique_id, now or was or {}), was, now, moments.before(kind, at, floor), at, fields)
        for (kind, unique_id), some in states.items()
        for was, now, at, floor in _steps(some, began_by.of(some[0]))
        if (after is None or at >= after) and (fields := _fields(some, was, now))
    ]
    return [look for look in found if not _was_there(look)]


def _was_there(look: Look) -> bool:
    """AWS says that it was made before the collection that did not see it yet: that one did not read it."""
    made = moment_of((look.now or {}).get("created_at")) if MADE in look.fields else None
    return made is not None and look.after is not None and made < look.after - SLACK


def _fields(states: list[State], was: Data | None, now: Data | None) -> frozenset[str]:
    """A credential comes and goes with its user, and details with their source: that is told of no one."""
    if states[0].kind in ("credential", "details") and (was is None or now is None):
        return frozenset()
    return frozenset({AGAIN}) if was is None and now is not states[0].data else fields_of(was, now)


def _began(mine: Any) -> Mapping[str, datetime]:
    """By kind: its first collection, or that of what is collected with it."""
    first = dict(mine.order_by().values_list("kind").annotate(at=Min("seen_from")))
    by_source: dict[str, datetime] = {}
    for kind, at in first.items():
        for source in sources_of().get(kind, ()):
            by_source[source] = min(by_source.get(source, at), at)
    return {kind: min((by_source[s] for s in sources_of().get(kind, ())), default=at) for kind, at in first.items()}


class _Began:
    """Since when an entity would have been seen, had it been there.

    Assignments are read a few in each run. The permission set tells at once in which accounts it is: where it was from the
    first collection on, the assignment was not made later, whenever it was read.
    """

    def __init__(self, began: Mapping[str, datetime], mine: Any, states: Mapping[tuple[str, str], list[State]]) -> None:
        self._by_kind = began
        self._there: dict[tuple[str, str], datetime] = {}
        wanted = {str(some[0].data.get("permission_set")) for (kind, _), some in states.items() if kind == ASSIGNMENT}
        rows = mine.filter(kind=SET, unique_id__in=wanted).order_by("-seen_from") if wanted else ()
        for row in rows:
            self._there |= dict.fromkeys(
                ((row.unique_id, one) for one in row.data.get("accounts") or ()), row.seen_from
            )

    def of(self, first: State) -> datetime:
        if first.kind != ASSIGNMENT:
            return self._by_kind[first.kind]
        pair = str(first.data.get("permission_set")), str(first.data.get("target"))
        began = self._by_kind.get(SET, first.since)
        provisioned = self._there.get(pair, began)  # of one that no permission set tells of nobody knows
        return began if provisioned > began else first.since


@cache
def sources_of() -> Mapping[str, tuple[str, ...]]:
    """By kind: the sources that can tell that it went."""
    fields = {kind.field: kind.name for kind in KINDS}
    found: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for source in sources().values():
        for field in source.sweeps:
            if field in fields:
                found[fields[field]] += (source.name,)
    return dict(found)


def _states(mine: Any, after: datetime | None, began: Mapping[str, datetime]) -> Mapping[tuple[str, str], list[State]]:
    """Of the entities that did something since: all their states, in order."""
    some = mine if after is None else mine.filter(Q(seen_from__gte=after) | Q(seen_to__gte=after))
    moved = {
        (kind, unique_id)
        for kind, unique_id, since, until in some.values_list("kind", "unique_id", "seen_from", "seen_to")
        if until is not None or since > began[kind]
    }
    rows = mine.filter(unique_id__in={unique_id for _, unique_id in moved}).order_by(
        "kind", "unique_id", "seen_from", "pk"
    )
    found: defaultdict[tuple[str, str], list[State]] = defaultdict(list)
    for row in rows.values_list("kind", "unique_id", "seen_from", "seen_to", "data").iterator():
        if row[:2] in moved:
            found[row[:2]].append(State(*row))
    return found


def _steps(
    states: list[State], began: datetime
) -> Iterator[tuple[Data | None, Data | None, datetime, datetime | None]]:
    """(was, now, when it was first seen so, since when it was as before at the latest). began: of `_Began`."""
    first, last = states[0], states[-1]
    if first.since > began:
        yield None, first.data, first.since, None
    for was, now in pairwise(states):
        if was.until is not None and was.until < now.since:
            yield was.data, None, was.until, was.since
            yield None, now.data, now.since, was.until
        else:
            yield was.data, now.data, now.since, was.since
    if last.until is not None:
        yield last.data, None, last.until, last.since


class _Collections:
    """When what was collected."""

    def __init__(self, account: Account, mine: Any, after: datetime | None) -> None:
        since = None if after is None else after - OLD
        self._by_source: defaultdict[str, set[datetime]] = defaultdict(set)
        for column in ("seen_from", "seen_to"):
            some = mine.filter(**{f"{column}__isnull": False}, **({f"{column}__gte": since} if since else {}))
            for kind, at in some.order_by().values_list("kind", column).distinct():
                for source in sources_of().get(kind, ("",)):
                    self._by_source[source].add(at)
        self._ended: defaultdict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
        jobs = Job.objects.filter(account=account, state=Job.State.DONE, error="", started_at__isnull=False)
        for source, began, ended in (jobs.filter(started_at__gte=since) if since else jobs).values_list(
            "source", "started_at", "finished_at"
        ):
            self._ended[source].append((ended, began))
        self._moments: dict[str, list[datetime]] = {}

    def before(self, kind: str, at: datetime, floor: datetime | None) -> datetime | None:
        """When it was last collected before."""
        found = [floor] if floor else []
        for source in sources_of().get(kind, ("",)):
            times = self._moments.setdefault(source, sorted(self._by_source[source]))
            if n := bisect_left(times, at):
                found.append(times[n - 1])
            found += [began for ended, began in self._ended[source] if ended < at]
        return max(found, default=None)


def _entity(account: Account, kind: str, unique_id: str, data: Data) -> Entity:
    if kind == "details":
        return Entity(ACCOUNT, account.aws_id, account.name or account.aws_id)
    if kind == "credential":
        if unique_id.endswith(":root"):
            return Entity(ROOT, unique_id, "root")
        return Entity(USER, "", str(data.get("user_name") or ""))
    return Entity(kind, unique_id, named(unique_id, data))


def named(unique_id: str, data: Data) -> str:
    return str(data.get("name") or data.get("display_name") or unique_id)[:512]


def owners(found: Iterable[Look], users: Mapping[str, list[Entity]]) -> Iterator[Look]:
    """Credentials name their user: each becomes the user that has, or last had, that name."""
    for look in found:
        if look.entity.kind == USER and not look.entity.unique_id and (known := users.get(look.entity.name)):
            yield Look(known[-1], look.was, look.now, look.after, look.at, look.fields, look.id)
        else:
            yield look
