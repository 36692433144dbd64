from __future__ import annotations

from django.db import models

from collectors.models import Account
from findings.models.finding import Finding


class FindingEvent(models.Model):
    """What happened to a finding, and when it was judged so. Readers (notifications) remember the last id they saw.

    detail: opened, reopened {"severity"}; resolved {"why", "reason"}; changed {"title", "evidence"}, as they were
    before; severity {"from", "to"}.
    """

    class Kind(models.TextChoices):
        OPENED = "opened", "Opened"
        REOPENED = "reopened", "Reopened"
        RESOLVED = "resolved", "Resolved"
        CHANGED = "changed", "Changed"
        SEVERITY = "severity", "Severity changed"

    account = models.ForeignKey(Account, models.CASCADE)
    finding = models.ForeignKey(Finding, models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=Kind)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index("account", "at", name="finding_event_of_account")]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.kind} {self.at:%F}"
