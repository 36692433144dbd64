from __future__ import annotations

from django.db import models

from collectors.models import Account
from findings.models.finding import Finding
from findings.models.timeline import Change


class FindingEvent(models.Model):
    """What happened to a finding, and when it was judged so. Readers (notifications) remember the last id they saw.

    detail: opened, reopened {"severity"}; resolved {"why", "reason"}; changed {"title", "evidence"}, as they were
    before; severity {"from", "to"}; accepted {"acceptance", "by", "reason", "until"}; expired {"acceptance"}; ended
    {"acceptance", "by", "why": ended, severity or scope}; assigned {"to", "by"}; noted {"by"}. What people do begins and
    ends no interval.
    change: after what it came, as far as the timeline tells (engine/timeline.py).
    """

    class Kind(models.TextChoices):
        OPENED = "opened", "Opened"
        REOPENED = "reopened", "Reopened"
        RESOLVED = "resolved", "Resolved"
        CHANGED = "changed", "Changed"
        SEVERITY = "severity", "Severity changed"
        ACCEPTED = "accepted", "Accepted"
        EXPIRED = "expired", "The acceptance expired"
        ENDED = "ended", "The acceptance ended"
        ASSIGNED = "assigned", "Assigned"
        NOTED = "noted", "Noted"

    account = models.ForeignKey(Account, models.CASCADE)
    finding = models.ForeignKey(Finding, models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=Kind)
    detail = models.JSONField(default=dict)
    change = models.ForeignKey(Change, models.SET_NULL, null=True, related_name="finding_events", db_index=False)

    class Meta:
        indexes = [
            models.Index(fields=["account", "at"], include=["kind"], name="finding_event_of_seen"),
            models.Index(fields=["at"], include=["account", "kind"], name="finding_event_recent"),
            models.Index("change", name="finding_event_of_change", condition=~models.Q(change=None)),
        ]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.kind} {self.at:%F}"
