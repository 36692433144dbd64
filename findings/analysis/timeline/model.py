"""The witnesses of a change, and what they make together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from collectors.records import AdminEvent

Data = Mapping[str, Any]  # a record as JSON
CAPTURED = timedelta(minutes=20)  # by which Config tells later, where it records each change
DAILY = timedelta(days=1)


class Witness(StrEnum):
    """DATED: AWS itself says when, in what was collected."""

    COLLECTION = "collection"
    DATED = "dated"
    CONFIG = "config"
    TRAIL = "trail"


class What(StrEnum):
    """Which part of who may do what a change is about."""

    MADE = "made"
    DELETED = "deleted"
    POLICY = "policy"
    TRUST = "trust"
    BOUNDARY = "boundary"
    GROUP = "group"
    KEY = "key"
    PASSWORD = "password"  # noqa: S105 (no password)
    MFA = "mfa"
    TAGS = "tags"
    SESSION = "session"
    PROVIDER = "provider"
    ORGANIZATION = "organization"
    RECORDING = "recording"
    ACCOUNT = "account"
    OTHER = "other"
    DECIDED = "decided"
    FINDING = "finding"


@dataclass(frozen=True, slots=True)
class Entity:
    """kind: as versions and events name it ("role", "organization_policy", "trail"). unique_id "": only its name is known."""

    kind: str
    unique_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Look:
    """Two collections between which an entity came, became another or went.

    was, now: its record before and after; None: not there. after: when it surely was as before, None: not known. at: when
    it was first seen as now. fields: those that differ, for what was made or went: all. id: names it among its like.
    """

    entity: Entity
    was: Data | None
    now: Data | None
    after: datetime | None
    at: datetime
    fields: frozenset[str] = frozenset()
    id: str = ""


@dataclass(frozen=True, slots=True)
class Capture:
    """A change that Config recorded. at: when it began to, some minutes later; where daily, some time in the day before.

    was, now: its record before and after, None: not there. fields: those that differ; None: Config did not keep them.
    """

    entity: Entity
    at: datetime
    was: Data | None = None
    now: Data | None = None
    fields: frozenset[str] | None = None
    daily: bool = False
    id: int = 0

    @property
    def earliest(self) -> datetime:
        return self.at - (DAILY if self.daily else CAPTURED)


@dataclass(frozen=True, slots=True)
class Call:
    """An administrative call about the entity. id: of its row."""

    entity: Entity
    event: AdminEvent
    id: int = 0

    @property
    def at(self) -> datetime:
        return self.event.at

    @property
    def done(self) -> bool:
        return not self.event.error and not self.event.denied

    @property
    def caller(self) -> tuple[str, ...]:
        event = self.event
        return event.actor, event.principal_id or event.principal_arn, event.session_name, event.key_id


@dataclass(frozen=True, slots=True)
class Moment:
    """A change of one entity, by all who saw it. It happened at `latest`, or after `earliest` if that is another time;
    None: at any time before. was, now, fields: what is told, of the look or, more exactly, of the captures; no fields: only
    calls tell. calls are of one caller. others: how many other changes of the entity could have made the same. seen: the
    collection that saw it too.
    """

    entity: Entity
    earliest: datetime | None
    latest: datetime
    was: Data | None = None
    now: Data | None = None
    fields: frozenset[str] = frozenset()
    captures: tuple[Capture, ...] = ()
    calls: tuple[Call, ...] = ()
    seen: datetime | None = None
    dated: bool = False
    others: int = 0

    @property
    def witnesses(self) -> tuple[Witness, ...]:
        saw = {
            Witness.COLLECTION: self.seen is not None,
            Witness.DATED: self.dated,
            Witness.CONFIG: bool(self.captures),
            Witness.TRAIL: bool(self.calls),
        }
        return tuple(witness for witness, did in saw.items() if did)

    @property
    def effective(self) -> bool:
        """Whether it changed anything: calls alone may all have been refused."""
        return self.seen is not None or bool(self.captures) or any(call.done for call in self.calls)


@dataclass(frozen=True, slots=True)
class Change:
    """What the list shows as one: the moments of one deploy, or one moment. key: the same for the same witnesses."""

    key: str
    moments: tuple[Moment, ...] = field(default_factory=tuple)

    @property
    def calls(self) -> tuple[Call, ...]:
        found = {call.id: call for moment in self.moments for call in moment.calls}
        return tuple(sorted(found.values(), key=lambda call: (call.at, call.id)))

    @property
    def latest(self) -> datetime:
        return max(moment.latest for moment in self.moments)

    @property
    def earliest(self) -> datetime | None:
        """None: not known."""
        some = [moment.earliest for moment in self.moments]
        return None if None in some else min(one for one in some if one is not None)
