"""What changed in an account, by all who saw it (findings/analysis/timeline), as the last judgement put it together.

Rows are derived: a witness that comes late (a trail's file, Config's history) replaces those that it tells more of.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from collectors.models import Account
from collectors.models.usage import ACTORS
from findings.analysis.timeline.model import What, Witness

# By the list's facets.
COUNTED = ["how", "outcome", "actor", "what", "kinds", "agent", "witnesses", "opened", "resolved"]


class How(models.TextChoices):
    """By what it was done. UNTOLD: only a collection or Config saw it. HERE: operators of iamdash decided it. TIME: nobody
    changed anything, and findings opened or resolved all the same."""

    CODE = "code", "Infrastructure as code"
    CONSOLE = "console", "In the console"
    HAND = "hand", "By hand, with a command line"
    SERVICE = "service", "An AWS service"
    PROGRAM = "program", "A program"
    UNTOLD = "untold", "Nobody knows"
    HERE = "here", "Decided in iamdash"
    TIME = "time", "Findings alone"


class Change(models.Model):
    """What one caller did in a few minutes, or what was seen without one.

    at: when it was done, or the end of the time in which it was; since: the beginning of that, null: not known. exact: a call,
    or a date of AWS, tells when. what: What; kinds: of entities. The caller's columns are those of AdminEvent; an operator of
    iamdash is a principal_arn. untold: why nobody is named, in words. events: names of its calls. opened, resolved: findings
    after it. key: of its first witness; digest: of all that is told.
    """

    Outcome = models.TextChoices("Outcome", {n.upper(): (n, n.capitalize()) for n in ("done", "denied", "failed")})

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    key = models.CharField(max_length=32)
    digest = models.CharField(max_length=32)
    at = models.DateTimeField()
    since = models.DateTimeField(null=True)
    exact = models.BooleanField()
    what = ArrayField(models.CharField(max_length=16, choices=[(w.value, w.value) for w in What]))
    kinds = ArrayField(models.CharField(max_length=32))
    witnesses = ArrayField(models.CharField(max_length=16, choices=[(w.value, w.value) for w in Witness]))
    how = models.CharField(max_length=8, choices=How)
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.DONE)
    actor = models.CharField(max_length=16, choices=ACTORS, default="", blank=True)
    principal_id = models.CharField(max_length=512, default="", blank=True)
    principal_arn = models.CharField(max_length=2048, default="", blank=True)
    session_name = models.CharField(max_length=128, default="", blank=True)
    key_id = models.CharField(max_length=32, default="", blank=True)
    network = models.CharField(max_length=128, default="", blank=True)
    agent = models.CharField(max_length=128, default="", blank=True)
    invoked_by = models.CharField(max_length=128, default="", blank=True)
    untold = models.CharField(max_length=200, default="", blank=True)
    events = ArrayField(models.CharField(max_length=256), default=list)
    n_calls = models.PositiveIntegerField(default=0)
    n_entities = models.PositiveIntegerField(default=1)
    opened = models.PositiveIntegerField(default=0)
    resolved = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint("account", "key", name="change_identity")]
        indexes = [
            # Lists count their facets in these alone: of all accounts, and of those that an operator sees.
            models.Index(fields=["at", "id", "account"], include=COUNTED, name="change_in_seen_order"),
            models.Index(fields=["account", "at", "id"], include=COUNTED, name="change_of_account"),
            GinIndex(fields=["events"], name="change_by_call"),
            models.Index(
                fields=["principal_id", "at"], name="change_by_principal", condition=~models.Q(principal_id="")
            ),
        ]

    def __str__(self) -> str:
        return f"{', '.join(self.what)} {self.at:%F}"


class ChangedEntity(models.Model):
    """An entity of a change. kind: as of Version, or as an event names it; unique_id "": only its name is known.

    told: lines of what is said, oldest first: {"what", "text"}, and where it concerns permissions "gained" and "lost"
    (timeline.effects.plain), "admits" and "shuts" (who may assume the role), "unknown"; "before" and "after": digests of
    documents. told_by: of another account, whose documents these are (the organization's policies), "" for the account's own.
    calls: ids of AdminEvent. at: as of the change, so that an entity's changes are read in order.
    """

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    change = models.ForeignKey(Change, models.CASCADE, related_name="entities")
    kind = models.CharField(max_length=32)
    unique_id = models.CharField(max_length=512, default="", blank=True)
    name = models.CharField(max_length=512)
    at = models.DateTimeField()
    told = models.JSONField()
    calls = ArrayField(models.BigIntegerField(), default=list)
    told_by = models.CharField(max_length=12, default="", blank=True)

    class Meta:
        verbose_name_plural = "changed entities"
        indexes = [
            models.Index(fields=["account", "unique_id", "-at"], name="changed_entity_of"),
            models.Index(fields=["account", "name", "kind"], name="changed_entity_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class TimelineRead(models.Model):
    """Up to which witness the account's changes are put together: the newest row of each, and the last moment of versions.

    kinds: of which there were versions. since: from when on calls were read; null: none were.
    """

    account = models.OneToOneField(Account, models.CASCADE)
    event = models.BigIntegerField(default=0)
    item = models.BigIntegerField(default=0)
    finding_event = models.BigIntegerField(default=0)
    versions = models.DateTimeField(null=True)
    kinds = models.JSONField(default=list)
    since = models.DateTimeField(null=True)
    as_of = models.DateTimeField()

    def __str__(self) -> str:
        return f"timeline of {self.account_id} until {self.as_of:%F}"
