"""What is known of attempts at what a proposal took away, and what nobody would have seen (docs/decisions/0008).

Access Advisor counts attempts, denied ones too, by service. It lists the services that a principal's identity policies allow,
whatever its boundary says [IAM API reference, GetServiceLastAccessedDetails]: of one that no policy allows any more it falls
silent. CloudTrail tells denials of single calls, of actions whose every call is an event (analysis/activity/seen.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from collectors.records import EventUse, LastAccessed
from findings.analysis.activity.event_actions import actions_of
from findings.analysis.activity.seen import visible
from findings.analysis.unseen import unseen
from findings.analysis.usage import ADVISOR, CLOUDTRAIL, Heard
from findings.policy.catalogue import Catalogue

LAG = timedelta(hours=4)  # "recent activity usually appears within four hours" [IAM API reference]
LATE = timedelta(hours=1)  # CloudTrail's files come within minutes; measured at most ten (TRUST.md)
TOLD = 8


@dataclass(frozen=True, slots=True)
class Taken:
    """services: those taken away as a whole; lost: all that was, as patterns; narrowed: actions that stay on fewer resources.
    since, until: the time to watch."""

    services: Sequence[str]
    lost: Sequence[str]
    narrowed: Sequence[str]
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Watched:
    """tried: whether something taken away was tried; False: surely not in the whole time; None: it cannot be told, or not yet.
    said: sentences for the operator."""

    tried: bool | None
    said: str


@dataclass(frozen=True, slots=True)
class Denial:
    """A call that was refused, and the actions it was refused for as far as a call tells."""

    call: EventUse
    actions: tuple[str, ...]


def watch(
    taken: Taken, reading: LastAccessed | None, calls: Iterable[EventUse], heard: Heard, catalogue: Catalogue
) -> Watched:
    """reading: Access Advisor's answer. calls: the principal's; heard: how far events were read."""
    lost, narrowed = catalogue.mask(taken.lost), catalogue.mask(taken.narrowed)
    by_service = _ByService(taken, reading)
    denials = list(_denials(calls, taken, lost | narrowed, catalogue))
    by_call = visible(catalogue) & (lost | narrowed) if heard.since and heard.since <= taken.since else 0
    closed = heard.until is not None and heard.until >= taken.until + LATE
    seen = catalogue.mask(f"{service}:*" for service in by_service.heard) & ~unseen(catalogue)
    blind = (lost & ~seen & ~by_call) | (narrowed & ~by_call)
    over = (not by_service.heard or by_service.over) and (not by_call or closed)
    said = [
        *_attempts(by_service.tried),
        *map(_refused, denials),
        *by_service.silence(),
        *_quiet(by_call, denials, closed, taken.until),
        *_blind(blind, heard, catalogue),
    ]
    tried = bool(by_service.tried or denials)
    sure = bool(lost | narrowed) and over and not blind
    return Watched(tried if tried or sure else None, " ".join(said))


class _ByService:
    """Access Advisor's word on the services that were taken away. tried: service -> when. heard: it tells of them, and of no
    attempt. over: it was read after the last day."""

    def __init__(self, taken: Taken, reading: LastAccessed | None) -> None:
        self.taken, self.read = taken, reading is not None and reading.read_at > taken.since
        last = {use.namespace.lower(): use.last_at for use in reading.services} if reading and self.read else {}
        self.tried = {s: at for s in taken.services if (at := last.get(s)) and at > taken.since}
        self.silent = [s for s in taken.services if self.read and s not in last]
        self.heard = [s for s in taken.services if s in last and s not in self.tried]
        self.over = bool(reading and self.read and reading.read_at >= taken.until + LAG)

    def silence(self) -> Iterator[str]:
        until = f"{self.taken.until:%Y-%m-%d}"
        if self.taken.services and not self.read:
            yield f"{ADVISOR} was not read since."
        if self.heard:
            yield f"No attempt at {_some(self.heard)} {'until' if self.over else 'so far; watched until'} {until}."
        if self.silent:
            yield f"{ADVISOR} does not tell of {_some(self.silent)}: it tells only of services that its policies allow."


def _denials(calls: Iterable[EventUse], taken: Taken, mask: int, catalogue: Catalogue) -> Iterator[Denial]:
    for call in calls:
        if call.denied_at is not None and taken.since < call.denied_at <= taken.until:
            named = catalogue.mask(actions_of(call.source, call.name) or ()) & mask
            if named:
                yield Denial(call, tuple(catalogue.members(named)))


def _attempts(tried: dict[str, datetime]) -> Iterator[str]:
    if tried:
        yield f"Tried since: {_some([f'{s} on {_at(at)}' for s, at in tried.items()])}."
        yield f"{ADVISOR} does not say by which action, nor whether AWS denied it: a policy of the resource may have allowed it."


def _refused(one: Denial) -> str:
    last = f"Denied since: {_some(one.actions)}, last on {_at(one.call.denied_at)}" if one.call.denied_at else ""
    return f"{last} ({CLOUDTRAIL}; {one.call.denied:,} denied in all that was read)."


def _quiet(by_call: int, denials: Sequence[Denial], closed: bool, until: datetime) -> Iterator[str]:
    if n := by_call.bit_count() - len({action for one in denials for action in one.actions}):
        when = f"{'until' if closed else 'so far; watched until'} {until:%Y-%m-%d}"
        yield f"{CLOUDTRAIL} shows no denial of {n:,} {'other ' if denials else ''}action{'s' if n > 1 else ''} {when}."


def _blind(mask: int, heard: Heard, catalogue: Catalogue) -> Iterator[str]:
    if mask:
        why = f" ({heard.why})" if heard.why else ""
        yield f"Nobody would see an attempt at {_some(catalogue.members(mask))}{why}."


def _at(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _some(words: Sequence[str]) -> str:
    said = ", ".join(words[:TOLD])
    return f"{said} and {len(words) - TOLD} more" if len(words) > TOLD else said
