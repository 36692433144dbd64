"""How many rows are alike in what lists are narrowed and counted by. Pages sum n; one row alone says nothing.

Triggers write these tables (migrations 0019, 0022, 0024, 0025 and 0031, docs/decisions/0012): each statement that changes what is
counted, whoever's it is, adds rows with the difference, in its own transaction. So sums are exact at any moment, and no writer
ever waits for another one. engine/counted.py puts rows that are alike together again.
"""

from __future__ import annotations

from typing import Any

from django.db import models

from collectors.models import Account, Principal
from findings.models.account_day import SCORES, TOTALS
from findings.models.finding import PRACTICES, SEVERITIES, Finding
from findings.models.review import Review


class Alike(models.Model):
    """n: how many are alike, or how many more than the other rows say."""

    n = models.IntegerField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.n:+} {' '.join(f'{name}={value}' for name, value in self.alike().items())}"

    def alike(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in self._meta.fields if field.name not in SUMS}


SUMS = ("id", "n", "n_late", *TOTALS, *SCORES)


class CountedFindings(Alike):
    """again: it was reopened at least once. n_late: of n those that are late (Finding.late), nearly all that is overdue."""

    severity = models.PositiveSmallIntegerField(choices=SEVERITIES)
    status = models.CharField(max_length=8, choices=Finding.Status)
    again = models.BooleanField()
    n_late = models.IntegerField(default=0, db_default=0)

    class Meta:
        abstract = True


class FindingCount(CountedFindings):
    """Findings by all of that."""

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    code = models.CharField(max_length=5)
    practice = models.CharField(max_length=2, choices=PRACTICES)
    subject_type = models.CharField(max_length=12)

    class Meta:
        indexes = [
            models.Index("account", "status", name="finding_count_of_account"),
            models.Index("code", "status", name="finding_count_of_rule"),
        ]


class AccountFindings(CountedFindings):
    """The same, of all rules: a twentieth of the rows, for whatever asks by account only."""

    account = models.ForeignKey(Account, models.CASCADE)


class FindingTotal(CountedFindings):
    """The same, of all accounts: some hundred rows, for operators of all accounts."""

    code = models.CharField(max_length=5)
    practice = models.CharField(max_length=2, choices=PRACTICES)
    subject_type = models.CharField(max_length=12)


class DayTotal(Alike):
    """Days (AccountDay) of all accounts, for operators of all accounts. n: accounts that were judged on it. scored: these have a
    score."""

    day = models.DateField(db_index=True)
    scored = models.BooleanField()
    critical = models.IntegerField()
    high = models.IntegerField()
    medium = models.IntegerField()
    low = models.IntegerField()
    info = models.IntegerField()
    n_opened = models.IntegerField()
    n_reopened = models.IntegerField()
    n_resolved = models.IntegerField()
    score = models.BigIntegerField()
    decided = models.BigIntegerField()
    unknown = models.BigIntegerField()
    rules = models.IntegerField()


class PrincipalCount(Alike):
    """Roles and users. here: they are not gone. kind, observed, worst: of the posture, None where there is none; made: of the
    provenance. bounded: there is a permissions boundary."""

    account = models.ForeignKey(Account, models.CASCADE)
    type = models.CharField(max_length=8, choices=Principal.Type)
    here = models.BooleanField()
    bounded = models.BooleanField()
    kind = models.CharField(max_length=20, null=True)  # noqa: DJ001 - None is no kind
    observed = models.CharField(max_length=8, null=True)  # noqa: DJ001
    worst = models.PositiveSmallIntegerField(null=True)
    made = models.CharField(max_length=16, null=True)  # noqa: DJ001


class ReviewCount(Alike):
    """Items of access reviews, by what was decided of them and what later collections saw (ReviewItem)."""

    review = models.ForeignKey(Review, models.CASCADE)
    account = models.ForeignKey(Account, models.CASCADE)
    verdict = models.CharField(max_length=6)
    state = models.CharField(max_length=8)
