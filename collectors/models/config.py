"""AWS Config of an account, and the history of its IAM entities that Config kept."""

from __future__ import annotations

from typing import Any

from django.db import models

from collectors import records
from collectors.models.account import Account
from collectors.models.observed import Observed


class ConfigRecorder(Observed):
    region = models.CharField(max_length=32)

    record = records.ConfigRecorder
    volatile = ("started_at", "stopped_at", "last_status", "error", "delivery_error")
    merges = True
    regional = True

    class Meta(Observed.Meta):
        pass

    @classmethod
    def columns(cls, record: records.ConfigRecorder) -> dict[str, Any]:
        return {"region": record.region}


class ConfigRule(Observed):
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=128)

    record = records.ConfigRule
    volatile = ("state", "compliance", "offending", "capped")
    merges = True
    regional = True

    class Meta(Observed.Meta):
        pass

    def __str__(self) -> str:
        return self.name

    @classmethod
    def columns(cls, record: records.ConfigRule) -> dict[str, Any]:
        return {"region": record.region, "name": record.name}


class ConfigAggregator(Observed):
    region = models.CharField(max_length=32)

    record = records.ConfigAggregator
    regional = True

    class Meta(Observed.Meta):
        pass

    @classmethod
    def columns(cls, record: records.ConfigAggregator) -> dict[str, Any]:
        return {"region": record.region}


class ConfigItem(models.Model):
    """A change of an IAM entity as Config recorded it (records.ConfigItem). Rows are added and never change.

    resource_type: "AWS::IAM::Role"; resource_id: as Principal.unique_id, Group's and Policy's. data: the entity's record as
    Version.data has it, digest as Version's; null and "" where it was deleted, not recorded, or an aggregator did not tell.
    changed: names of the fields of data that are other than in the item before: empty where Config recorded it again and
    nothing that is kept differs; null where data is, or what was before is not known.
    """

    Status = models.TextChoices("Status", {s.name: (s.value, s.value.replace("_", " ")) for s in records.ConfigStatus})

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    resource_type = models.CharField(max_length=64)
    resource_id = models.CharField(max_length=128)
    name = models.CharField(max_length=128)
    arn = models.CharField(max_length=2048)
    captured_at = models.DateTimeField()
    status = models.CharField(max_length=16, choices=Status)
    region = models.CharField(max_length=32, default="", blank=True)
    daily = models.BooleanField(default=False)
    data = models.JSONField(null=True)
    digest = models.CharField(max_length=32, default="", blank=True)
    changed = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("account", "resource_id", "captured_at", name="config_item_identity")]
        indexes = [models.Index(fields=["account", "-captured_at"], name="config_item_by_time")]

    def __str__(self) -> str:
        return f"{self.name} {self.captured_at}"

    @property
    def kind(self) -> str:
        """As Version.kind."""
        return self.resource_type.rpartition(":")[2].lower()
