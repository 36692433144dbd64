"""When we last saw somebody's policies change: what AWS does not date, our own inventory does (DESIGN 8)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import pairwise

from django.db.models import F

from collectors.models.account import Account
from collectors.models.change import Version

REMEMBERED = timedelta(days=400)
POLICIES = ("attached", "inline", "groups")


def policy_changes(account: Account, as_of: datetime, only: Collection[str] | None = None) -> dict[str, datetime]:
    """Unique id of a role, user or group -> since when we see its policies and groups as they are. Only where we saw
    others before: what our first look found may be as old as its holder. only: unique ids that are asked about."""
    kinds = Version.objects.filter(account=account, kind__in=("role", "user", "group"))
    if only is not None:
        kinds = kinds.filter(unique_id__in=only)
    ended = kinds.filter(seen_to__gt=as_of - REMEMBERED).values("unique_id")
    rows = kinds.filter(unique_id__in=ended).order_by("unique_id", "seen_from")
    named = {f"held_{name}": F(f"data__{name}") for name in POLICIES}
    changed = {}
    for before, after in pairwise(rows.values_list("unique_id", "seen_from", *named.values())):
        if before[0] == after[0] and before[2:] != after[2:]:
            changed[after[0]] = after[1]
    return changed
