from __future__ import annotations

from django.db import models

from collectors.models import Account
from findings.vocabulary import Severity

TOTALS = (*(severity.slug for severity in Severity), "n_opened", "n_reopened", "n_resolved")
SCORES = ("score", "decided", "unknown", "rules")


class AccountDay(models.Model):
    """An account on a day (UTC) on which it was judged, as the last judgement of the day left it: one row also where nothing is
    open. What DailyCount tells by practice and severity is summed up here, so that a trend of all accounts reads little.

    critical to info: unresolved findings. n_opened: openings, n_reopened those of them that were reopenings.
    gap: days since the one on which it was judged before; 0: it never was. Between them it stands as it stood.
    score, decided, unknown: as of findings/score.py, in thousandths of a point; null for days before scores were kept.
    lost: rule -> what it loses ([open, decided, unknown]); null where it is what the account's row before says. rules: how many
    counted.
    """

    day = models.DateField()
    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    gap = models.PositiveIntegerField(default=0)
    critical = models.PositiveIntegerField(default=0)
    high = models.PositiveIntegerField(default=0)
    medium = models.PositiveIntegerField(default=0)
    low = models.PositiveIntegerField(default=0)
    info = models.PositiveIntegerField(default=0)
    n_opened = models.PositiveIntegerField(default=0)
    n_reopened = models.PositiveIntegerField(default=0)
    n_resolved = models.PositiveIntegerField(default=0)
    score = models.PositiveIntegerField(null=True)
    decided = models.PositiveIntegerField(null=True)
    unknown = models.PositiveIntegerField(null=True)
    rules = models.PositiveSmallIntegerField(default=0)
    lost = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("account", "day", name="account_day_identity")]
        indexes = [
            models.Index(
                fields=["day", "account"],
                include=["gap", *TOTALS, *SCORES],
                name="account_day_of_day",
            ),
            models.Index(
                fields=["day", "account"], include=["gap"], name="account_day_missed", condition=models.Q(gap__gt=1)
            ),
            models.Index("account", "day", name="account_day_step", condition=models.Q(lost__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} on {self.day:%F}"
