"""CloudTrail: bytes of trail files -> who did what. Plain Python; the store and the sources are elsewhere.

total = Aggregate(latest=now + DRIFT)
total.add(read(blob, tally), account, tally)      # by `take`, an object at a time
of_account(total, "123456789012")                 # as records
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from collectors.activity import lineage, sessions
from collectors.activity.aggregate import Aggregate
from collectors.activity.days import Row, days
from collectors.activity.reading import read
from collectors.activity.tally import Tally
from collectors.activity.use import Use
from collectors.records import AdminEvent, Assumption, EventUse, PrincipalDay, Session

DRIFT = timedelta(days=1)  # how far an event may be ahead of our clock
BESIDE = ("/CloudTrail-Digest/", "/CloudTrail-Insight/", "/CloudTrail-Aggregated/")  # folders beside a trail's own


@dataclass(frozen=True)
class Activity:
    """What files tell of one account. since: the first event's time, None where there is none. problems: sentences."""

    sessions: tuple[Session, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    event_uses: tuple[EventUse, ...] = ()
    admin_events: tuple[AdminEvent, ...] = ()
    principal_days: tuple[PrincipalDay, ...] = ()
    since: datetime | None = None
    problems: tuple[str, ...] = ()


def beside(name: str) -> str:
    """What an object's name says it is, when that is no log of activity: "CloudTrail-Digest"; else ""."""
    return next((folder.strip("/") for folder in BESIDE if folder in f"/{name}"), "")


def take(total: Aggregate, name: str, blob: bytes, account: str = "", known: Set[str] = frozenset()) -> Tally:
    """Add one object to the aggregate; its fate. account: whose it is when its events do not say. known: ids of events that were
    counted by another road. Never raises for its bytes."""
    tally = Tally(skipped=beside(name))
    if not tally.skipped:
        for events in read(blob, tally):
            total.add([one for one in events if one.event_id not in known] if known else events, account, tally)
    total.tally.add(tally)
    return tally


def of_files(files: Iterable[tuple[str, bytes]], account: str, latest: datetime) -> Activity:
    """Names and bytes of a trail's files -> one account's activity. account "": that of most events."""
    total, problems = Aggregate(latest + DRIFT), []
    for name, blob in files:
        problems += told(name, take(total, name, blob, account))
    return of_account(total, account or most(total), tuple(problems))


def told(name: str, tally: Tally) -> list[str]:
    """Sentences on an object that was not read to its end, or not whole."""
    lost = ", ".join(f"{n} with {reason}" for reason, n in sorted(tally.rejected.items()))
    found = [f"{name} was not read to its end: {tally.problem}."] if tally.problem else []
    return found + ([f"{name} has records that were left out: {lost}."] if lost else [])


def most(total: Aggregate) -> str:
    """The account of most uses."""
    counts: dict[str, int] = {}
    for (principal, *_), use in total.uses.items():
        account = total.everybody.principals[principal].account
        counts[account] = counts.get(account, 0) + use.n
    return max(sorted(counts), key=lambda account: counts[account], default="")


def of_account(total: Aggregate, account: str, problems: tuple[str, ...] = ()) -> Activity:
    principals = total.everybody.principals
    uses: dict[tuple[str, str, str], Use] = {}
    for (principal, call, _, _), use in total.uses.items():
        if principals[principal].account == account:
            key = principals[principal].unique_id, total.calls[call].source, total.calls[call].name
            uses.setdefault(key, Use(use.first_at)).join(use)
    told = [one for one in total.sessions() if one[0].principal.account == account]
    return Activity(
        sessions=tuple(
            sorted((sessions.record(*one) for one in told), key=lambda s: (s.day, s.principal_id, s.name, s.key_id))
        ),
        assumptions=tuple(lineage.record(*one) for one in sorted(total.edges.items()) if one[0].account == account),
        event_uses=tuple(_event_use(account, *key, use) for key, use in sorted(uses.items(), key=lambda one: one[0])),
        principal_days=days(account, _rows(total, account)),
        admin_events=_admin_events(total, account),
        since=min((use.first_at for use in uses.values()), default=None),
        problems=problems,
    )


def _admin_events(total: Aggregate, account: str) -> tuple[AdminEvent, ...]:
    found = (event for owner, _, kept in total.admin() if owner == account for event in kept.events.values())
    return tuple(sorted(found, key=lambda event: (event.at, event.event_id)))


def _rows(total: Aggregate, account: str) -> Iterator[Row]:
    for (at, call, ordinal, kind), use in total.uses.items():
        principal, (source, name, region) = total.everybody.principals[at], total.calls[call]
        if principal.account == account:
            key = principal.actor, principal.unique_id, principal.key, date.fromordinal(ordinal)
            yield Row(key, source, name, region, kind, use.n, use.denied, use.first_at, use.last_at)


def _event_use(account: str, principal: str, source: str, name: str, use: Use) -> EventUse:
    return EventUse(
        account_id=account,
        principal_id=principal,
        source=source,
        name=name,
        n=use.n,
        denied=use.denied,
        failed=use.failed,
        first_at=use.first_at,
        used_at=use.used_at,
        denied_at=use.denied_at,
    )
