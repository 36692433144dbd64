from __future__ import annotations

from django.db import models

from collectors.models import Account, Principal
from findings.analysis.activity.observed import Shown
from findings.analysis.kinds import Confidence, Kind


class PrincipalPosture(models.Model):
    """What we conclude of a principal: its kind with the reasons, and its open findings counted.

    kind is what counts: an operator's word, else a tag, else what is declared by how the principal is set up. declared: the
    kind and reasons without the operator's word. observed: what its sessions of the last `unused_days` show, since
    observed_since without a change; "" where CloudTrail's events were not read.
    A user's counts include the findings of its access keys. worst: the highest severity open, 0 for none.
    risk, 0 to 599, sorts principals: 100 for each step of the worst severity, plus up to 99 for how much is open at any
    severity (weights 27, 9, 3, 1, 0 from critical to info). So one critical outranks any number of high ones.
    """

    account = models.ForeignKey(Account, models.CASCADE)
    principal = models.OneToOneField(Principal, models.CASCADE, related_name="posture")
    kind = models.CharField(max_length=20, choices=[(k.value, k.label) for k in Kind])
    confidence = models.CharField(max_length=8, choices=[(c.value, c.value) for c in Confidence])
    reasons = models.JSONField()
    declared = models.CharField(max_length=20, choices=[(k.value, k.label) for k in Kind], default=Kind.UNKNOWN.value)
    declared_reasons = models.JSONField(default=list)
    observed = models.CharField(max_length=8, choices=[(s.value, s.label) for s in Shown], default="", blank=True)
    observed_since = models.DateField(null=True, blank=True)
    critical = models.PositiveIntegerField(default=0)
    high = models.PositiveIntegerField(default=0)
    medium = models.PositiveIntegerField(default=0)
    low = models.PositiveIntegerField(default=0)
    info = models.PositiveIntegerField(default=0)
    worst = models.PositiveSmallIntegerField(default=0)
    risk = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index("risk", "principal", "account", name="posture_by_risk_seen"),
            models.Index("account", "risk", "principal", name="posture_of_account"),
        ]

    def __str__(self) -> str:
        return f"{self.principal_id}: {self.kind}, risk {self.risk}"
