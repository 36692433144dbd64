"""Tickets in a tracker for findings. Theirs is theirs: a ticket that is done resolves no finding, only a collection does.

Findings are named by their identity, as in models/work.py.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from collectors.models import Account


class Ticket(models.Model):
    """A finding in a ticket; several findings of one ticket share its ref, which the tracker names when it answers.

    tracker: host of the one that is told. key, url: the ticket's own, "" until the tracker answered. state: the tracker's, as of
    state_at by its own clock. told: the status of the finding that the tracker knows of, "" for none. problem: why it could not
    be told the present one, after so many tries; try_at: when that is tried again.
    """

    class State(models.TextChoices):
        """Those after ASKED are the tracker's words."""

        ASKED = "asked", "Asked for"
        OPEN = "open", "Open"
        IN_PROGRESS = "in_progress", "In progress"
        DONE = "done", "Done"
        WONT_DO = "wont_do", "Won't do"

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    code = models.CharField(max_length=5)
    subject_id = models.CharField(max_length=256)
    part = models.CharField(max_length=128, default="", blank=True)
    ref = models.UUIDField(default=uuid.uuid4)
    tracker = models.CharField(max_length=80)
    key = models.CharField(max_length=80, default="", blank=True)
    url = models.URLField(max_length=1000, default="", blank=True)
    state = models.CharField(max_length=11, choices=State, default=State.ASKED)
    state_at = models.DateTimeField(null=True)
    opened_by = models.CharField(max_length=150)
    opened_at = models.DateTimeField(db_default=Now())
    told = models.CharField(max_length=8, default="", blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    try_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "account", "subject_id", "code", "part", name="ticket_identity",
                condition=~models.Q(state__in=["done", "wont_do"]),
            )
        ]  # fmt: skip
        indexes = [
            models.Index("ref", name="ticket_by_ref"),
            models.Index("account", "subject_id", "code", "part", name="ticket_of_finding"),
        ]

    def __str__(self) -> str:
        return self.key or str(self.ref)


class TicketNews(models.Model):
    """What went out of a ticket and what came in. detail: {"state", "key", "url"} in; {"event", "error"} out.

    nonce: of the tracker's message, so that it counts once.
    """

    class Way(models.TextChoices):
        OUT = "out", "Told"
        IN = "in", "Heard"

    account = models.ForeignKey(Account, models.CASCADE)
    ref = models.UUIDField()
    way = models.CharField(max_length=3, choices=Way)
    at = models.DateTimeField(db_default=Now())
    nonce = models.CharField(max_length=64, default="", blank=True)
    detail = models.JSONField()

    class Meta:
        verbose_name_plural = "ticket news"
        constraints = [
            models.UniqueConstraint("ref", "account", "nonce", name="ticket_news_once", condition=~models.Q(nonce=""))
        ]
        indexes = [models.Index("ref", "id", name="ticket_news_of_ticket")]

    def __str__(self) -> str:
        return f"{self.way} {self.ref}"
