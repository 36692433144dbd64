"""The queue of record of what is sent, and the log of what was."""

from __future__ import annotations

import uuid

from django.db import models

from findings.models.finding import SEVERITIES
from iamdash.notify.models.channel import Channel
from iamdash.notify.models.rule import Digest


class Delivery(models.Model):
    """One message to one channel. message_id is the same in each attempt, so that a receiver knows what it has seen.

    content: of content.py or digests.py, as it was when it happened. attempts: the last ones, {"at", "status", "error",
    "answer"}. lease_until and fence: as of collectors.models.Job. All times come from the database's clock.
    """

    class Reason(models.TextChoices):
        ALERT = "alert", "Alert"
        DIGEST = "digest", "Digest"
        TEST = "test", "Test"

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        FAILED = "failed", "Failed, will be tried again"
        SENT = "sent", "Sent"
        GIVEN_UP = "given_up", "Given up"

    message_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="deliveries", db_index=False)
    reason = models.CharField(max_length=6, choices=Reason)
    digest = models.ForeignKey(Digest, models.CASCADE, null=True, blank=True)
    digest_for = models.DateField(null=True, blank=True)
    asked_by = models.CharField(max_length=150, default="", blank=True)
    created_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    attempt = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.IntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    total = models.PositiveIntegerField(default=0)
    worst = models.PositiveSmallIntegerField(choices=SEVERITIES, null=True, blank=True)
    content = models.JSONField(default=dict)
    attempts = models.JSONField(default=list)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint("digest", "digest_for", name="delivery_of_digest")]
        indexes = [
            models.Index("channel", "id", name="delivery_unsent", condition=models.Q(state__in=["pending", "failed"])),
            models.Index(fields=["-created_at", "-id"], name="delivery_newest"),
            models.Index(fields=["channel", "-created_at", "-id"], name="delivery_newest_of"),
        ]

    def __str__(self) -> str:
        return f"msg_{self.message_id.hex}"
