"""Puts the account's timeline together after each judgement: what changed, who saw it, which findings came after.

Read again is only what is around the witnesses that came since the last time, and two days: then a trail's files are all
there. A trail that is connected later tells of weeks before, and these are read again. A witness that comes for the first
time knows what the others could not name: then all is put together anew, so that the order in which sources answer says nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Min, Q

from collectors import records
from collectors.models import Account, AdminEvent, ConfigItem, Group, LookupWatch, Policy, TrailWatch, Version
from findings.analysis.facts import Facts
from findings.analysis.timeline.deploys import changes
from findings.analysis.timeline.effects import Effects
from findings.analysis.timeline.merge import SLACK, moments
from findings.analysis.timeline.model import Call, Capture, Entity, Look, Moment
from findings.analysis.timeline.telling import Reading
from findings.engine.timeline import after as findings_after
from findings.engine.timeline.decisions import decisions
from findings.engine.timeline.first_use import first_uses
from findings.engine.timeline.looks import looks, owners
from findings.engine.timeline.organization import guardrails
from findings.engine.timeline.rows import Row, Rows
from findings.engine.timeline.witnesses import calls, captures, names
from findings.engine.timeline.writing import write as write_rows
from findings.models import Change, FindingEvent, TimelineRead

ALWAYS = timedelta(days=2)  # read again each time
AROUND = timedelta(hours=1)
BEFORE = timedelta(days=1)  # of witnesses that are read, before the first change that is written


def write(account: Account, as_of: datetime, facts: Facts) -> None:
    """Inside the judgement's transaction, after the findings are reconciled."""
    read = TimelineRead.objects.filter(account=account).first()
    if read is not None and read.as_of > as_of:  # its past is put in anew
        Change.objects.filter(account=account).delete()
        read = None
    known = _newest(account, facts)
    after = _after(account, read, known, as_of)
    rows = list(_rows(account, facts, after, as_of))
    rows += decisions(account, facts, after)
    rows += first_uses(account, facts, after)
    events = findings_after.put(account, facts, rows, after)
    write_rows(account, [row.signed() for row in rows], after, events)
    TimelineRead.objects.update_or_create(account=account, defaults={"as_of": as_of, **known})


def _after(account: Account, read: TimelineRead | None, known: dict[str, Any], as_of: datetime) -> datetime | None:
    """From when on changes are put together again; None: all."""
    if read is None or _came(read, **known):
        return None
    mine: dict[str, Any] = {"account": account}
    found = [
        AdminEvent.objects.filter(pk__gt=read.event, **mine).aggregate(at=Min("at"))["at"],
        ConfigItem.objects.filter(pk__gt=read.item, **mine).aggregate(at=Min("captured_at"))["at"],
        FindingEvent.objects.filter(pk__gt=read.finding_event, **mine).aggregate(at=Min("at"))["at"],
        as_of - ALWAYS,
        read.as_of,
    ]
    if read.versions is not None and _moved(account, read.versions):
        found.append(read.versions)
    since: datetime = min(at for at in found if at is not None) - AROUND
    return since


def _came(read: TimelineRead, *, kinds: list[str], since: datetime | None, **_: Any) -> bool:
    """Whether a kind of entity is known for the first time, or calls are read from a time on of which nothing was read."""
    return not {*kinds} <= {*read.kinds} or (since is not None and (read.since is None or since < read.since))


def _moved(account: Account, since: datetime) -> bool:
    some = Version.objects.filter(Q(seen_from__gt=since) | Q(seen_to__gt=since), account=account)
    return some.exists()


def _newest(account: Account, facts: Facts) -> dict[str, Any]:
    """As TimelineRead."""
    mine: dict[str, Any] = {"account": account}
    times = Version.objects.filter(**mine).aggregate(began=Max("seen_from"), ended=Max("seen_to"))
    return {
        "event": AdminEvent.objects.filter(**mine).aggregate(n=Max("pk"))["n"] or 0,
        "item": ConfigItem.objects.filter(**mine).aggregate(n=Max("pk"))["n"] or 0,
        "finding_event": FindingEvent.objects.filter(**mine).aggregate(n=Max("pk"))["n"] or 0,
        "kinds": sorted(Version.objects.filter(**mine).order_by().values_list("kind", flat=True).distinct()),
        "since": facts.behaviour.changes_since,
        "versions": max((at for at in times.values() if at is not None), default=None),
    }


def _rows(account: Account, facts: Facts, after: datetime | None, as_of: datetime) -> Iterable[Row]:
    since = None if after is None else after - BEFORE
    known, users = names(account)
    seen = list(owners(looks(account, since), users))
    if since is not None:  # what a collection saw may have been done long before it
        since = min([since, *(look.after - SLACK for look in seen if look.after is not None)])
    told = calls(account, since, as_of + SLACK, known)
    kept = captures(account, since, as_of + SLACK)
    found = changes(_moments(seen, kept, told))
    policies, groups = _gone(account, seen)
    make = Rows(account, facts, known, Effects(facts, policies, groups), _reading(account, facts))
    for change in found:
        if after is None or change.latest >= after:
            yield make.of(change)
    yield from guardrails(account, facts, since, after)


def _moments(seen: Iterable[Look], kept: Iterable[Capture], told: Iterable[Call]) -> list[Moment]:
    by_entity: defaultdict[tuple[str, str], _Seen] = defaultdict(_Seen)
    for look in seen:
        by_entity[_identity(look.entity)].looks.append(look)
    for capture in kept:
        by_entity[_identity(capture.entity)].captures.append(capture)
    for call in told:
        by_entity[_identity(call.entity)].calls.append(call)
    return [moment for one in by_entity.values() for moment in moments(one.looks, one.captures, one.calls)]


@dataclass
class _Seen:
    looks: list[Look] = field(default_factory=list)
    captures: list[Capture] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)


def _identity(entity: Entity) -> tuple[str, str]:
    """What has no id is what has its name."""
    return entity.kind, entity.unique_id or f"/{entity.name}"


def _gone(account: Account, seen: Iterable[Look]) -> tuple[dict[str, records.Policy], dict[str, records.Group]]:
    """Policies and groups that are no longer there, for the permissions of who had them."""
    if not any(look.was for look in seen):
        return {}, {}
    gone = Q(account=account, gone_at__isnull=False)
    return (
        {row.arn: row.as_record for row in Policy.objects.filter(gone).order_by("gone_at")},
        {row.name: row.as_record for row in Group.objects.filter(gone).order_by("gone_at")},
    )


def _reading(account: Account, facts: Facts) -> Reading:
    watch = TrailWatch.objects.filter(account=account).values_list("until", flat=True).first()
    looked = LookupWatch.objects.filter(account=account).aggregate(at=Min("until"))["at"]
    return Reading(facts.behaviour.changes_since, watch or looked)
