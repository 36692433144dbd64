"""Moments -> what a page says of them, as it is stored; and by what means, and why nobody can be named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.records import AdminEvent
from findings.analysis.behaviour.changes import by_code, by_hand, on_behalf, short
from findings.analysis.facts import Facts
from findings.analysis.timeline.causes import GONE, MADE, about_call
from findings.analysis.timeline.differences import Told, differences
from findings.analysis.timeline.effects import Effects, plain
from findings.analysis.timeline.model import Change, Entity, Moment, What
from findings.analysis.timeline.naming import Names

MOST = 40  # lines of one entity
# Parameters that a line about a call names, in this order, after the call's own name.
TOLD = (
    "policy_arn", "policy_name", "group_name", "permissions_boundary", "version_id", "instance_profile", "access_key_id",
    "status", "serial_number", "credential_id", "service", "target_id", "bucket", "selectors", "new_name",
    "max_session_duration",
)  # fmt: skip
FEW = 3


def lines(moment: Moment, names: Names) -> list[Told]:
    """What differs; of what nobody but CloudTrail saw, its calls."""
    found = list(differences(moment.entity.kind, moment.was, moment.now, moment.fields, names.name))
    if MADE in moment.fields:
        found += [Told(What.MADE, text) for text in _again(moment, names)]
    if not found:
        found = [Told(about_call(c.event.name, moment.entity.kind), of_call(c.event)) for c in moment.calls]
    if not found and moment.captures:
        found = [Told(What.OTHER, "changed; Config did not keep what it was")]
    return found or [Told(What.OTHER, "changed in what is not told apart")]


def _again(moment: Moment, names: Names) -> Iterator[str]:
    for other in names.namesakes(moment.entity):
        yield f"made again: the {moment.entity.kind} of this name before it was another one, {other.unique_id}"


def of_call(event: AdminEvent) -> str:
    """ "AttachRolePolicy AdministratorAccess, refused"."""
    said = [
        short(event.details[key]) for key in TOLD if event.details.get(key) and event.details[key] != event.target_name
    ]
    how = ", refused" if event.denied else f", failed: {event.error}" if event.error else ""
    return " ".join([event.name, *dict.fromkeys(said[:FEW])]) + how


def told(moment: Moment, names: Names, effects: Effects) -> dict[str, Any]:
    """As ChangedEntity.told."""
    some = lines(moment, names)
    found: dict[str, Any] = {"lines": [_plain(one) for one in some[:MOST]]}
    if len(some) > MOST:
        found["more"] = len(some) - MOST
    effect = effects.of(moment.entity.kind, moment.was, moment.now, moment.fields)
    parts = {
        "gained": plain(effect.gained, effect.on, effects.catalogue),
        "lost": plain(effect.lost, effect.off, effects.catalogue),
        "admits": list(effect.admits),
        "shuts": list(effect.shuts),
        "unknown": effect.unknown,
        "others": moment.others,
    }
    return found | {name: part for name, part in parts.items() if part}


def touched(moment: Moment, names: Names) -> Iterator[tuple[Entity, What, str]]:
    """The policies and groups that the change gave to the entity or took from it, as their own pages tell it."""
    holder = f"{moment.entity.kind} {moment.entity.name}"
    old, new = moment.was or {}, moment.now or {}
    for field, kind, what, gave, took in GIVEN:
        if field not in moment.fields and not moment.fields & {MADE, GONE}:
            continue
        before, after = _several(old.get(field)), _several(new.get(field))
        for name in (*(one for one in after if one not in before), *(one for one in before if one not in after)):
            if entity := names.called(kind, name):
                yield entity, what, f"{gave if name in after else took} {holder}"


GIVEN = (
    ("attached", "policy", What.POLICY, "attached to", "detached from"),
    (
        "boundary",
        "policy",
        What.BOUNDARY,
        "set as the permissions boundary of",
        "no longer the permissions boundary of",
    ),
    ("groups", "group", What.GROUP, "joined by", "left by"),
)


def _several(value: Any) -> list[str]:
    some = [value] if isinstance(value, str) else value
    return [one for one in some if isinstance(one, str)] if isinstance(some, list) else []


def _plain(line: Told) -> dict[str, str]:
    said = {"what": line.what.value, "text": line.text, "before": line.before, "after": line.after}
    return {name: text for name, text in said.items() if text}


def how(change: Change, facts: Facts) -> str:
    """The value of models.timeline.How."""
    events = [call.event for call in change.calls]
    if not events:
        return "untold"
    ways = {_how(event, facts) for event in events}
    return next(way for way in ("code", "console", "hand", "service", "program") if way in ways)


def _how(event: AdminEvent, facts: Facts) -> str:
    if by_code(event):
        return "code"
    if by_hand(event, facts):
        return "console" if event.console or event.agent in ("console", "browser", "cloudshell") else "hand"
    return "service" if on_behalf(event) else "program"


@dataclass(frozen=True, slots=True)
class Reading:
    """From when until when calls were read; None: were not."""

    since: datetime | None
    until: datetime | None = None

    def untold(self, moment: Moment) -> str:
        """Why nobody is named; "" where somebody is."""
        if moment.calls:
            return ""
        if self.since is None:
            return "CloudTrail was not read for this time"
        if (moment.earliest or moment.latest) < self.since:
            return f"CloudTrail was read since {self.since:%Y-%m-%d %H:%M} only"
        if self.until is not None and moment.latest > self.until:
            return f"CloudTrail was read until {self.until:%Y-%m-%d %H:%M} so far"
        return "CloudTrail's events tell of no call that can have done it"
