"""What still runs: who was heard from, and when (TRUST, probes)."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """One row a part of the installation, overwritten at each beat. heard_at: the database's clock."""

    name = models.CharField(primary_key=True, max_length=40)
    heard_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
