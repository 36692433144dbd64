from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from collectors.models import Account


class KeyReplacement(models.Model):
    """An operator says that a key's users have something else now. From marked_at on the key should be quiet; its page tells
    whether it is. The newest mark of a key counts."""

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    key_id = models.CharField(max_length=32)
    marked_by = models.CharField(max_length=150)
    marked_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index("account", "key_id", "id", name="key_replacement_of_key")]

    def __str__(self) -> str:
        return f"{self.key_id} replaced, says {self.marked_by}"
