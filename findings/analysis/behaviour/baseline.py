"""A principal's own days: the judged ones, and those before each of them, which tell what is usual for it.

A day is measured against the 60 days before it. Of these at least 30 must be known: events of them were read, and the principal
was there. What is younger has no baseline, and what was not read leaves it unknown; the two differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from collectors.records import LOOKUP, AccessKey, Actor, AdminEvent, PrincipalDay, Role, Session, User
from findings.analysis.behaviour.changes import IAM, of_oneself, on_behalf
from findings.analysis.behaviour.provenance import Entity, Origin, origin, share
from findings.analysis.behaviour.reach import Reach

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

JUDGED = timedelta(days=14)
LONGEST, SHORTEST = timedelta(days=60), timedelta(days=30)
OF_PRINCIPALS = frozenset({Actor.ROLE, Actor.USER, Actor.FEDERATED})

Subject = Role | User | AccessKey
T = TypeVar("T", Session, AdminEvent)


@dataclass(frozen=True, slots=True)
class Baseline:
    """Of one day. start: from when on it is known; days: those with calls, oldest first; short: events of it were not all read,
    young: the principal was not there yet."""

    day: date
    start: date
    days: tuple[PrincipalDay, ...]
    short: bool = False
    young: bool = False

    @property
    def known(self) -> bool:
        return not self.short and not self.young

    @property
    def length(self) -> int:
        """Whole days."""
        return (self.day - self.start).days

    @property
    def active(self) -> int:
        return len({one.day for one in self.days})


class Behaviour:
    """An account's principals by day. A key's own days are judged by all that its user did with keys: a rotated key goes on."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.since = facts.snapshot.activity_since

    def judged(self, subject: Subject) -> tuple[PrincipalDay, ...]:
        """Its days of the last two weeks, oldest first; a user's without those of long-term keys."""
        days, start = self.days(subject), self.start
        if not days or days[-1].day < start:
            return ()
        key = subject.unique_id if isinstance(subject, AccessKey) else ""
        return tuple(one for one in days if one.day >= start and one.key_id == key)

    def days(self, subject: Subject) -> tuple[PrincipalDay, ...]:
        """All that are known, oldest first: of a key, those of its user's other keys too."""
        return self._days.get((self._owner(subject), isinstance(subject, AccessKey)), ())

    @property
    def start(self) -> date:
        """The first day that is judged."""
        return (self._facts.as_of - JUDGED).date()

    def baseline(self, subject: Subject, day: date) -> Baseline:
        born, read = self._born(subject), first_whole(self.since or midnight(day))
        start = max(day - LONGEST, read, born)
        before = tuple(one for one in self.days(subject) if start <= one.day < day)
        return Baseline(day, start, before, short=self.short(subject, day), young=born > day - SHORTEST)

    def short(self, subject: Subject, day: date) -> bool:
        """Whether it was there for long enough, and events were not read for as long."""
        read = first_whole(self.since or midnight(day))
        return self._born(subject) <= day - SHORTEST < read

    def _born(self, subject: Subject) -> date:
        owner = self._facts.user_by_arn.get(subject.user_arn) if isinstance(subject, AccessKey) else subject
        return (owner or subject).created_at.date()

    def sessions(self, subject: Subject) -> Mapping[date, tuple[Session, ...]]:
        """Its sessions by day: of a key, all of its user's keys."""
        by_key = isinstance(subject, AccessKey)
        found: defaultdict[date, list[Session]] = defaultdict(list)
        for one in self._sessions.get(self._owner(subject), ()):
            if bool(one.key_id) == by_key:
                found[one.day].append(one)
        return {day: tuple(some) for day, some in found.items()}

    def of(self, principal_id: str) -> tuple[Session, ...]:
        """All sessions of a principal, in whatever order."""
        return self._sessions.get(principal_id, ())

    @cached_property
    def reach(self) -> Reach:
        """Who of the people can assume machines' roles (analysis/behaviour/reach.py)."""
        roles = self._facts.snapshot.roles
        return Reach(self._facts, frozenset(r.arn for r in roles if self._facts.kind(r).kind.machine))

    @cached_property
    def origins(self) -> Mapping[str, Origin]:
        """What made each role, user and policy, by unique id (analysis/behaviour/provenance.py)."""
        snapshot = self._facts.snapshot
        some: list[Entity] = [*snapshot.roles, *snapshot.users, *snapshot.policies]
        return {one.unique_id: origin(one, self._facts) for one in some}

    @cached_property
    def by_code(self) -> int:
        """Percent of the roles and policies that code made (analysis/behaviour/provenance.py)."""
        return share(self._facts).percent

    def _owner(self, subject: Subject) -> str:
        if not isinstance(subject, AccessKey):
            return subject.unique_id
        owner = self._facts.user_by_arn.get(subject.user_arn)
        return owner.unique_id if owner else ""

    @cached_property
    def _days(self) -> Mapping[tuple[str, bool], tuple[PrincipalDay, ...]]:
        """By principal and whether a long-term key was used, oldest first."""
        found: defaultdict[tuple[str, bool], list[PrincipalDay]] = defaultdict(list)
        for one in sorted(self._facts.snapshot.principal_days, key=lambda one: one.day):
            if one.actor in OF_PRINCIPALS:
                found[one.principal_id, bool(one.key_id)].append(one)
        return {key: tuple(some) for key, some in found.items()}

    @cached_property
    def _sessions(self) -> Mapping[str, tuple[Session, ...]]:
        return _by(one for one in self._facts.snapshot.sessions if one.actor in OF_PRINCIPALS)

    @cached_property
    def root_days(self) -> tuple[PrincipalDay, ...]:
        """Of the root user, oldest first."""
        some = (one for one in self._facts.snapshot.principal_days if one.actor is Actor.ROOT)
        return tuple(sorted(some, key=lambda one: one.day))

    @cached_property
    def everything(self) -> tuple[AdminEvent, ...]:
        """Administrative calls, oldest first; refused ones too."""
        return tuple(sorted(self._facts.snapshot.admin_events, key=lambda one: (one.at, one.event_id)))

    @cached_property
    def events(self) -> tuple[AdminEvent, ...]:
        """Those that succeeded."""
        return tuple(one for one in self.everything if not one.error and not one.denied)

    @cached_property
    def changes_since(self) -> datetime | None:
        """From when on changes to IAM were read: with all events, or looked up by their names. None: nobody read any."""
        looked_up = self._facts.as_of - timedelta(days=self._facts.settings.lookup_days)
        known = [self.since] if self.since else []
        return min([*known, looked_up] if self._facts.complete(LOOKUP) else known, default=None)

    @cached_property
    def writes(self) -> tuple[AdminEvent, ...]:
        """Changes to IAM that principals made themselves, oldest first; not what people do about their own credentials."""
        return tuple(e for e in self.events if e.source == IAM and not on_behalf(e) and not of_oneself(e))

    def writes_of(self, principal_id: str) -> tuple[AdminEvent, ...]:
        return self._writes.get(principal_id, ())

    @cached_property
    def _writes(self) -> Mapping[str, tuple[AdminEvent, ...]]:
        return _by(self.writes)

    @cached_property
    def _about(self) -> Mapping[tuple[str, str], tuple[AdminEvent, ...]]:
        found: defaultdict[tuple[str, str], list[AdminEvent]] = defaultdict(list)
        for one in self.events:
            found[one.target_type, one.target_name].append(one)
        return {target: tuple(some) for target, some in found.items()}

    def about(self, kind: str, *names: str) -> tuple[AdminEvent, ...]:
        """Those that changed an entity, oldest first. names: IAM names a policy by its ARN, or by its name when it is made."""
        found = [event for name in dict.fromkeys(names) for event in self._about.get((kind, name), ())]
        return tuple(sorted(found, key=lambda one: (one.at, one.event_id)))


def _by(some: Iterable[T]) -> dict[str, tuple[T, ...]]:
    """By principal."""
    found: defaultdict[str, list[T]] = defaultdict(list)
    for one in some:
        found[one.principal_id].append(one)
    return {key: tuple(values) for key, values in found.items()}


def first_whole(since: datetime) -> date:
    """The first day that was read from its beginning."""
    day = since.astimezone(UTC).date()
    return day if since <= midnight(day) else day + timedelta(days=1)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
