"""IAM Identity Center as an account that may read it sees it. The rows belong to that account: who may not see it, sees none."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.fields.json import KeyTransform

from collectors import records
from collectors.models.observed import Observed


class PermissionSet(Observed):
    """unique_id: its ARN."""

    name = models.CharField(max_length=64)

    record = records.PermissionSet
    volatile = ("asked_on",)
    merges = True

    class Meta(Observed.Meta):
        indexes = [
            GinIndex(OpClass(KeyTransform("accounts", "data"), "jsonb_path_ops"), name="permission_set_of_account")
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def columns(cls, record: records.PermissionSet) -> dict[str, Any]:
        return {"name": record.name}


class AccountAssignment(Observed):
    """Who has a permission set in one account, whose id is target; permission_set: the set's ARN."""

    permission_set = models.CharField(max_length=256)
    target = models.CharField(max_length=12)
    read_at = models.DateTimeField()

    record = records.AccountAssignment
    dated = "read_at"

    class Meta(Observed.Meta):
        indexes = [models.Index("target", name="assignment_of_target", condition=models.Q(gone_at=None))]

    @classmethod
    def columns(cls, record: records.AccountAssignment) -> dict[str, Any]:
        return {"permission_set": record.permission_set, "target": record.target, "read_at": record.read_at}


class CenterPrincipal(Observed):
    """A user or group of the identity store. unique_id: its id there. members: ids of a group's users."""

    name = models.CharField(max_length=1024)

    record = records.CenterPrincipal
    volatile = ("read_on",)
    merges = True

    class Meta(Observed.Meta):
        pass

    def __str__(self) -> str:
        return self.name

    @classmethod
    def columns(cls, record: records.CenterPrincipal) -> dict[str, Any]:
        return {"name": record.name}
