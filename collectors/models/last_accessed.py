from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Now

from collectors import records
from collectors.models.account import Account
from collectors.models.observed import Observed
from collectors.models.principal import Principal


class LastAccessed(Observed):
    """Access Advisor's answer on a principal, whose unique_id it has. It is use, so it has no versions."""

    read_at = models.DateTimeField()

    record = records.LastAccessed
    volatile = ("services",)
    dated = "read_at"
    versioned = False

    class Meta(Observed.Meta):
        pass

    @classmethod
    def columns(cls, record: records.LastAccessed) -> dict[str, Any]:
        return {"read_at": record.read_at}


@dataclass(frozen=True)
class Reading:
    """A principal and how old our reading of it is. changed_at: since when our inventory holds it as it is."""

    unique_id: str
    arn: str
    changed_at: datetime | None = None
    read_at: datetime | None = None


@dataclass(frozen=True)
class Plan:
    """What to read. now: the database's time. limit: how many a run reads; a reading is renewed after `renew` and too old
    after `keep`."""

    now: datetime
    principals: tuple[Reading, ...]
    limit: int
    keep: timedelta
    renew: timedelta


def plan(account_id: str) -> Plan:
    """The account's roles and users without service-linked roles, in no order. account_id: AWS's."""
    account = Account.objects.annotate(now=Now()).get(aws_id=account_id)
    read = LastAccessed.objects.filter(account=account, unique_id=OuterRef("unique_id"))
    principals = Principal.present.filter(account=account).exclude(path__startswith="/aws-service-role/")
    rows = principals.values_list("unique_id", "arn", "seen_from", Subquery(read.values("read_at")))
    keep, interval = timedelta(hours=settings.LAST_ACCESSED_HOURS), timedelta(hours=settings.COLLECT_EVERY_HOURS)
    return Plan(
        now=account.now,
        principals=tuple(Reading(*row) for row in rows),
        limit=settings.LAST_ACCESSED_A_RUN,
        keep=keep,
        renew=max(timedelta(0), keep - interval),  # what would get too old before the next run is read in this one
    )
