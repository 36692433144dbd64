"""What is known of an account's buckets before they are asked about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models.functions import Now

from collectors.models.account import Account
from collectors.models.buckets import Bucket, WatchedBucket
from collectors.models.trails import Trail

LIMIT = 500  # buckets of a run


@dataclass(frozen=True)
class Plan:
    """Names of buckets. read: whose policy was read before; delivered: which let CloudTrail deliver then; named: by trails of the
    account; watched: by its settings. limit: how many a run reads; None: all."""

    now: datetime
    read: frozenset[str] = frozenset()
    delivered: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    watched: frozenset[str] = frozenset()
    limit: int | None = LIMIT


def plan(account_id: str) -> Plan:
    """account_id: of the account that asks."""
    account = Account.objects.annotate(now=Now()).get(aws_id=account_id)
    there = Bucket.present.filter(account=account)
    return Plan(
        now=account.now,
        read=frozenset(there.filter(data__has_key="policy").values_list("unique_id", flat=True)),
        delivered=frozenset(there.filter(data__delivers=True).values_list("unique_id", flat=True)),
        named=frozenset(Trail.present.filter(account=account).values_list("data__bucket", flat=True)),
        watched=frozenset(WatchedBucket.objects.filter(account=account).values_list("name", flat=True)),
    )
