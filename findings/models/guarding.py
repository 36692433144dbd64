"""What the guardrails of each account block, as of its last judgement (analysis/guarding).

Stored, because the organization's tree belongs to the account that may read it: here is of each account what bounds it, and of
the organization no more than the way from the root down to it.
"""

from __future__ import annotations

from django.db import models

from collectors.models import Account
from findings.policy.layers import Layer

LAYERS = {Layer.SCP: "SCP", Layer.RCP: "RCP", Layer.BOUNDARY: "Permissions boundary"}


class AccountGuarding(models.Model):
    """One account. path: [id, name] of the root and the OUs down to it, empty where that is not known; unit: the last id.

    organization_id "": it is in none, or nobody knows (organization_known). unseen: why its SCPs or RCPs are not visible.
    holders, bounded, unread, limited: see analysis.guarding.Guarding. digest: of all this.
    """

    account = models.OneToOneField(Account, models.CASCADE, related_name="guarding")
    organization_id = models.CharField(max_length=64, blank=True)
    organization_known = models.BooleanField()
    management = models.BooleanField()
    path = models.JSONField()
    unit = models.CharField(max_length=68, blank=True)
    unseen = models.TextField(blank=True)
    holders = models.PositiveIntegerField()
    bounded = models.PositiveIntegerField()
    unread = models.PositiveIntegerField()
    limited = models.BooleanField(null=True)
    digest = models.CharField(max_length=32)

    class Meta:
        verbose_name_plural = "account guardings"
        indexes = [models.Index("unit", "account", name="guarding_of_unit")]

    def __str__(self) -> str:
        return f"what guards {self.account_id}"


class GuardrailEffect(models.Model):
    """One guardrail in one account: see analysis.guarding.Effect, whose sets of actions are numbers here.

    policy: the id of an SCP or RCP, the ARN of a boundary; "" for what the SCPs of the level with the id `level` do not allow
    together. binds: how many roles and users it is a limit of. idle: it takes nothing from anybody. places: [id, name] of the
    root, OUs and the account that it is attached to, on the way to the account. data: {"together", "keys", "named", "parts",
    "services", "more", "blocks", "may_block"}, see engine/guarding.py. digest: of all this.
    """

    account = models.ForeignKey(Account, models.CASCADE)
    layer = models.CharField(max_length=8, choices=[(layer.value, label) for layer, label in LAYERS.items()])
    policy = models.CharField(max_length=2048, blank=True)
    level = models.CharField(max_length=68, blank=True)
    name = models.TextField()
    alone = models.PositiveIntegerField()
    also = models.PositiveIntegerField()
    conditional = models.PositiveIntegerField()
    partly = models.PositiveIntegerField()
    root = models.PositiveIntegerField()
    outsiders = models.PositiveIntegerField()
    outsiders_maybe = models.PositiveIntegerField()
    binds = models.PositiveIntegerField()
    sure = models.PositiveIntegerField()
    maybe = models.PositiveIntegerField()
    open = models.BooleanField()
    idle = models.BooleanField()
    unread = models.TextField(blank=True)
    places = models.JSONField()
    data = models.JSONField()
    digest = models.CharField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "layer", "policy", "level"], name="guardrail_effect_identity")
        ]
        indexes = [models.Index("policy", "account", name="guardrail_effect_of_policy")]

    def __str__(self) -> str:
        return f"{self.layer} {self.name} in {self.account_id}"

    @property
    def blocked(self) -> int:
        """How many actions it takes always."""
        return self.alone + self.also

    @property
    def depends(self) -> int:
        return self.conditional + self.partly
