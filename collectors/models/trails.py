"""Trails, and what tells somebody of their events. A trail that stops is another version of it."""

from __future__ import annotations

from typing import Any

from django.db import models

from collectors import records
from collectors.models.observed import Observed


class Trail(Observed):
    """unique_id: its ARN. region: "" for one that records in all of them. owner: id of the account that it belongs to."""

    name = models.CharField(max_length=128)
    region = models.CharField(max_length=32)
    owner = models.CharField(max_length=12)

    record = records.Trail
    volatile = ("delivered_at", "unread")
    merges = True
    regional = True

    class Meta(Observed.Meta):
        indexes = [models.Index("unique_id", name="trail_of_arn", condition=models.Q(gone_at=None))]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def columns(cls, record: records.Trail) -> dict[str, Any]:
        return {"name": record.name[:128], "region": record.region[:32], "owner": record.owner[:12]}


class Alarm(Observed):
    """A metric filter with its alarms, or a rule of EventBridge."""

    name = models.CharField(max_length=512)
    region = models.CharField(max_length=32)

    record = records.Alarm
    merges = True
    regional = True

    class Meta(Observed.Meta):
        pass

    def __str__(self) -> str:
        return self.name

    @classmethod
    def columns(cls, record: records.Alarm) -> dict[str, Any]:
        return {"name": record.name[:512], "region": record.region[:32]}
