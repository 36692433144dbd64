from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from collectors import records
from collectors.models import Account


class KeySighting(models.Model):
    """Where a key's id was found in source code: records.KeySighting. Never the secret, nor the line it stands in.

    It stays for as long as the account does: a line that is taken out has been read already. digest: of what tells one from
    another, which is too long for an index.
    """

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    key_id = models.CharField(max_length=32)
    digest = models.CharField(max_length=32)
    source = models.CharField(max_length=32)
    place = models.CharField(max_length=256)
    path = models.CharField(max_length=1024)
    line = models.PositiveBigIntegerField(default=0)
    commit = models.CharField(max_length=64, default="", blank=True)
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint("account", "key_id", "digest", name="key_sighting_identity")]

    def __str__(self) -> str:
        return f"{self.key_id} in {self.place}/{self.path}"

    @property
    def as_record(self) -> records.KeySighting:
        return records.KeySighting(**{name: getattr(self, name) for name in records.KeySighting.__struct_fields__})
