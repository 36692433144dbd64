"""Which of the granted actions stay: those of services in use, and those whose use nobody can see."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from findings.analysis.right_sizing.model import Kept, Removed
from findings.analysis.usage import UNSEEN, Use, unseen
from findings.policy.catalogue import Catalogue, Level
from findings.policy.evaluate import NEEDS_NO_PERMISSION

ORDER = (Level.PERMISSIONS, Level.WRITE, Level.TAGGING, Level.UNKNOWN, Level.READ, Level.LIST)


@dataclass(frozen=True)
class Keeping:
    """mask: actions that stay. used: services seen in use. unused: services to go. kept: what stays unseen. given_up: services
    to go because the operator says so, with why nobody can say that they are unused."""

    mask: int
    used: tuple[str, ...]
    unused: tuple[str, ...]
    kept: tuple[Kept, ...]
    given_up: Mapping[str, str] = field(default_factory=dict)

    def stays(self, pattern: str) -> bool:
        """Of an action pattern that the catalogue does not know: only its service tells."""
        return pattern.partition(":")[0].lower() not in self.unused


def choose(
    granted: int, use: Use, start: datetime, lately: int, drop: Collection[str], catalogue: Catalogue
) -> Keeping:
    """granted, lately: actions; the latter were granted for less than the window. drop: services that an operator gives up
    although nobody can say that they are unused; what leaves no trace at all stays even then."""
    mask, blind = 0, unseen(catalogue)
    used: list[str] = []
    unused: list[str] = []
    kept: list[Kept] = []
    given_up: dict[str, str] = {}
    for service, actions in catalogue.services.items():
        here = granted & actions
        if not here:
            continue
        tried = use.used(service, start)
        why = "" if tried else _unknown(service, tried, bool(here & lately), use)
        if tried:
            used.append(service)
        elif service in drop or not why:
            unused.append(service)
            mask |= here & blind
            kept += _blind(here & blind, catalogue)
            if why:
                given_up[service] = why
            continue
        else:
            kept.append(Kept(service, here.bit_count(), why, service))
        mask |= here
    return Keeping(mask, tuple(used), tuple(unused), tuple(kept), given_up)


def _unknown(service: str, tried: bool | None, lately: bool, use: Use) -> str:
    """Why it cannot be said that the service is unused; "" when it can."""
    if tried is None:
        return use.unread or "no source tells of the use of this service"
    return "granted for less than the window, or since when is not known" if lately else ""


def _blind(mask: int, catalogue: Catalogue) -> Iterator[Kept]:
    for one in UNSEEN:
        if one.by_service and (count := (catalogue.mask(one.patterns) & mask).bit_count()):
            yield Kept(", ".join(one.patterns), count, one.why)


def wholly_gone(old: int, new: int, catalogue: Catalogue) -> tuple[str, ...]:
    """Services of which nothing stays that Access Advisor could see an attempt of: one that it sees is of what was taken away.
    Without those where some action needs no permission at all."""
    seen = catalogue.all & ~unseen(catalogue)
    free = {action.partition(":")[0] for action in NEEDS_NO_PERMISSION}
    services = catalogue.services.items()
    return tuple(s for s, mine in services if old & ~new & mine and not new & seen & mine and s not in free)


def removed(
    lost: int, use: Use, start: datetime, catalogue: Catalogue, given_up: Mapping[str, str] | None = None
) -> tuple[Removed, ...]:
    """The lost actions by service and level, what changes most first in each service."""
    rows: dict[tuple[str, int], list[str]] = {}
    for action in catalogue.members(lost):
        key = action.partition(":")[0].lower(), ORDER.index(catalogue.level_of(action))
        rows.setdefault(key, []).append(action)
    return tuple(
        Removed(service, ORDER[place], tuple(actions), _why(service, use, start, given_up or {}))
        for (service, place), actions in sorted(rows.items())
    )


def _why(service: str, use: Use, start: datetime, given_up: Mapping[str, str]) -> str:
    if service in given_up:
        return f"given up, although nobody can say that it is unused: {given_up[service]}"
    last = use.last(service)
    if last is None:
        return f"not used since {use.since:%Y-%m-%d}"
    when = f"last used on {last:%Y-%m-%d}"
    return when if last < start else f"{when}, but by others than those that may do these"
