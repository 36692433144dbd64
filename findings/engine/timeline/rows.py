"""Changes -> rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from collectors import records
from collectors.models import Account
from findings.analysis.facts import Facts
from findings.analysis.timeline.effects import Effects
from findings.analysis.timeline.model import Change as Seen
from findings.analysis.timeline.model import Entity, Moment
from findings.analysis.timeline.naming import Names
from findings.analysis.timeline.telling import MOST, Reading, how, told, touched
from findings.models import Change, ChangedEntity

CALLER = ("actor", "principal_id", "principal_arn", "session_name", "key_id", "network", "agent", "invoked_by")
MOST_EVENTS = 40  # names of calls
MOST_ENTITIES = 500  # of one deploy


@dataclass
class Row:
    """A change and its entities, not yet written. seen: (kind, unique id) -> when a collection saw it, for the findings after
    it; without, when it was done."""

    change: Change
    entities: list[ChangedEntity]
    seen: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def signed(self) -> Row:
        """digest: of all that is told, so that what stays as it was is not written again."""
        said = [getattr(self.change, f.attname) for f in Change._meta.concrete_fields if f.name not in UNSAID]
        of = [[one.kind, one.unique_id, one.name, one.told, one.calls] for one in self.entities]
        self.change.digest = records.digest([said, of])
        return self


UNSAID = frozenset({"id", "digest", "opened", "resolved"})


class Rows:
    def __init__(self, account: Account, facts: Facts, names: Names, effects: Effects, reading: Reading) -> None:
        self.account = account
        self._facts, self._names, self._effects, self._reading = facts, names, effects, reading

    def of(self, seen: Seen) -> Row:
        entities = list(self._entities(seen))
        others = list(self._touched(seen, {(one.kind, one.unique_id) for one in entities}))
        calls = seen.calls
        first = next((call.event for call in calls if call.done), calls[0].event if calls else None)
        caller = {name: str(getattr(first, name)) for name in CALLER} if first else {}
        done = not calls or any(call.done for call in calls)
        change = Change(
            account=self.account,
            key=seen.key,
            at=seen.latest,
            since=seen.earliest,
            exact=all(moment.calls or moment.dated for moment in seen.moments),
            what=list(dict.fromkeys(line["what"] for one in entities for line in one.told["lines"])),
            kinds=list(dict.fromkeys(one.kind for one in entities)),
            witnesses=list(dict.fromkeys(w.value for moment in seen.moments for w in moment.witnesses)),
            how=how(seen, self._facts),
            outcome="done" if done else "denied" if any(call.event.denied for call in calls) else "failed",
            untold=next((why for moment in seen.moments if (why := self._reading.untold(moment))), ""),
            events=list(dict.fromkeys(call.event.name for call in calls))[:MOST_EVENTS],
            n_calls=len(calls),
            n_entities=len({(m.entity.kind, m.entity.unique_id, m.entity.name) for m in seen.moments}),
            **caller,
        )
        return Row(change, [*entities, *others], {key: at for m in seen.moments for key, at in _seen(m)})

    def _entities(self, seen: Seen) -> Iterator[ChangedEntity]:
        for moment in seen.moments[:MOST_ENTITIES]:
            yield ChangedEntity(
                account=self.account,
                kind=moment.entity.kind,
                unique_id=moment.entity.unique_id[:512],
                name=moment.entity.name[:512],
                at=seen.latest,
                told=told(moment, self._names, self._effects),
                calls=[call.id for call in moment.calls],
            )

    def _touched(self, seen: Seen, own: set[tuple[str, str]]) -> Iterator[ChangedEntity]:
        found: dict[Entity, list[dict[str, str]]] = {}
        for moment in seen.moments[:MOST_ENTITIES]:
            for entity, what, text in touched(moment, self._names):
                found.setdefault(entity, []).append({"what": what.value, "text": text})
        for entity, some in found.items():
            if (entity.kind, entity.unique_id) not in own:
                yield entity_row(self.account, entity, seen.latest, some)


def entity_row(account: Account, entity: Entity, at: datetime, lines: list[dict[str, str]]) -> ChangedEntity:
    """calls: none, for what it tells is told of another entity."""
    uid, name = entity.unique_id[:512], entity.name[:512]
    more = {"more": len(lines) - MOST} if len(lines) > MOST else {}
    told = {"lines": lines[:MOST], **more}
    return ChangedEntity(account=account, kind=entity.kind, unique_id=uid, name=name, at=at, told=told)


def _seen(moment: Moment) -> Iterator[tuple[tuple[str, str], datetime]]:
    yield (moment.entity.kind, moment.entity.unique_id), moment.seen or moment.latest


def alone(account: Account, key: list[Any], at: datetime, **columns: Any) -> Change:
    """A change that nobody made in AWS."""
    return Change(account=account, key=records.digest(key), at=at, since=at, exact=True, witnesses=[], **columns)
