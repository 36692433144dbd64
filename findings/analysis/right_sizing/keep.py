"""Which of the granted actions stay: those in use, as calls or else services show it, and those whose use nobody can see."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from findings.analysis.right_sizing.model import Kept, Removed
from findings.analysis.unseen import UNSEEN, unseen
from findings.analysis.used import Told, Window, said
from findings.policy.catalogue import Catalogue, Level
from findings.policy.evaluate import NEEDS_NO_PERMISSION

ORDER = (Level.PERMISSIONS, Level.WRITE, Level.TAGGING, Level.UNKNOWN, Level.READ, Level.LIST)


@dataclass(frozen=True)
class Keeping:
    """mask: actions that stay. used: services seen in use. unused: services to go. kept: what stays unseen. given_up: services
    to go because the operator says so, with why nobody can say that they are unused. by_call: actions that go although their
    service is in use, because no use of theirs was seen."""

    mask: int
    used: tuple[str, ...]
    unused: tuple[str, ...]
    kept: tuple[Kept, ...]
    given_up: Mapping[str, str] = field(default_factory=dict)
    by_call: int = 0

    def stays(self, pattern: str) -> bool:
        """Of an action pattern that the catalogue does not know: only its service tells."""
        return pattern.partition(":")[0].lower() not in self.unused


def choose(granted: int, window: Window, drop: Collection[str]) -> Keeping:
    """granted: actions. drop: services that an operator gives up although nobody can say that they are unused; what leaves no
    trace at all stays even then."""
    catalogue = window.catalogue
    mask, by_call, blind = 0, 0, unseen(catalogue)
    used: list[str] = []
    unused: list[str] = []
    kept: list[Kept] = []
    given_up: dict[str, str] = {}
    for service, actions in catalogue.services.items():
        here = granted & actions
        if not here:
            continue
        told = window.told(service, here)
        if window.known.used(service, window.since):
            used.append(service)
            by_call |= told.unused
            mask |= here & ~told.unused
            kept += _of_calls(service, told, window)
        elif service in drop or not told.unsaid & ~blind:
            unused.append(service)
            mask |= here & blind
            kept += _blind(here & blind, catalogue)
            if told.unsaid & ~blind:
                given_up[service] = _why_unsaid(told, blind)
        else:
            kept.append(Kept(service, here.bit_count(), _why_unsaid(told, blind), service))
            mask |= here
    return Keeping(mask, tuple(used), tuple(unused), tuple(kept), given_up, by_call)


def _why_unsaid(told: Told, blind: int) -> str:
    return next(why for why, mask in told.unknown.items() if mask & ~blind)


def _of_calls(service: str, told: Told, window: Window) -> Iterator[Kept]:
    """Of a service in use, where calls tell of actions: what they do not tell."""
    if not window.silent:
        yield from (Kept(service, mask.bit_count(), why) for why, mask in told.unknown.items())


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


def removed(lost: int, window: Window, keepings: Collection[Keeping]) -> tuple[Removed, ...]:
    """The lost actions by service and level, what changes most first in each service. keepings: what stays for each of those
    who lose them."""
    catalogue = window.catalogue
    by_call = reduce(or_, (keeping.by_call for keeping in keepings), 0)
    given_up = {service: why for keeping in keepings for service, why in keeping.given_up.items()}
    rows: dict[tuple[str, int, str], list[str]] = {}
    for action in catalogue.members(lost):
        service, one = action.partition(":")[0].lower(), catalogue.bit(action)
        why = _why(service, window, given_up, one & by_call)
        rows.setdefault((service, ORDER.index(catalogue.level_of(action)), why), []).append(action)
    return tuple(
        Removed(service, ORDER[place], tuple(actions), why) for (service, place, why), actions in sorted(rows.items())
    )


def _why(service: str, window: Window, given_up: Mapping[str, str], by_call: int) -> str:
    if service in given_up:
        return f"given up, although nobody can say that it is unused: {given_up[service]}"
    if by_call:
        return window.unseen_since(service, by_call)
    seen = window.known.services.get(service)
    if seen is None or seen.at is None:
        return f"not used since {window.known.since:%Y-%m-%d}" + (f" ({seen.source})" if seen else "")
    when = said(seen).replace("last on", "last used on", 1)
    return when if seen.at < window.since else f"{when}, but by others than those that may do these"
