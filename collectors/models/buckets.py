from __future__ import annotations

from typing import Any

from django.db import models

from collectors import records
from collectors.models.account import Account
from collectors.models.observed import Observed


class Bucket(Observed):
    """unique_id: its name."""

    region = models.CharField(max_length=32, blank=True)

    record = records.Bucket
    volatile = ("unread", "asked_on")
    merges = True

    class Meta(Observed.Meta):
        pass

    @classmethod
    def columns(cls, record: records.Bucket) -> dict[str, Any]:
        return {"region": record.region[:32]}


class WatchedBucket(models.Model):
    """A bucket that the account's settings mark as sensitive, as of its last judgement: more is read of it."""

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    name = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint("account", "name", name="watched_bucket_identity")]

    def __str__(self) -> str:
        return self.name
