"""What LookupEvents told of accounts whose trail nobody reads: which events were counted, and how far each look-up has come."""

from __future__ import annotations

from django.db import models

from collectors.models.account import Account


class LookedUpEvent(models.Model):
    """The ledger by event: one that LookupEvents gave, in the transaction that added it up. A trail's file that has it too, read
    later, passes over it, so that it counts once. Its id is that of CloudTrail, the same by every road.

    The row's own id grows: a reader of files remembers the last one that it knew of.
    """

    kept = "lookups"

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    event_id = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("account", "event_id", "at", name="looked_up_event_identity")]
        indexes = [
            models.Index(fields=["account", "at"], name="looked_up_event_of_time"),
            models.Index(fields=["account", "-id"], name="looked_up_event_last"),
        ]

    def __str__(self) -> str:
        return self.event_id


class LookupWatch(models.Model):
    """One look-up: an event's name in a region. LookupEvents answers the newest first, so a run that ends early leaves a gap.

    until: all before it was read. head and tail: a reading that began at head has come down to tail, and goes on from there;
    None: none is under way.
    """

    account = models.ForeignKey(Account, models.CASCADE)
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=128)
    until = models.DateTimeField(null=True)
    head = models.DateTimeField(null=True)
    tail = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("account", "region", "name", name="lookup_watch_identity")]

    def __str__(self) -> str:
        return f"{self.name} in {self.region}"
