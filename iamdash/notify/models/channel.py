"""Where messages go. Rows of decisions: they are added, and end; what a channel leads to is a row of its own."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from findings.models.decided import STANDS
from findings.models.grouping import Ending


class Channel(Ending):
    """key: what its secrets are bound to, and who follows it in logs.

    While paused_at is set nothing is sent but tests: what happens then passes in silence, and `passed` counts it. paused_by is ""
    where the receiver itself said that it is gone.
    """

    class Kind(models.TextChoices):
        SLACK = "slack", "Slack"
        WEBHOOK = "webhook", "Webhook"
        EMAIL = "email", "E-mail"

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=7, choices=Kind)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.CharField(max_length=150, default="", blank=True)
    paused_why = models.CharField(max_length=300, default="", blank=True)
    passed = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint("name", name="channel_name", condition=STANDS)]

    def __str__(self) -> str:
        return self.name


class ChannelTarget(models.Model):
    """What the channel leads to; the last row counts. sealed: JSON {"url", "secret"} or {"to": [addresses]} (sealed.py).

    shown: as much of it as pages may show. The web process adds rows and reads all columns but `sealed` (access/database.py).
    """

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="targets")
    shown = models.CharField(max_length=500)
    sealed = models.BinaryField()
    set_by = models.CharField(max_length=150)
    set_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.shown
