"""Which events of an account are recorded now, and by which trails: judged by what selectors select, not by what they are called.

A trail counts where it is logging and its last delivery did not fail. Of a trail whose status or selectors nobody told
it is unknown what it records: `Recorded.unread` says so, and nothing is taken for unrecorded then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from collectors.aws.partitions import HOME
from collectors.records import Coverage, State, Trail
from collectors.records.trails import SELECTORS, STATUS
from findings.analysis import selecting
from findings.analysis.gaps import gap_of
from findings.analysis.selecting import Selected

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

DESCRIBE, GET_STATUS = "cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus"
GET_SELECTORS, GET_INSIGHTS = "cloudtrail:GetEventSelectors", "cloudtrail:GetInsightSelectors"
TOLD_BY = {STATUS: GET_STATUS, SELECTORS: GET_SELECTORS}
PARTS = {STATUS: ("logging", "errors", "delivered_at", "started_at", "stopped_at"), SELECTORS: ("selectors",)}
S3_OBJECT = "AWS::S3::Object"
GLOBAL = "global services (IAM, STS, CloudFront)"
ANSWERED = (State.COMPLETE, State.PARTIAL)


class Access(StrEnum):
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One kind of events in one region. by: trails that record all of them; partly: those that record some, each with what it
    selects (`Selected.lacks` tells what it leaves out). unread: why there may be more; "" when all is known."""

    by: tuple[Trail, ...] = ()
    partly: tuple[tuple[Trail, Selected], ...] = ()
    unread: str = ""

    @property
    def state(self) -> str:
        """ "all", "part", "unknown" or "none"."""
        return "all" if self.by else "unknown" if self.unread else "part" if self.partly else "none"

    @property
    def where(self) -> tuple[str, ...]:
        """What of them is recorded, in words: "resources.ARN arn:aws:s3:::payments/*"; empty where all is, or nothing."""
        return () if self.by else tuple(dict.fromkeys(word for _, one in self.partly for word in one.only))

    def covering(self, arn: str) -> tuple[Trail, ...]:
        """The trails that record what happens to this resource; of a bucket's objects: "arn:aws:s3:::bucket/"."""
        return self.by + tuple(trail for trail, selected in self.partly if selected.covers(arn))


def management(facts: Facts, region: str, access: Access) -> Recorded:
    """Management events of the region that read, or the others. unread: see `Recorded`."""
    reads = access is Access.READ
    return _recorded(facts, region, lambda trail: _managed(facts, trail, region, reads=reads))


def data(facts: Facts, region: str, access: Access, kind: str = S3_OBJECT) -> Recorded:
    """Data events of one type of resources."""
    reads = access is Access.READ
    return _recorded(facts, region, lambda trail: selecting.data(trail.selectors or (), kind, reads=reads))


def regions(facts: Facts) -> tuple[str, ...]:
    """The account's enabled regions; where nobody lists them, those that were asked for trails."""
    if facts.told.regions is not None:
        return facts.told.regions
    return tuple(sorted({row.region for row in facts.covered(DESCRIBE) if row.region}))


def trails(facts: Facts, region: str) -> tuple[Trail, ...]:
    """The trails that are to record there, by ARN, each as far as it is known now (`known`)."""
    return tuple(one for one in facts.trails if one.multi_region or one.home_region == region)


def known(trail: Trail, facts: Facts) -> Trail:
    """The trail with None for what is not known now: logging and errors, selectors. What the account is not told of its
    organization's trail, the account that owns it may know."""
    own = trail if _listed(trail, facts.snapshot.coverage) else None
    theirs = next((one for one in facts.snapshot.trails_elsewhere if one.unique_id == trail.unique_id), None)
    told: dict[str, Any] = {}
    for part, fields in PARTS.items():
        of = own if own and _told(own, part, facts.snapshot.coverage) else None
        if of is None and theirs and _told(theirs, part, facts.snapshot.trail_coverage.get(trail.owner, ())):
            of = theirs
        told |= {field: getattr(of, field, None) for field in fields}
    return msgspec.structs.replace(trail, **told)


def recording(trail: Trail) -> bool | None:
    """Whether what a known trail selects gets into its bucket now."""
    if trail.logging is None:
        return None
    return trail.logging and not (trail.errors or {}).get("bucket")


def unlisted(facts: Facts, region: str) -> str:
    """Why there may be a trail that records in the region and is not seen; "" when there is none."""
    rows = facts.covered(DESCRIBE)
    if any(row.state is State.COMPLETE and row.region == region for row in rows):
        return ""
    return str(gap_of(DESCRIBE, next((row for row in rows if row.region in (region, "")), rows[0] if rows else None)))


def unlisted_everywhere(facts: Facts) -> str:
    """Why there may be a multi-region trail that is not seen; "" when there is none: one region tells of them all."""
    rows = facts.covered(DESCRIBE)
    if any(row.state is State.COMPLETE for row in rows):
        return ""
    return str(gap_of(DESCRIBE, rows[0] if rows else None))


def why_unknown(trail: Trail, part: str, facts: Facts) -> str:
    """Why a part of the trail is not known now, as a sentence; the same as long as the lack is."""
    gaps = facts.gaps((TOLD_BY[part],))
    told = f": {gaps[0]}" if gaps else ""
    if trail.owner in ("", facts.snapshot.account_id):
        return f"the {part} of trail {trail.name} could not be read{told}"
    return f"the {part} of trail {trail.name} is for account {trail.owner} to tell, which owns it{told}"


def _recorded(facts: Facts, region: str, select: Callable[[Trail], Selected]) -> Recorded:
    by, partly, unread = [], [], [unlisted(facts, region)]
    for trail in trails(facts, region):
        works = recording(trail)
        if works is None:
            unread.append(why_unknown(trail, STATUS, facts))
        elif works and trail.selectors is None:
            unread.append(why_unknown(trail, SELECTORS, facts))
        elif works and (selected := select(trail)).every:
            by.append(trail)
        elif works and not selected.nothing:
            partly.append((trail, selected))
    return Recorded(tuple(by), tuple(partly), next(filter(None, unread), ""))


def _managed(facts: Facts, trail: Trail, region: str, *, reads: bool) -> Selected:
    """Events of global services are recorded in one region, and only by trails that are told to."""
    found = selecting.management(trail.selectors or (), reads=reads)
    if trail.global_events or found.nothing or region != HOME.get(facts.snapshot.partition):
        return found
    return Selected(without=(GLOBAL, *found.without), only=found.only)


def unseen(trail: Trail, facts: Facts) -> str:
    """Why it is not known whether the trail is still as it was seen; "" when it is."""
    if _listed(trail, facts.snapshot.coverage):
        return ""
    return unlisted(facts, trail.region) if trail.region else unlisted_everywhere(facts)


def _listed(trail: Trail, coverage: Iterable[Coverage]) -> bool:
    """Whether the trail was seen the last time, and not only before."""
    good = {row.region for row in coverage if row.api == DESCRIBE and row.state is State.COMPLETE}
    return trail.region in good or bool(good and trail.multi_region)


def _told(trail: Trail, part: str, coverage: Iterable[Coverage]) -> bool:
    answered = any(row.api == TOLD_BY[part] and row.state in ANSWERED for row in coverage)
    return answered and part not in trail.unread
