from __future__ import annotations

from django.db import models

from collectors.models import Account
from findings.models.finding import SEVERITIES, Finding


class EndedInterval(models.Model):
    """A time in which a finding was open, and which ended: also those before it was reopened. It is written once.

    Only a judgement that had all its sources ends one (engine/reconcile.py), so what was merely not collected is not here.
    severity: when it ended. again: the finding had been open before. hours: how long it was open, whole hours.
    """

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    finding = models.ForeignKey(Finding, models.CASCADE, db_index=False, related_name="ended")
    code = models.CharField(max_length=5)
    severity = models.PositiveSmallIntegerField(choices=SEVERITIES)
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField()
    why = models.CharField(max_length=16, choices=Finding.Why)
    again = models.BooleanField()
    hours = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint("finding", "opened_at", name="ended_interval_identity")]
        indexes = [  # trends read nothing but these
            models.Index(
                fields=["resolved_at"],
                include=["account", "finding", "opened_at", "code", "severity", "why", "again", "hours"],
                name="ended_interval_resolved",
            ),
            models.Index(  # of the accounts that an operator sees
                fields=["account", "resolved_at"],
                include=["finding", "opened_at", "code", "severity", "why", "again", "hours"],
                name="ended_interval_of_account",
            ),
            models.Index(
                fields=["opened_at"], include=["account", "finding", "resolved_at"], name="ended_interval_opened"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.finding_id} until {self.resolved_at:%F}"
