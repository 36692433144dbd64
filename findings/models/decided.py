"""What operators decide, and the judgement follows: names of networks, kinds of roles and users.

Nothing is overwritten or deleted: a row ends, and the next one begins, so who said what, and when, stays.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.functions import Now

from collectors.models import Account
from findings.analysis.kinds import Kind

STANDS = models.Q(ended_at=None)


class NamedNetwork(models.Model):
    """A network that operators named. account None: for all accounts; an account's own name for it comes first.

    cidr: as Python's ipaddress writes it. name begins with a word of analysis.activity.networks.NAMES: "office Berlin".
    """

    account = models.ForeignKey(Account, models.CASCADE, null=True, blank=True)
    cidr = models.CharField(max_length=49)
    name = models.CharField(max_length=80)
    set_by = models.CharField(max_length=150)
    set_at = models.DateTimeField(db_default=Now())
    ended_by = models.CharField(max_length=150, default="", blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "cidr"], name="named_network_identity", condition=STANDS, nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.cidr} {self.name}"


class AwsRanges(models.Model):
    """AWS's published networks, as an operator handed them in; the last row counts. named: CIDR -> "aws EC2 eu-west-1"."""

    published = models.CharField(max_length=32)
    named = models.JSONField()
    set_by = models.CharField(max_length=150)
    set_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "AWS's ranges"

    def __str__(self) -> str:
        return f"AWS's networks of {self.published}"


class KindOverride(models.Model):
    """An operator says who is meant to act with a role or user, whatever its trust policy and its tags say.

    principal_id: its unique id, so one that is deleted and made again under its name is another one.
    """

    account = models.ForeignKey(Account, models.CASCADE)
    principal_id = models.CharField(max_length=128)
    kind = models.CharField(max_length=20, choices=[(kind.value, kind.label) for kind in Kind])
    reason = models.CharField(max_length=500)
    set_by = models.CharField(max_length=150)
    set_at = models.DateTimeField(db_default=Now())
    ended_by = models.CharField(max_length=150, default="", blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("account", "principal_id", name="kind_override_identity", condition=STANDS)
        ]
        indexes = [models.Index(fields=["account", "principal_id", "-set_at"], name="kind_override_of_principal")]

    def __str__(self) -> str:
        return f"{self.principal_id} is {self.kind}"


class JudgementRequest(models.Model):
    """An operator decided something that the account is to be judged by. The web process may not write jobs: the worker does."""

    account = models.ForeignKey(Account, models.CASCADE)
    requested_by = models.CharField(max_length=150)
    requested_at = models.DateTimeField(db_default=Now())
    taken_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index("requested_at", name="judgement_request_open", condition=models.Q(taken_at=None))]

    def __str__(self) -> str:
        return f"{self.requested_by} asked for {self.account_id}"

    @classmethod
    def ask(cls, accounts: Any, by: str) -> None:
        """accounts: primary keys."""
        cls.objects.bulk_create(cls(account_id=pk, requested_by=by) for pk in accounts)
