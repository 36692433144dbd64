"""Which events that matter nobody is told of, in an account.

A metric filter counts where its log group is the one that a multi-region trail delivers to, an alarm that may act is on its
metric, and somebody is subscribed to what that tells. A rule of EventBridge counts in its region, while a trail records there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collectors.aws.partitions import HOME
from collectors.records import Alarm, Coverage, State, Trail
from collectors.records.trails import owner_of
from findings.analysis import recorded
from findings.analysis.alarming import filters, patterns
from findings.analysis.alarming.families import FAMILIES, Event, Family, in_bus
from findings.analysis.gaps import gap_of

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

FILTERS, ALARMS = "logs:DescribeMetricFilters", "cloudwatch:DescribeAlarms"
RULES, TARGETS = "events:ListRules", "events:ListTargetsByRule"
ON, READS_TOO = "ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


@dataclass(frozen=True, slots=True)
class Untold:
    """Events of a family of which nobody is told, by name. almost: filters and rules that select them, and why nobody hears of
    it. doubt: why somebody may hear after all; "" where nobody does."""

    family: Family
    events: tuple[str, ...]
    almost: tuple[str, ...] = ()
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """unread: why somebody may be told after all; "" when all is known. trails: that record the account in all regions."""

    untold: tuple[Untold, ...]
    unread: str
    trails: tuple[Trail, ...]


def untold(facts: Facts) -> Answer:
    trails = tuple(one for one in _multi_region(facts) if recorded.recording(one))
    asked = [family for family in FAMILIES if not family.organizations or facts.guardrails.management]
    where = recorded.regions(facts)
    alarms = [alarm for alarm in facts.snapshot.alarms if _feeds(alarm, trails, facts)]
    found = tuple(one for family in asked if (one := _untold(family, alarms, where, facts)).events)
    doubts = (one.doubt for one in found)
    unread = next(filter(None, (*doubts, *map(_odd, alarms), _unread(facts, trails))), "") if found else ""
    return Answer(found, unread, trails)


def _multi_region(facts: Facts) -> Iterator[Trail]:
    return (one for one in facts.trails if one.multi_region)


def _feeds(alarm: Alarm, trails: Iterable[Trail], facts: Facts) -> bool:
    """Whether what the account's trails record reaches it."""
    if not alarm.log_group:
        recording = (recorded.recording(one) for one in recorded.trails(facts, alarm.region))
        return alarm.owner in ("", facts.snapshot.account_id) and any(recording)
    return any(_same(alarm.log_group, one.log_group) and not (one.errors or {}).get("logs") for one in trails)


def _same(group: str, other: str) -> bool:
    """A bundle that does not name its account has log groups without one."""
    mine, theirs = group.split(":"), other.split(":")
    return mine[3:4] + mine[5:] == theirs[3:4] + theirs[5:] and mine[4:5] in ([""], theirs[4:5])


def _untold(family: Family, alarms: list[Alarm], regions: Iterable[str], facts: Facts) -> Untold:
    home = HOME.get(facts.snapshot.partition, "")
    where = tuple(regions) if family.everywhere and regions else (home,)
    names: dict[str, None] = {}
    mute: dict[str, Alarm] = {}
    for event in family.events:
        selecting = [alarm for alarm in alarms if any(_selects(alarm, event, region) for region in where)]
        heard = [alarm for alarm in selecting if not _silent(alarm)]
        if not all(any(_selects(alarm, event, region) for alarm in heard) for region in where):
            names[event["eventName"]] = None
            mute |= {alarm.unique_id: alarm for alarm in selecting if _silent(alarm)}
    almost = (f"{alarm.name}: {_silent(alarm)}" for alarm in mute.values())
    return Untold(family, tuple(names), tuple(almost), next(filter(None, map(_doubt, mute.values())), ""))


def _doubt(alarm: Alarm) -> str:
    """Whom a filter or rule that works tells may be unknown."""
    if _off(alarm):
        return ""
    if alarm.receivers is None:
        return f"whom {alarm.name} tells could not be read"
    unknown = sorted(set(alarm.receivers) - set(alarm.heard or ()) - set(alarm.deaf or ()))
    topics = [arn for arn in unknown if arn.split(":")[2:3] == ["sns"]]
    return f"whether somebody is subscribed to {topics[0]} is not known" if topics else ""


def _odd(alarm: Alarm) -> str:
    """A filter of which it is not known what it selects."""
    try:
        if alarm.log_group and not _silent(alarm):
            filters.compiled(alarm.pattern)
    except filters.PatternError as error:
        return f"the pattern of metric filter {alarm.name} is not judged: {error}"
    return ""


def _selects(alarm: Alarm, event: Event, region: str) -> bool:
    if alarm.log_group:
        try:
            return filters.compiled(alarm.pattern)({**event, "awsRegion": region})
        except filters.PatternError:
            return False
    pattern = patterns.read(alarm.pattern)
    if pattern is None or alarm.region != region or (event["readOnly"] and alarm.state != READS_TOO):
        return False
    return patterns.matches(pattern, in_bus(event, region))


def _off(alarm: Alarm) -> str:
    if not alarm.log_group and alarm.state not in (ON, READS_TOO):
        return "the rule is off"
    if alarm.log_group and alarm.alarms == ():
        return "no alarm that acts is on its metric"
    return ""


def _silent(alarm: Alarm) -> str:
    """Why nobody hears of what it selects; "" when somebody does."""
    if why := _off(alarm):
        return why
    if alarm.heard:
        return ""
    if alarm.receivers and set(alarm.receivers) <= set(alarm.deaf or ()):
        return "nobody is subscribed to what it tells"
    return "it is not known whom it tells" if alarm.receivers != () else "it tells nobody"


def _unread(facts: Facts, trails: tuple[Trail, ...]) -> str:
    """What of filters and rules could not be read: of the account, and of who owns the log groups of its trails."""
    own = facts.snapshot.account_id
    told = [_gap((RULES, TARGETS), facts.snapshot.coverage, HOME.get(facts.snapshot.partition, ""))]
    for group in (trail.log_group for trail in trails if trail.log_group):
        owner = owner_of(group)
        rows = facts.snapshot.coverage if owner == own else facts.snapshot.trail_coverage.get(owner, ())
        gap = _gap((FILTERS, ALARMS), rows, group.split(":")[3])
        told.append(f"{gap} in account {owner}, which owns the trail's log group" if gap and owner != own else gap)
    return next(filter(None, told), "")


def _gap(apis: Iterable[str], coverage: Iterable[Coverage], region: str) -> str:
    """An API that was asked nothing, for there was nothing to ask about, is complete, and without a region."""
    for api in apis:
        some = [row for row in coverage if row.api == api]
        here = [row for row in some if row.region in ("", region)]
        short = [row for row in here if row.state is not State.COMPLETE]
        if short or not some or (not here and api in (FILTERS, RULES)):
            return str(gap_of(api, short[0] if short else None))
    return ""
