from __future__ import annotations

from django.db import models

from collectors import records
from collectors.models.account import Account

# States in which something is not known that should be.
TROUBLE = tuple(s.value for s in records.State if s not in {records.State.COMPLETE, records.State.NOT_APPLICABLE})


class Coverage(models.Model):
    """How the last attempt at one API of one account ended. Every number on a page rests on these rows."""

    State = models.TextChoices("State", {s.name: (s.value, s.value.replace("_", " ")) for s in records.State})

    account = models.ForeignKey(Account, models.CASCADE)
    source = models.CharField(max_length=40)
    api = models.CharField(max_length=80)
    region = models.CharField(max_length=32, default="", blank=True)
    state = models.CharField(max_length=16, choices=State)
    observed_at = models.DateTimeField()
    complete_at = models.DateTimeField(null=True)
    detail = models.TextField(default="", blank=True)
    permission = models.CharField(max_length=128, default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("account", "api", "region", name="coverage_identity")]

    def __str__(self) -> str:
        return f"{self.api}: {self.state}"

    @property
    def as_record(self) -> records.Coverage:
        return records.Coverage(
            api=self.api,
            region=self.region,
            state=records.State(self.state),
            observed_at=self.observed_at,
            detail=self.detail,
            permission=self.permission,
        )
