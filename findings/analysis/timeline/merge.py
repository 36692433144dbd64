"""The witnesses of one entity -> its moments.

CloudTrail tells a call to the second and who made it; Config tells when it read the change, minutes later; our collections
tell only between which two of them. A difference is told at the last call that can have made it. Where no call can have, it
stands alone, with the interval, and no author is made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from findings.analysis.timeline.causes import can_make
from findings.analysis.timeline.model import Call, Capture, Look, Moment

BURST = timedelta(minutes=5)  # between two calls of one caller that read as one change
LONGEST = timedelta(hours=1)  # of such a change as a whole
SLACK = timedelta(minutes=10)  # by which clocks disagree, and IAM's own copies


@dataclass(frozen=True, slots=True)
class _Clue:
    """Calls of one caller in one burst, with the captures that tell of the same; or captures alone."""

    calls: tuple[Call, ...] = ()
    captures: tuple[Capture, ...] = ()

    @property
    def first(self) -> datetime:
        return self.calls[0].at if self.calls else self.captures[0].at

    @property
    def last(self) -> datetime:
        return self.calls[-1].at if self.calls else self.captures[-1].at

    @property
    def earliest(self) -> datetime:
        return self.calls[0].at if self.calls else self.captures[0].earliest

    @property
    def told(self) -> frozenset[str]:
        """The fields of which its captures tell what they were and became."""
        return frozenset().union(*(capture.fields or () for capture in self.captures))

    def explains(self, fields: frozenset[str]) -> frozenset[str]:
        """Config names no cause: a change that it did not keep may be of all that differs."""
        if not self.calls:
            return self.told & fields if all(one.fields is not None for one in self.captures) else fields
        called = frozenset().union(*(can_make(call.event.name, fields) for call in self.calls if call.done))
        return called | (self.told & fields)


def moments(looks: Iterable[Look], captures: Iterable[Capture], calls: Iterable[Call]) -> list[Moment]:
    """Of one entity; oldest first."""
    clues = _with_captures(_bursts(calls), sorted(captures, key=lambda one: (one.at, one.id)))
    found: list[Moment] = []
    taken: set[int] = set()
    for look in sorted(looks, key=lambda one: (one.at, one.id)):
        near = {n: clue for n, clue in enumerate(clues) if n not in taken and _within(clue, look)}
        told = list(_told(look, near))
        taken |= {n for n, _ in told}
        found += [moment for _, moment in told]
    found += [_alone(clue) for n, clue in enumerate(clues) if n not in taken]
    return sorted(found, key=lambda moment: moment.latest)


def _bursts(calls: Iterable[Call]) -> list[_Clue]:
    """By caller; refused calls stand with those that were not."""
    by_caller: dict[tuple[str, ...], list[list[Call]]] = {}
    for call in sorted(calls, key=lambda one: (one.at, one.id)):
        bursts = by_caller.setdefault(call.caller, [])
        if bursts and goes_on(bursts[-1][0].at, bursts[-1][-1].at, call.at):
            bursts[-1].append(call)
        else:
            bursts.append([call])
    return [_Clue(tuple(some)) for bursts in by_caller.values() for some in bursts]


def goes_on(first: datetime, last: datetime, at: datetime) -> bool:
    return at - last <= BURST and at - first <= LONGEST


def _with_captures(clues: Sequence[_Clue], captures: Sequence[Capture]) -> list[_Clue]:
    """A capture goes with the last effective call before it, if that is near; the others stand alone."""
    found = sorted(clues, key=lambda clue: clue.last)
    alone = []
    for capture in captures:
        near = [n for n, clue in enumerate(found) if clue.calls and _tells_of(capture, clue)]
        if near:
            clue = found[near[-1]]
            found[near[-1]] = replace(clue, captures=(*clue.captures, capture))
        else:
            alone.append(_Clue(captures=(capture,)))
    return sorted((*found, *alone), key=lambda clue: clue.last)


def _tells_of(capture: Capture, clue: _Clue) -> bool:
    return any(capture.earliest <= call.at <= capture.at + SLACK for call in clue.calls if call.done)


def _within(clue: _Clue, look: Look) -> bool:
    """Whether it lies between the two collections, as well as clocks agree. A clue without any effective call does not."""
    if clue.calls and not any(call.done for call in clue.calls):
        return False
    return (look.after is None or clue.last >= look.after - SLACK) and clue.earliest <= look.at + SLACK


def _told(look: Look, near: Mapping[int, _Clue]) -> Iterator[tuple[int, Moment]]:
    """The look's differences: each by the captures that kept it, else at the last clue that explains it; with -1 what none
    explains."""
    left = look.fields
    for n, clue in near.items():
        if mine := clue.told & look.fields:
            left -= mine
            yield n, _alone(clue, look.at)
    plain = {n: clue for n, clue in near.items() if not clue.told & look.fields}
    for n in sorted(plain, key=lambda n: (bool(plain[n].calls), plain[n].last), reverse=True):
        if mine := plain[n].explains(left):
            left -= mine
            others = sum(bool(clue.calls and clue.explains(mine)) for m, clue in plain.items() if m != n)
            yield n, _by_clue(plain[n], look, mine, others)
    if left:
        yield -1, _by_collection(look, left)


def _by_clue(clue: _Clue, look: Look, fields: frozenset[str], others: int) -> Moment:
    moment = _alone(clue, look.at)
    earliest = moment.earliest
    if not clue.calls and look.after is not None and earliest is not None:
        earliest = min(max(earliest, look.after), moment.latest)
    return replace(moment, earliest=earliest, was=look.was, now=look.now, fields=fields, others=others)


def _alone(clue: _Clue, seen: datetime | None = None) -> Moment:
    """seen: by which collection, if one saw it too."""
    latest = clue.last
    told = [capture for capture in clue.captures if capture.fields is not None]
    was, now = (told[0].was, told[-1].now) if told else (None, None)
    entity = (clue.calls or clue.captures)[0].entity
    return Moment(entity, clue.earliest, latest, was, now, clue.told, clue.captures, clue.calls, seen)


def _by_collection(look: Look, fields: frozenset[str]) -> Moment:
    """Between two collections, unless AWS dates it in what was collected."""
    at = dated(look, fields)
    if at is not None:
        return Moment(look.entity, at, at, look.was, look.now, fields, seen=look.at, dated=True)
    return Moment(look.entity, look.after, look.at, look.was, look.now, fields, seen=look.at)


def dated(look: Look, fields: frozenset[str]) -> datetime | None:
    """When AWS says it happened: the making of an entity, a policy's new document, a new password. Only what fits between
    the two collections is believed."""
    now = look.now or {}
    if look.was is None:
        name = "created_at"
    elif fields & {"document", "versions", "default_version"}:
        name = "updated_at"
    elif fields <= {"password_last_changed", "password_enabled"}:
        name = "password_last_changed"
    else:
        return None
    at = moment_of(now.get(name))
    fits = at is not None and at <= look.at + SLACK and (look.after is None or at >= look.after - SLACK)
    return at if fits else None


def moment_of(text: object) -> datetime | None:
    """A record's time as it stands in JSON."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else None
