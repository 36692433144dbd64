from __future__ import annotations

from django.db import models

from collectors.models import Account
from findings.models.finding import PRACTICES, SEVERITIES


class DailyCount(models.Model):
    """How an account stood at the end of a day (UTC), as the day's last judgement saw it; a day without one has no rows.

    n_open: unresolved findings, n_accepted those of them that are accepted. n_opened counts openings and reopenings of that day,
    n_resolved resolutions. Practice and severity are those of that day. A row is there only where a count is not 0; so
    when an account's findings are all gone, the day on which the last was resolved has its rows and tells of 0 open.
    """

    day = models.DateField()
    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    practice = models.CharField(max_length=2, choices=PRACTICES)
    severity = models.PositiveSmallIntegerField(choices=SEVERITIES)
    n_open = models.PositiveIntegerField(default=0)
    n_accepted = models.PositiveIntegerField(default=0)
    n_opened = models.PositiveIntegerField(default=0)
    n_resolved = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint("account", "day", "practice", "severity", name="daily_count_identity"),
            models.CheckConstraint(
                name="daily_count_not_empty",
                condition=models.Q(n_open__gt=0) | models.Q(n_opened__gt=0) | models.Q(n_resolved__gt=0),
            ),
        ]
        indexes = [  # a trend over all accounts reads nothing but this index
            models.Index(
                fields=["day", "account"],
                include=["practice", "severity", "n_open", "n_accepted", "n_opened", "n_resolved"],
                name="daily_count_of_day",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day:%F} {self.practice}: {self.n_open} open"
