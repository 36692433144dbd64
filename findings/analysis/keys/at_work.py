"""What CloudTrail's events tell of an account's long-term keys, by key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from collectors.records import AccessKey, AdminEvent, KeySighting, Session
from findings.analysis.keys.compute import Compute

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

IAM = "iam.amazonaws.com"
CREATE, UPDATE = "CreateAccessKey", "UpdateAccessKey"
SAME_MOMENT = timedelta(minutes=1)  # between IAM's date of a key and the event that made it


class KeysAtWork:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def of(self, key: AccessKey, days: int) -> tuple[Session, ...]:
        """Its sessions of the last `days` days, one a day, the newest first."""
        start = (self._facts.as_of - timedelta(days=days)).date()
        return tuple(one for one in self._sessions.get(key.unique_id, ()) if one.day >= start)

    @cached_property
    def _sessions(self) -> Mapping[str, list[Session]]:
        found: defaultdict[str, list[Session]] = defaultdict(list)
        with_key = [one for one in self._facts.snapshot.sessions if one.key_id]
        for one in sorted(with_key, key=lambda s: (s.day, s.last_at), reverse=True):
            found[one.key_id].append(one)
        return found

    def sightings(self, key: AccessKey) -> tuple[KeySighting, ...]:
        """Where its id stands in source code, in the order of places."""
        return tuple(self._seen.get(key.unique_id, ()))

    @cached_property
    def _seen(self) -> Mapping[str, list[KeySighting]]:
        found: defaultdict[str, list[KeySighting]] = defaultdict(list)
        some = self._facts.snapshot.key_sightings
        for one in sorted(some, key=lambda s: (s.place, s.path, s.line, s.commit, s.source)):
            found[one.key_id].append(one)
        return found

    @cached_property
    def compute(self) -> Compute:
        return Compute(self._facts)

    def made_by(self, key: AccessKey) -> AdminEvent | None:
        """The call that made it. None: it was not seen, or events were not read."""
        return next((one for one in self._events(key) if one.name == CREATE and self._then(one, key)), None)

    def switched_off_by(self, key: AccessKey) -> AdminEvent | None:
        """The last call that changed its status, if that was to inactive."""
        changed = [one for one in self._events(key) if one.name == UPDATE]
        return changed[-1] if changed and changed[-1].details.get("status", "").lower() == "inactive" else None

    def _then(self, event: AdminEvent, key: AccessKey) -> bool:
        """An event that does not name the key it made is told by its time."""
        return bool(event.details.get("access_key_id")) or abs(event.at - key.created_at) <= SAME_MOMENT

    def _events(self, key: AccessKey) -> list[AdminEvent]:
        """Those that succeeded, the oldest first."""
        unnamed = self._admin.get(("", key.user_name), [])
        return sorted([*self._admin.get((key.unique_id, ""), []), *unnamed], key=lambda one: one.at)

    @cached_property
    def _admin(self) -> Mapping[tuple[str, str], list[AdminEvent]]:
        """(key id, "") or, where a call names none, ("", user's name) -> what was done."""
        found: defaultdict[tuple[str, str], list[AdminEvent]] = defaultdict(list)
        for one in self._facts.snapshot.admin_events:
            if one.source == IAM and one.name in (CREATE, UPDATE) and not one.error and not one.denied:
                key_id = one.details.get("access_key_id", "")
                whose = one.target_name or one.principal_arn.rpartition("/")[2]  # without a name it is the caller's own
                found[(key_id, "") if key_id else ("", whose)].append(one)
        return found


def actor(event: AdminEvent) -> str:
    """ "anna.berg", "alice@halden.example as role Developer", "root"; the unique id where no name is known."""
    name = event.principal_arn.rpartition("/")[2] if "/" in event.principal_arn else ""
    name = name or event.principal_arn.rpartition(":")[2] or event.principal_id or "somebody"
    return f"{event.session_name} as role {name}" if event.session_name else name


def told(event: AdminEvent) -> str:
    """ "anna.berg from 203.0.113.7, in the console, on 2026-11-20"."""
    place = f" from {event.network}" if event.network else ""
    tool = {"browser": "a browser", "none": ""}.get(event.agent, event.agent)
    how = ", in the console" if event.console else f", with {tool}" if tool else ""
    by = f", by {event.invoked_by}" if event.invoked_by else ""
    return f"{actor(event)}{place}{how}{by}, on {event.at:%Y-%m-%d}"
