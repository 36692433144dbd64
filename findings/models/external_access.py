from __future__ import annotations

from django.db import models

from collectors.models import Account, Principal
from findings.analysis.trust.external import Standing


class ExternalAccess(models.Model):
    """Who outside may become a role, as of the account's last judgement (analysis/trust/external.py): a row an outsider.

    It is stored because the zone of trust is known to the judgement only: a page sees no more accounts than its operator.
    conditions: [operator, key, values] of each. Values of sts:ExternalId are left out: they may be shared secrets.
    """

    account = models.ForeignKey(Account, models.CASCADE)
    role = models.ForeignKey(Principal, models.CASCADE, related_name="external_access")
    standing = models.PositiveSmallIntegerField(choices=[(s.value, s.label) for s in Standing])
    statement = models.PositiveSmallIntegerField()
    principal = models.CharField(max_length=2048, blank=True)
    kind = models.CharField(max_length=10, blank=True)
    outsider = models.CharField(max_length=12, blank=True)
    vendor = models.CharField(max_length=128, blank=True)
    conditions = models.JSONField()
    external_id = models.BooleanField()
    blocked_by = models.JSONField()
    reason = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index("standing", "id", name="external_by_standing"),
            models.Index("account", "standing", "id", name="external_of_account"),
        ]

    def __str__(self) -> str:
        return f"{self.principal or self.get_standing_display()} into {self.role_id}"
