from __future__ import annotations

from django.db import models

from collectors.models import Account
from findings.analysis.coverage_matrix import Is

STATES = [(one.value, one.value) for one in Is]


class RecordedRegion(models.Model):
    """What is recorded in a region of an account, as of its last judgement (analysis/coverage_matrix.py).

    A column for each log, and words: log -> by what, or why not. in_use: whether events show that somebody works there; null:
    nobody can tell. gap: how much is missing, 0 for nothing. digest: of all this.
    """

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    region = models.CharField(max_length=32)
    in_use = models.BooleanField(null=True)
    gap = models.PositiveSmallIntegerField()
    management = models.CharField(max_length=8, choices=STATES)
    data = models.CharField(max_length=8, choices=STATES)
    config = models.CharField(max_length=8, choices=STATES)
    analyzer = models.CharField(max_length=8, choices=STATES)
    ours = models.CharField(max_length=8, choices=STATES)
    words = models.JSONField()
    digest = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint("account", "region", name="recorded_region_identity")]
        indexes = [models.Index("gap", "id", name="recorded_region_by_gap")]

    def __str__(self) -> str:
        return f"{self.region} of {self.account_id}"
