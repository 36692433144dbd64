"""What is known of an account's buckets before they are asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models.functions import Now

from collectors.models.account import Account
from collectors.models.buckets import WatchedBucket
from collectors.models.inventory import OF_FIELD
from collectors.models.trails import Trail

LIMIT = 500  # buckets of a run


@dataclass(frozen=True)
class Plan:
    """Of buckets by name. asked_on, unread: what a Bucket says of it; delivered: which let CloudTrail deliver, as far as
    is known; named: by trails of the account; watched: by its settings. limit: how many a run reads; None: all."""

    now: datetime
    asked_on: Mapping[str, Mapping[str, date]] = field(default_factory=dict)
    unread: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    delivered: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    watched: frozenset[str] = frozenset()
    limit: int | None = LIMIT


def plan(account_id: str) -> Plan:
    """account_id: of the account that asks."""
    account = Account.objects.annotate(now=Now()).get(aws_id=account_id)
    known = OF_FIELD["buckets"].present(account)
    return Plan(
        now=account.now,
        asked_on={one.name: one.asked_on or {} for one in known},
        unread={one.name: one.unread for one in known},
        delivered=frozenset(one.name for one in known if one.delivers),
        named=frozenset(Trail.present.filter(account=account).values_list("data__bucket", flat=True)),
        watched=frozenset(WatchedBucket.objects.filter(account=account).values_list("name", flat=True)),
    )
