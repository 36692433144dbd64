"""Versions -> what the account's roles, users, groups and policies were two weeks ago, where they were other than now."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min

from collectors import records
from collectors.models.account import Account
from collectors.models.change import Version

BACK = timedelta(days=14)
KINDS: dict[str, tuple[str, type[Any]]] = {
    "role": ("roles", records.Role),
    "user": ("users", records.User),
    "group": ("groups", records.Group),
    "policy": ("policies", records.Policy),
}


def read_before(account: Account, as_of: datetime) -> records.Before:
    at = as_of - BACK
    versions = Version.objects.filter(account=account, kind__in=KINDS)
    found: defaultdict[str, list[Any]] = defaultdict(list)
    until = {}
    ended = versions.filter(seen_from__lte=at, seen_to__gt=at).order_by("kind", "unique_id")
    for kind, unique_id, data, seen_to in ended.values_list("kind", "unique_id", "data", "seen_to"):
        field, record = KINDS[kind]
        found[field].append(records.from_json(record, data))
        until[unique_id] = seen_to
    since = versions.aggregate(since=Min("seen_from"))["since"]
    return records.Before(at=at, since=since, until=until, **{field: tuple(some) for field, some in found.items()})
