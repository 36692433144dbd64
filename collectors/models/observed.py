"""What every observed entity has: its record as JSON, the digest of its lasting part, and since when it is so."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from collectors import records
from collectors.models.account import Account


class Present(models.Manager[Any]):
    """Only what the last complete collection still saw."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(gone_at=None)


class Observed(models.Model):
    """One row an entity. `data` is the record (collectors/records); columns beside it exist to be listed and sorted by.

    digest is that of the record without its volatile fields, data_digest that of all of it.
    merges: a part of the record that was not learned (None) leaves what was known of it.
    volatile: record fields that change without anybody changing the entity (last used); they are updated in place and
    make no version.
    dated: the record field that says when the entity was read, where each has a time of its own. It stands in a column of
    that name and not in data, so that a reading that finds the same writes this column only.
    versioned: False for what is no state of an entity that anybody could change.
    regional: it has a column region, "" where it can be seen in any of them: only what a region shows goes when it does not.
    """

    record: ClassVar[type[Any]]
    volatile: ClassVar[tuple[str, ...]] = ()
    merges: ClassVar[bool] = False
    dated: ClassVar[str] = ""
    versioned: ClassVar[bool] = True
    regional: ClassVar[bool] = False

    account = models.ForeignKey(Account, models.CASCADE)
    unique_id = models.CharField(max_length=2048)
    data = models.JSONField()
    digest = models.CharField(max_length=32)
    data_digest = models.CharField(max_length=32)
    seen_from = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    objects = models.Manager["Self"]()
    present = Present()

    class Meta:
        abstract = True
        constraints = [models.UniqueConstraint("account", "unique_id", name="%(class)s_identity")]

    def __str__(self) -> str:
        return self.unique_id

    @classmethod
    def columns(cls, record: Any) -> dict[str, Any]:
        """Values of the hot columns for a record of this model's kind."""
        return {}

    @property
    def as_record(self) -> Any:
        return records.from_json(self.record, self.data)
