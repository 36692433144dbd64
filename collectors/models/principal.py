from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import HashIndex
from django.db import models

from collectors import records
from collectors.models.observed import Observed
from collectors.records.identity_center import RESERVED_PATH


class Principal(Observed):
    """A role or a user. last_used_at: RoleLastUsed for a role; a user's use is told by its credentials."""

    class Type(models.TextChoices):
        ROLE = "role", "Role"
        USER = "user", "User"

    type = models.CharField(max_length=8, choices=Type)
    name = models.CharField(max_length=128)
    arn = models.CharField(max_length=2048)
    path = models.CharField(max_length=512)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    boundary = models.CharField(max_length=2048, default="")

    volatile = ("last_used_at", "last_used_region")

    class Meta(Observed.Meta):
        indexes = [
            models.Index("name", "id", "account", name="principal_by_name_seen", condition=models.Q(gone_at=None)),
            models.Index("account", "name", "id", name="principal_of_account", condition=models.Q(gone_at=None)),
            models.Index(
                fields=["id"], include=["unique_id"], name="principal_present", condition=models.Q(gone_at=None)
            ),
            HashIndex(fields=["arn"], name="principal_by_arn"),  # as long as it may be
            models.Index("path", name="principal_of_center", condition=models.Q(path__startswith=RESERVED_PATH)),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def columns(cls, record: records.Principal) -> dict[str, Any]:
        return {
            "type": cls.Type.ROLE if isinstance(record, records.Role) else cls.Type.USER,
            "name": record.name,
            "arn": record.arn,
            "path": record.path,
            "created_at": record.created_at,
            "boundary": record.boundary or "",
            "last_used_at": getattr(record, "last_used_at", None),
        }

    @property
    def as_record(self) -> records.Principal:
        return records.from_json(records.Role if self.type == self.Type.ROLE else records.User, self.data)


class Group(Observed):
    name = models.CharField(max_length=128)
    arn = models.CharField(max_length=2048)

    record = records.Group

    class Meta(Observed.Meta):
        pass

    def __str__(self) -> str:
        return self.name

    @classmethod
    def columns(cls, record: records.Group) -> dict[str, Any]:
        return {"name": record.name, "arn": record.arn}
