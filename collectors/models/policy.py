from __future__ import annotations

from typing import Any

from django.db import models

from collectors import records
from collectors.models.account import Account
from collectors.models.observed import Observed


class Policy(Observed):
    """A managed policy: customer-managed, or AWS-managed and attached somewhere in the account."""

    name = models.CharField(max_length=128)
    arn = models.CharField(max_length=2048)
    aws_managed = models.BooleanField()
    attachment_count = models.IntegerField()

    record = records.Policy
    volatile = ("attachment_count", "boundary_count")

    class Meta(Observed.Meta):
        indexes = [
            models.Index(
                "name",
                "id",
                "account",
                name="policy_own_in_seen_order",
                condition=models.Q(gone_at=None, aws_managed=False),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def columns(cls, record: records.Policy) -> dict[str, Any]:
        return {
            "name": record.name,
            "arn": record.arn,
            "aws_managed": record.aws_managed,
            "attachment_count": record.attachment_count,
        }


class Document(models.Model):
    """A policy document, once per account and digest: a reader of one account must not see another's (docs/decisions/0002).

    body: the parsed JSON, or a JSON string where AWS returned text that is no JSON.
    """

    account = models.ForeignKey(Account, models.CASCADE)
    digest = models.CharField(max_length=32)
    body = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint("account", "digest", name="document_identity")]

    def __str__(self) -> str:
        return self.digest
