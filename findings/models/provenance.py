from __future__ import annotations

from django.db import models

from collectors.models import Account, Policy, Principal
from findings.analysis.behaviour.provenance import Made


class Provenance(models.Model):
    """What made a role, user or policy, as of the account's last judgement (analysis/behaviour/provenance.py). One of principal
    and policy is set. AWS's own policies have none. why: sentences; stack: CloudFormation's, "" for none."""

    account = models.ForeignKey(Account, models.CASCADE)
    principal = models.OneToOneField(Principal, models.CASCADE, null=True, related_name="provenance")
    policy = models.OneToOneField(Policy, models.CASCADE, null=True, related_name="provenance")
    made = models.CharField(max_length=16, choices=[(m.value, m.label) for m in Made])
    why = models.JSONField()
    stack = models.CharField(max_length=256, default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="provenance_of_one",
                condition=models.Q(principal=None, policy__isnull=False)
                | models.Q(principal__isnull=False, policy=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.made}: {self.principal_id or self.policy_id}"


class ProvenanceDay(models.Model):
    """How many roles and policies of an account were made by code at the end of a day (UTC), as the day's last judgement saw it.
    by_other: in another way that was recorded; unknown: nobody recorded it. AWS's own are not counted."""

    day = models.DateField()
    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    by_code = models.PositiveIntegerField()
    by_other = models.PositiveIntegerField()
    unknown = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "provenance days"
        constraints = [models.UniqueConstraint("account", "day", name="provenance_day_identity")]

    def __str__(self) -> str:
        return f"{self.day:%F}: {self.by_code} by code"
