"""How far finding events were read, and what was told that is no event."""

from __future__ import annotations

from django.db import models

from collectors.models import Account


class Reader(models.Model):
    """One row. Every event up to `settled` was read. When the events up to `seen` were looked at, transactions below `seen_xmax`
    might still have had one to commit (reading.py). overdue_at: when overdue findings were last looked for."""

    settled = models.BigIntegerField()
    seen = models.BigIntegerField()
    seen_xmax = models.BigIntegerField(default=0)
    overdue_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"read up to {self.settled}"


class SeenEvent(models.Model):
    """An event above Reader.settled that was read."""

    id = models.BigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return str(self.pk)


class Told(models.Model):
    """A finding that was told to be overdue since due_at. finding: its key, which a replay changes and changes back."""

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    finding = models.BigIntegerField()
    due_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "told"
        constraints = [models.UniqueConstraint("finding", "due_at", name="told_identity")]

    def __str__(self) -> str:
        return f"finding {self.finding} since {self.due_at:%F}"
