from __future__ import annotations

from django.db import models

from collectors.models import Account
from findings.models.finding import PRACTICES, SEVERITIES, Finding


class FindingCount(models.Model):
    """How many findings are alike in what lists are narrowed and counted by. Pages sum n; one row alone says nothing.

    Triggers write it (migrations 0019 and 0022, docs/decisions/0012): each statement that changes findings, whoever's it is, adds
    rows with the difference, in its own transaction. So sums are exact at any moment, and no writer ever waits for another one.
    engine/counted.py puts an account's rows together again. again: it was reopened at least once. n_late: of n those that are
    late (Finding.late), which is nearly all that is overdue.
    """

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    code = models.CharField(max_length=5)
    practice = models.CharField(max_length=2, choices=PRACTICES)
    severity = models.PositiveSmallIntegerField(choices=SEVERITIES)
    subject_type = models.CharField(max_length=12)
    status = models.CharField(max_length=8, choices=Finding.Status)
    again = models.BooleanField()
    n = models.IntegerField()
    n_late = models.IntegerField(default=0, db_default=0)

    class Meta:
        indexes = [models.Index("account", "status", name="finding_count_of_account")]

    def __str__(self) -> str:
        return f"{self.n:+} {self.status} of {self.code}"
