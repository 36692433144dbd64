from __future__ import annotations

from django.db import models

from collectors.models.account import Account


class Version(models.Model):
    """What an entity was, from when until when. seen_from is when we first saw it so; AWS may have changed it earlier."""

    account = models.ForeignKey(Account, models.CASCADE)
    kind = models.CharField(max_length=20)
    unique_id = models.CharField(max_length=2048)
    digest = models.CharField(max_length=32)
    data = models.JSONField()
    seen_from = models.DateTimeField()
    seen_to = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index("account", "kind", "unique_id", "seen_from", name="version_of_entity")]
        constraints = [
            models.UniqueConstraint(
                "account", "kind", "unique_id", name="version_one_current", condition=models.Q(seen_to=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.unique_id} from {self.seen_from:%F}"
