"""Which findings' events a channel is told, and when it gets a digest."""

from __future__ import annotations

from django.db import models

from findings.models.decided import STANDS
from findings.models.finding import SEVERITIES
from findings.models.grouping import SCOPED, Scoped
from iamdash.notify.models.channel import Channel


class AlertRule(Scoped):
    """All that is said must hold of an event. kinds: of vocabulary.Kind. about: codes of rules and prefixes of practices, one of
    which the finding has; none: all. severity: the least. owner: to whom the finding is assigned, or who owns its account.
    """

    channel = models.ForeignKey(Channel, models.CASCADE)
    name = models.CharField(max_length=80)
    kinds = models.JSONField()
    about = models.JSONField(default=list)
    severity = models.PositiveSmallIntegerField(choices=SEVERITIES)
    owner = models.CharField(max_length=150, default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=SCOPED, name="alert_rule_scope"),
            models.UniqueConstraint(
                fields=["name", "account"], name="alert_rule_name", condition=STANDS, nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Digest(Scoped):
    """Once a week, on the day (0: Monday) and hour of the time zone."""

    channel = models.ForeignKey(Channel, models.CASCADE)
    weekday = models.PositiveSmallIntegerField()
    hour = models.PositiveSmallIntegerField()
    zone = models.CharField(max_length=64, default="UTC")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=SCOPED, name="digest_scope"),
            models.CheckConstraint(condition=models.Q(weekday__lt=7, hour__lt=24), name="digest_hour"),
        ]

    def __str__(self) -> str:
        return f"digest to {self.channel_id}"
