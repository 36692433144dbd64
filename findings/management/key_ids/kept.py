"""Sightings -> rows of the accounts whose keys they name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction

from collectors.activity.texts import tidy
from collectors.models import AccessKey
from collectors.records import digest
from findings.management.key_ids import Found
from findings.models import JudgementRequest, KeySighting

MOST = 100  # sightings of a key that are kept
BATCH = 500


@dataclass(frozen=True, slots=True)
class Sorted:
    """What was found by whose key it is. known: the newest row of each id, deleted keys too."""

    known: Mapping[str, AccessKey]
    unknown: Mapping[str, list[Found]]
    sightings: Mapping[str, list[Found]]


def sort(found: Iterable[Found]) -> Sorted:
    by_id: defaultdict[str, list[Found]] = defaultdict(list)
    for one in found:
        by_id[one.key_id].append(one)
    keys = AccessKey.objects.filter(unique_id__in=by_id).select_related("account").order_by("pk")
    known = {key.unique_id: key for key in keys}
    return Sorted(
        known,
        {key_id: some for key_id, some in by_id.items() if key_id not in known},
        {key_id: some for key_id, some in by_id.items() if key_id in known},
    )


def keep(found: Sorted, name: str, by: str) -> int:
    """Store what is new, and ask for the accounts to be judged again. name: of what was scanned. Returns how many are new."""
    rows = [
        _row(found.known[key_id], one, name) for key_id, some in sorted(found.sightings.items()) for one in sorted(some)
    ]
    with transaction.atomic():
        ids = found.known
        there = KeySighting.objects.filter(key_id__in=ids).values_list("key_id", "digest")
        stored = set(there)
        counts = Counter(key_id for key_id, _ in stored)
        new: dict[tuple[str, str], KeySighting] = {}
        for row in rows:
            mark = row.key_id, row.digest
            if mark not in stored and mark not in new and counts[row.key_id] < MOST:
                new[mark] = row
                counts[row.key_id] += 1
        KeySighting.objects.bulk_create(new.values(), BATCH, ignore_conflicts=True)
        JudgementRequest.ask(sorted({row.account_id for row in new.values()}), by)
    return len(new)


def _row(key: AccessKey, one: Found, name: str) -> KeySighting:
    """Names of files are others' texts, and may be any bytes."""
    told = {
        "source": tidy(one.source, 32),
        "place": tidy(one.place or name, 256),
        "path": tidy(one.path, 1_024),
        "line": one.line,
        "commit": tidy(one.commit, 64),
    }
    return KeySighting(account_id=key.account_id, key_id=key.unique_id, digest=digest(told), **told)
