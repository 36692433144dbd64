"""Which findings came after which change: judged on the entity itself, or on who holds the policy or is in the group.

A judgement follows its collection within minutes, so what it opens and resolves on an entity comes after what that collection
saw of it. That is no proof of a cause, and pages say "after". What opens although nothing changed stands alone: time passed.
What the first judgement of an account opens stands nowhere: it is no change at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from django.db.models import Min

from collectors.models import Account
from findings.analysis.facts import Facts
from findings.analysis.timeline.model import Entity, What
from findings.engine.timeline.rows import Row, alone, entity_row
from findings.models import FindingEvent
from findings.models.timeline import How

SOON = timedelta(hours=1)  # from a collection to its judgement
LATE = timedelta(hours=26)  # to the judgement after a call that no collection saw
Kind = FindingEvent.Kind
OPENS, RESOLVES = (Kind.OPENED, Kind.REOPENED), (Kind.RESOLVED,)
DECIDED = (Kind.ACCEPTED, Kind.ENDED, Kind.ASSIGNED, Kind.NOTED)
WORDS: Mapping[str, str] = {
    Kind.CHANGED: "changed",
    Kind.SEVERITY: "changed in severity",
    Kind.EXPIRED: "no longer accepted: it expired",
}


def put(account: Account, facts: Facts, rows: list[Row], after: datetime | None) -> dict[int, str]:
    """Adds to rows those that stand alone, and to each the numbers of its findings.

    Returns, by id of an event, the key of its change; "" for none.
    """
    events = FindingEvent.objects.filter(account=account).select_related("finding", "change").order_by("pk")
    first = events.aggregate(at=Min("at"))["at"]
    some = list(events if after is None else events.filter(at__gte=after))
    by_key = {row.change.key: row for row in rows}
    near = _near(rows, facts)
    found: dict[int, str] = {}
    left: defaultdict[tuple[str, str, datetime, str], list[FindingEvent]] = defaultdict(list)
    for event in some:
        if after is not None and event.change is not None and event.change.at < after:
            continue
        row = None if event.kind in DECIDED else _row(event, near, by_key)
        if row is not None:
            _count(row, event)
            found[event.pk] = row.change.key
        elif event.at != first or event.kind in DECIDED:
            who = str(event.detail.get("by", "")) if event.kind in DECIDED else ""
            left[event.finding.subject_type, event.finding.subject_id, event.at, who].append(event)
        else:
            found[event.pk] = ""
    for (kind, unique_id, at, who), group in left.items():
        row = _alone(account, Entity(kind, unique_id, group[0].finding.subject_name), at, who, group)
        rows.append(row)
        found |= {event.pk: row.change.key for event in group}
    return found


def _near(rows: Iterable[Row], facts: Facts) -> Mapping[str, list[tuple[datetime, bool, Row]]]:
    """By id of a subject: (when it was seen, whether of the subject itself, the change), the best last."""
    found: defaultdict[str, list[tuple[datetime, bool, Row]]] = defaultdict(list)
    affected = _affected(facts)
    for row in rows:
        if row.change.outcome != "done":
            continue
        for (_, unique_id), seen in row.seen.items():
            found[unique_id].append((seen, True, row))
            for other in affected.get(unique_id, ()):
                found[other].append((seen, False, row))
    for some in found.values():
        some.sort(key=lambda one: (one[1], one[0]))
    return found


def _affected(facts: Facts) -> Mapping[str, tuple[str, ...]]:
    """Id of a policy or group -> ids of who has it."""
    arns = {policy.unique_id: policy.arn for policy in facts.snapshot.policies}
    held = {uid: tuple(h.unique_id for h in facts.holders_by_policy.get(arn, ())) for uid, arn in arns.items()}
    groups = {
        group.unique_id: tuple(user.unique_id for user in facts.members_by_group.get(group.name, ()))
        for group in facts.snapshot.groups
    }
    return {uid: some for uid, some in (held | groups).items() if some}


def _row(
    event: FindingEvent, near: Mapping[str, list[tuple[datetime, bool, Row]]], by_key: Mapping[str, Row]
) -> Row | None:
    """The change it comes after; what was found before stays, as long as the change is there."""
    before = by_key.get(event.change.key) if event.change and event.change.how != How.TIME else None
    if before is None:
        fits = [(own, row) for seen, own, row in near.get(event.finding.subject_id, ()) if _after(event.at, seen, row)]
        before = fits[-1][1] if fits else None
    return before


def _after(judged: datetime, seen: datetime, row: Row) -> bool:
    collected = "collection" in row.change.witnesses
    return timedelta() <= judged - seen <= (SOON if collected else LATE)


def _count(row: Row, event: FindingEvent) -> None:
    row.change.opened += event.kind in OPENS
    row.change.resolved += event.kind in RESOLVES
    finding = event.finding
    if all(one.unique_id != finding.subject_id for one in row.entities):
        entity = Entity(finding.subject_type, finding.subject_id, finding.subject_name)
        names = ", ".join(f"{one.kind} {one.name}" for one in row.entities[:3])
        line = {"what": What.POLICY.value, "text": f"what it has of {names} changed"}
        row.entities.append(entity_row(row.change.account, entity, row.change.at, [line]))


def _alone(account: Account, entity: Entity, at: datetime, who: str, events: list[FindingEvent]) -> Row:
    decided = events[0].kind in DECIDED
    change = alone(
        account,
        ["finding", entity.kind, entity.unique_id, at.isoformat(), who],
        at,
        how=How.HERE if decided else How.TIME,
        what=[(What.DECIDED if decided else What.FINDING).value],
        kinds=[entity.kind],
        principal_arn=who,
        opened=sum(event.kind in OPENS for event in events),
        resolved=sum(event.kind in RESOLVES for event in events),
    )
    lines = [{"what": change.what[0], "text": text} for text in _texts(events)]
    return Row(change, [entity_row(account, entity, at, lines)])


def _texts(events: list[FindingEvent]) -> Iterator[str]:
    for kind, label in Kind.choices:
        if codes := sorted({event.finding.code for event in events if event.kind == kind}):
            yield f"{', '.join(codes)} {WORDS.get(kind, label.lower())}"
