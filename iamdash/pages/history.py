"""What changed on a principal, and when we first saw it so: its versions and the events of its findings, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from collectors.models import Principal, Version
from findings.models import FindingEvent
from iamdash.pages.finding import event_words

LAST = 50
_NAMES = {"trust": "Trust policy", "boundary": "Permissions boundary", "arn": "ARN", "max_session": "Longest session"}


@dataclass(frozen=True)
class Moment:
    at: datetime
    lines: tuple[str, ...]
    finding: int | None = None
    severity: int | None = None


def timeline(principal: Principal, subjects: Sequence[str]) -> list[Moment]:
    """subjects: the principal's id and those of its keys. Two queries; the last LAST moments."""
    versions = list(
        Version.objects.filter(
            account=principal.account_id, kind=principal.type, unique_id=principal.unique_id
        ).order_by("-seen_from")[: LAST + 1]
    )
    events = (
        FindingEvent.objects.filter(account=principal.account_id, finding__subject_id__in=subjects)
        .select_related("finding")
        .order_by("-at", "-pk")[:LAST]
    )
    moments = [*_changes(versions)]
    if principal.gone_at:
        moments.append(Moment(principal.gone_at, ("No longer there",)))
    moments += [
        Moment(e.at, (f"{event_words(e)}: {e.finding.title}",), e.finding_id, e.finding.severity) for e in events
    ]
    return sorted(moments, key=lambda m: m.at, reverse=True)[:LAST]


def _changes(versions: Sequence[Version]) -> Iterator[Moment]:
    """versions: newest first."""
    for now, before in zip_longest(versions, versions[1:]):
        if before is None:
            yield Moment(now.seen_from, ("First seen",) if len(versions) <= LAST else ("Changed",))
        elif before.seen_to and before.seen_to < now.seen_from:
            yield Moment(now.seen_from, ("Seen again", *difference(before.data, now.data)))
        else:
            yield Moment(now.seen_from, tuple(difference(before.data, now.data)) or ("Changed",))


def difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Sentences, one a field and element; documents are named, not compared."""
    for field in sorted(before.keys() | now.keys()):
        old, new = before.get(field), now.get(field)
        if old == new:
            continue
        name = _NAMES.get(field, field.replace("_", " ").capitalize())
        if isinstance(old or new, dict) and isinstance(old or {}, dict) and isinstance(new or {}, dict):
            yield from _of_mapping(name, old or {}, new or {})
        elif _texts(old) and _texts(new):
            yield from (f"{name}: added {x}" for x in new or () if x not in (old or ()))
            yield from (f"{name}: removed {x}" for x in old or () if x not in (new or ()))
        elif field == "trust" or isinstance(old or new, list):
            yield f"{name} changed"
        else:
            yield f"{name}: {_said(old)} became {_said(new)}"


def _of_mapping(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(old.keys() | new.keys()):
        if key not in old:
            yield f"{name}: added {key}"
        elif key not in new:
            yield f"{name}: removed {key}"
        elif old[key] != new[key]:
            yield f"{name}: {key} changed"


def _texts(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(one, str) for one in value))


def _said(value: Any) -> str:
    return "none" if value in (None, "") else str(value)
