"""What Access Advisor tells of attempts at services that a proposal took away as a whole, and what it cannot tell.

It counts attempts, denied ones too, by service. It lists the services that a principal's identity policies allow, whatever its
boundary says [IAM API reference, GetServiceLastAccessedDetails]: of one that no policy allows any more it falls silent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from collectors.records import LastAccessed
from findings.analysis.usage import ADVISOR

LAG = timedelta(hours=4)  # "recent activity usually appears within four hours" [IAM API reference]
TOLD = 8
SINGLE = "Denials of single actions are unknown: no source tells of them yet."


@dataclass(frozen=True, slots=True)
class Watched:
    """tried: whether something taken away was tried; False: surely not in the whole time; None: it cannot be told, or not yet.
    said: sentences for the operator."""

    tried: bool | None
    said: str


def watch(
    services: Sequence[str], lost: Sequence[str], reading: LastAccessed | None, since: datetime, until: datetime
) -> Watched:
    """services: those taken away as a whole; lost: all that was, as patterns. since, until: the time to watch."""
    read = reading is not None and reading.read_at > since
    last = {use.namespace.lower(): use.last_at for use in reading.services} if reading and read else {}
    tried = {s: at for s in services if (at := last.get(s)) and at > since}
    silent = [s for s in services if read and s not in last]
    over = bool(reading and read and reading.read_at >= until + LAG)
    heard = [s for s in services if s in last and s not in tried]
    said = [*_attempts(tried), *_silence(services, heard, silent, read, over, until), *_rest(services, lost)]
    return Watched(bool(tried) if tried or (heard and over and not silent) else None, " ".join(said))


def _attempts(tried: dict[str, datetime]) -> Iterator[str]:
    if tried:
        yield f"Tried since: {_some([f'{s} on {at:%Y-%m-%d %H:%M} UTC' for s, at in tried.items()])}."
        yield f"{ADVISOR} does not say by which action, nor whether AWS denied it: a policy of the resource may have allowed it."


def _silence(
    services: Sequence[str], heard: Sequence[str], silent: Sequence[str], read: bool, over: bool, until: datetime
) -> Iterator[str]:
    if services and not read:
        yield f"{ADVISOR} was not read since."
    if heard:
        yield f"No attempt at {_some(heard)} {'until' if over else 'so far; watched until'} {until:%Y-%m-%d}."
    if silent:
        yield f"Unknown for {_some(silent)}: {ADVISOR} tells only of services that its policies allow."


def _rest(services: Sequence[str], lost: Sequence[str]) -> Iterator[str]:
    if not services:
        yield f"No service was taken away of which {ADVISOR} could tell an attempt."
    if any(pattern.partition(":")[0].lower() not in services for pattern in lost):
        yield SINGLE


def _some(words: Sequence[str]) -> str:
    said = ", ".join(words[:TOLD])
    return f"{said} and {len(words) - TOLD} more" if len(words) > TOLD else said
