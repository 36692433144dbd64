"""Were these actions used in a window, were they not, or can nobody say? The one answer to it, from all that is known of the
use of a principal (analysis/usage.py).

An action was used if a call shows it, or Access Advisor where it tracks it. It was not, if Access Advisor tracked it, or its
whole service, without an attempt; or if every call of it would be an event (analysis/activity/seen.py) and events were read all
the time without one. All else nobody can say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property, reduce
from operator import or_

from findings.analysis.activity.event_actions import service_of
from findings.analysis.activity.seen import recorded, visible
from findings.analysis.unseen import UNSEEN
from findings.analysis.usage import ADVISOR, CLOUDTRAIL, Seen, Use
from findings.policy.catalogue import Catalogue, Level

LATELY = "granted for less than the window, or since when is not known"
UNTOLD = "no source tells of the use of this service"
NO_EVENTS = "no CloudTrail events were read"
READING = "only reads, and a trail may leave out calls that only read"
WITH_OTHERS = "may be checked with another call, so that no event of its own has to be there"
NOT_KNOWN = "the catalogue does not know what it does"
DAY = "%Y-%m-%d"


@dataclass(frozen=True, slots=True)
class Told:
    """Actions of one service, as sets: used, unused, and those of which nobody can say it, by the reason. Disjoint, and together
    all that was asked about."""

    used: int
    unused: int
    unknown: Mapping[str, int]

    @property
    def unsaid(self) -> int:
        return reduce(or_, self.unknown.values(), 0)


@dataclass(frozen=True)
class Window:
    """A principal's use since a moment. lately: actions that were granted for less than that. data: services all of whose data
    events the trail records, as the operator says."""

    known: Use
    since: datetime
    catalogue: Catalogue
    lately: int = 0
    data: frozenset[str] = frozenset()

    def told(self, service: str, actions: int) -> Told:
        """actions: some of the service's."""
        tried = self.known.used(service, self.since)
        used = actions & self.used
        left = actions & ~used
        if tried is None:
            return Told(used, 0, {self.known.unread or UNTOLD: left})
        untried = left & self.untried if tried else 0
        left &= ~untried
        if tried and (why := self.deaf(service)):
            return Told(used, untried, {why: left} if left else {})
        unknown: dict[str, int] = {}
        for why, mask in self._by_call if tried else self._by_service:
            if some := left & mask:
                unknown[why] = unknown.get(why, 0) | some
                left &= ~some
        return Told(used, left | untried, unknown)

    @cached_property
    def used(self) -> int:
        """All actions that calls show, or Access Advisor."""
        names = (*self.known.actions, *self.known.tracked)
        return self.catalogue.mask(a for a in names if self.known.used_action(a, self.since))

    @cached_property
    def untried(self) -> int:
        """Actions that Access Advisor tracks, without an attempt; of those granted lately nothing is said."""
        known = self.known
        tracked = () if known.unread else known.tracked
        return self.catalogue.mask(a for a in tracked if not known.used_action(a, self.since)) & ~self.lately

    @cached_property
    def silent(self) -> str:
        """Why the silence of events says nothing; "" when it does."""
        known = self.known
        if known.actions_since is None:
            return known.actions_unread or NO_EVENTS
        if known.actions_since > self.since:
            return f"{CLOUDTRAIL}'s events were read from {known.actions_since:{DAY}} on, which is not the whole window"
        return ""

    def deaf(self, service: str) -> str:
        """Why events do not tell by which actions a service was used; "" when they do: some call on it was seen, and all that
        were are mapped."""
        if self.silent:
            return self.silent
        if service in self._unmapped:
            return f"of {', '.join(self._unmapped[service][:2])} nobody knows which action it is"
        if service not in self._called:
            return f"the service was used, and {CLOUDTRAIL} tells no call on it that is an action's"
        return ""

    @cached_property
    def _called(self) -> frozenset[str]:
        """Services on which calls were seen that are actions'."""
        seen = (a for a, one in self.known.actions.items() if one.at is not None and one.at >= self.since)
        return frozenset(action.partition(":")[0] for action in seen)

    @cached_property
    def _unmapped(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self.known.unmapped:
            if service := service_of(name.partition(" ")[0]):
                found.setdefault(service, []).append(name)
        return found

    @cached_property
    def _by_service(self) -> tuple[tuple[str, int], ...]:
        """Reasons for which the silence of a whole service says nothing of an action; the first that holds counts."""
        return (*_unseen(self.catalogue, True), (LATELY, self.lately))

    @cached_property
    def _by_call(self) -> tuple[tuple[str, int], ...]:
        """And the silence of calls on a service in use."""
        return (*_not_shown(self.catalogue, self.data), (LATELY, self.lately))

    # -- in words

    def seen(self, service: str, actions: int) -> str:
        """ "ec2:RunInstances 41 times, last on 2026-11-21 (CloudTrail)"; of several the newest. "": nobody saw any."""
        some = [(seen.at, name, seen) for name in self.catalogue.members(actions) if (seen := self._newest(name))]
        if not some:
            return ""
        _, name, seen = max(some, key=lambda one: one[0])  # type: ignore[arg-type, return-value]
        more = f" and {len(some) - 1} more" if len(some) > 1 else ""
        return f"{name}{more}, {said(seen)}"

    def _newest(self, action: str) -> Seen | None:
        return next(iter(self.known.sightings(action)), None)

    def unseen_since(self, service: str, actions: int = 0) -> str:
        """Of actions that were not used: "no call since 2026-05-08 (CloudTrail)", "not since 2025-10-19 (Access Advisor)"."""
        if actions & self.untried and self.known.used(service, self.since):
            return f"not tried since {self.known.since:{DAY}} ({ADVISOR}, by action)"
        if self.known.used(service, self.since):
            since = self.known.actions_since
            return f"no call since {since:{DAY}} ({CLOUDTRAIL})" if since else ""
        seen = self.known.services.get(service)
        if seen is None or seen.at is None:
            source = f" ({seen.source})" if seen else ""
            return f"not since {self.known.since:{DAY}}{source}"
        return f"the service was {said(seen)}"


@cache
def _unseen(catalogue: Catalogue, by_service: bool) -> tuple[tuple[str, int], ...]:
    some = (one for one in UNSEEN if one.by_service or not by_service)
    return tuple((one.why, catalogue.mask(one.patterns)) for one in some)


@cache
def _not_shown(catalogue: Catalogue, data: frozenset[str]) -> tuple[tuple[str, int], ...]:
    """Why a call need not be an event, or have one of its own."""
    levels, shown, of_events = catalogue.levels, visible(catalogue, data), recorded(catalogue)
    known = reduce(or_, (mask for mask in catalogue.services.values() if mask & of_events), 0)
    return (
        *((why, mask & ~shown) for why, mask in _unseen(catalogue, False)),
        (READING, (levels[Level.LIST] | levels[Level.READ]) & ~shown),
        (NOT_KNOWN, levels[Level.UNKNOWN]),
        (WITH_OTHERS, levels[Level.TAGGING] | (known & ~shown)),
        (f"{CLOUDTRAIL} is not known to record every call of the service", catalogue.all & ~shown),
    )


def said(seen: Seen) -> str:
    """ "41 times, last on 2026-11-21 (CloudTrail)"."""
    often = f"{seen.n:,} time{'s' if seen.n > 1 else ''}, " if seen.n else ""
    return f"{often}last on {seen.at:{DAY}} ({seen.source})"
