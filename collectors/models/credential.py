from __future__ import annotations

from typing import Any

from django.db import models

from collectors import records
from collectors.models.observed import Observed


class Credential(Observed):
    """A row of the credential report. unique_id is the user's ARN (the report has no other id)."""

    user_name = models.CharField(max_length=128)
    password_enabled = models.BooleanField(null=True)
    mfa_active = models.BooleanField(null=True)

    record = records.Credential
    volatile = ("password_last_used", "slots")

    class Meta(Observed.Meta):
        pass

    def __str__(self) -> str:
        return self.user_name

    @classmethod
    def columns(cls, record: records.Credential) -> dict[str, Any]:
        return {
            "user_name": record.user_name,
            "password_enabled": record.password_enabled,
            "mfa_active": record.mfa_active,
        }


class AccessKey(Observed):
    """A long-term access key. unique_id is the AKIA id; the secret is never seen, asked for or stored."""

    user_name = models.CharField(max_length=128)
    user_arn = models.CharField(max_length=2048)
    active = models.BooleanField()
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    record = records.AccessKey
    volatile = ("last_used_at", "last_used_region", "last_used_service", "use_known")

    class Meta(Observed.Meta):
        indexes = [
            models.Index(
                "created_at",
                "id",
                "account",
                name="access_key_in_seen_order",
                condition=models.Q(gone_at=None, active=True),
            )
        ]

    @classmethod
    def columns(cls, record: records.AccessKey) -> dict[str, Any]:
        return {
            "user_name": record.user_name,
            "user_arn": record.user_arn,
            "active": record.active,
            "created_at": record.created_at,
            "last_used_at": record.last_used_at,
        }
