"""What CloudTrail told, added up (DESIGN 10). Written by the worker only, through collectors.usage_store.

Ids of principals and events are dictionaries of the account: rows of use are many and narrow. Raw names are kept, and mapped to
IAM actions when they are judged, so that a better map needs no second reading.
"""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Greatest, Now

from collectors import records
from collectors.models.account import Account

LAST_CALL = Greatest("first_at", "used_at", "denied_at")  # of UsageLast, also of calls that were denied
KEPT = "usage"  # of settings.KEEP_DAYS; a model with `kept` is partitioned by month (partitions.py)
ACTORS = [(actor.value, actor.value.replace("_", " ")) for actor in records.Actor]


class UsagePrincipal(models.Model):
    """One that acted. unique_id: AROA or AIDA id, account id, service name; "" where an event did not tell."""

    account = models.ForeignKey(Account, models.CASCADE)
    actor = models.CharField(max_length=16, choices=ACTORS)
    unique_id = models.CharField(max_length=512)
    arn = models.CharField(max_length=2048, default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("account", "unique_id", "actor", name="usage_principal_identity")]

    def __str__(self) -> str:
        return self.arn or self.unique_id


class UsageEvent(models.Model):
    """An event source and name as CloudTrail writes them."""

    account = models.ForeignKey(Account, models.CASCADE)
    source = models.CharField(max_length=256)
    name = models.CharField(max_length=256)

    class Meta:
        constraints = [models.UniqueConstraint("account", "source", "name", name="usage_event_identity")]

    def __str__(self) -> str:
        return f"{self.source} {self.name}"


class UsageDaily(models.Model):
    """Calls of a principal on a day. Partitioned by month of `day`; keys to the dictionaries are not checked by the database,
    which would cost more than the writing.

    session_kind: evidence.PLAIN, CONSOLE, SERVICE (called on its behalf) or MFA. key: long-term access key or "".
    """

    kept = KEPT

    pk = models.CompositePrimaryKey("account_id", "day", "principal_id", "event_id", "region", "session_kind", "key")
    account = models.ForeignKey(Account, models.CASCADE, db_constraint=False, db_index=False)
    principal = models.ForeignKey(UsagePrincipal, models.CASCADE, db_constraint=False)
    event = models.ForeignKey(UsageEvent, models.CASCADE, db_constraint=False, db_index=False)
    day = models.DateField()
    region = models.CharField(max_length=256)
    session_kind = models.SmallIntegerField()
    key = models.CharField(max_length=32, default="", blank=True)
    n = models.BigIntegerField()
    denied = models.BigIntegerField()
    failed = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["day"], name="usage_daily_of_day"),
            models.Index(fields=["last_at", "account"], name="usage_daily_in_seen_order"),
        ]

    def __str__(self) -> str:
        return f"{self.principal_id} {self.event_id} {self.day}"


class UsageLast(models.Model):
    """The last call of a principal by event, for ever. resources_cut: it named more resources than are kept."""

    pk = models.CompositePrimaryKey("principal_id", "event_id")
    account = models.ForeignKey(Account, models.CASCADE, db_constraint=False)
    principal = models.ForeignKey(UsagePrincipal, models.CASCADE, db_constraint=False, db_index=False)
    event = models.ForeignKey(UsageEvent, models.CASCADE, db_constraint=False)
    n = models.BigIntegerField()
    denied = models.BigIntegerField()
    failed = models.BigIntegerField()
    first_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    denied_at = models.DateTimeField(null=True)
    resources_cut = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(LAST_CALL, "principal", "event", "account", name="usage_last_in_seen_order")]

    def __str__(self) -> str:
        return f"{self.principal_id} {self.event_id}"


class UsageResource(models.Model):
    """What a principal's calls named, at most resources.MOST by event: the first names in their order."""

    pk = models.CompositePrimaryKey("principal_id", "event_id", "resource")
    account = models.ForeignKey(Account, models.CASCADE, db_constraint=False)
    principal = models.ForeignKey(UsagePrincipal, models.CASCADE, db_constraint=False, db_index=False)
    event = models.ForeignKey(UsageEvent, models.CASCADE, db_constraint=False, db_index=False)
    resource = models.CharField(max_length=1024)
    n = models.BigIntegerField()
    denied = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["account", "resource"], name="usage_resource_by_name"),
            models.Index(fields=["resource"], name="usage_resource_by_prefix", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["last_at", "principal", "event", "account"], name="usage_resource_in_seen_order"),
        ]

    def __str__(self) -> str:
        return self.resource


class UsageSession(models.Model):
    """Evidence of one session and day: records.Session. data: what activity.evidence.Evidence.plain() says; first_at and
    last_at are None while only its beginning was seen, in an AssumeRole."""

    kept = KEPT

    account = models.ForeignKey(Account, models.CASCADE)
    principal = models.ForeignKey(UsagePrincipal, models.CASCADE)
    name = models.CharField(max_length=128, default="", blank=True)
    key = models.CharField(max_length=32, default="", blank=True)
    day = models.DateField()
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    n = models.BigIntegerField()
    denied = models.BigIntegerField()
    sign_in = models.CharField(max_length=16, default="", blank=True)
    data = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint("principal", "day", "name", "key", name="usage_session_identity")]
        indexes = [
            models.Index(fields=["account", "day"], name="usage_session_of_day"),
            models.Index(fields=["key"], name="usage_session_of_key", condition=~models.Q(key="")),
            GinIndex(OpClass(KeyTransform("networks", "data"), "jsonb_path_ops"), name="usage_session_of_address"),
        ]

    def __str__(self) -> str:
        return f"{self.principal_id} {self.name} {self.day}"


class UsageAssumption(models.Model):
    """Who assumed a role on a day: records.Assumption. digest: of all that makes it one row, which is too long for an index."""

    kept = KEPT

    account = models.ForeignKey(Account, models.CASCADE)
    digest = models.CharField(max_length=32)
    caller = models.CharField(max_length=2048, default="", blank=True)
    caller_id = models.CharField(max_length=512, default="", blank=True)
    caller_account = models.CharField(max_length=12, default="", blank=True)
    role_arn = models.CharField(max_length=2048)
    role_id = models.CharField(max_length=128, default="", blank=True)
    session_name = models.CharField(max_length=128, default="", blank=True)
    event = models.CharField(max_length=32)
    day = models.DateField()
    n = models.BigIntegerField()
    denied = models.BigIntegerField()
    paired = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint("account", "digest", "day", name="usage_assumption_identity")]
        indexes = [
            models.Index(fields=["account", "day"], name="usage_assumption_of_day"),
            models.Index(fields=["role_id"], name="usage_assumption_of_role"),
        ]

    def __str__(self) -> str:
        return f"{self.caller or self.caller_id} -> {self.role_arn}"


class AdminEvent(models.Model):
    """An administrative call: records.AdminEvent. The event's id is AWS's, so it is kept once by whichever road it comes."""

    kept = "events"

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    event_id = models.CharField(max_length=64)
    at = models.DateTimeField()
    actor = models.CharField(max_length=16, choices=ACTORS)
    principal_id = models.CharField(max_length=512)
    principal_arn = models.CharField(max_length=2048, default="", blank=True)
    session_name = models.CharField(max_length=128, default="", blank=True)
    key_id = models.CharField(max_length=32, default="", blank=True)
    source = models.CharField(max_length=256)
    name = models.CharField(max_length=256)
    region = models.CharField(max_length=64, default="", blank=True)
    target_type = models.CharField(max_length=32, default="", blank=True)
    target_name = models.CharField(max_length=512, default="", blank=True)
    details = models.JSONField(default=dict)
    network = models.CharField(max_length=128, default="", blank=True)
    agent = models.CharField(max_length=128, default="", blank=True)
    console = models.BooleanField(default=False)
    mfa = models.BooleanField(null=True)
    invoked_by = models.CharField(max_length=128, default="", blank=True)
    error = models.CharField(max_length=128, default="", blank=True)
    denied = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint("account", "event_id", "at", name="admin_event_identity")]
        indexes = [
            models.Index(fields=["account", "-at"], name="admin_event_by_time"),
            models.Index(fields=["account", "target_name", "target_type", "-at"], name="admin_event_by_target"),
            models.Index(fields=["account", "principal_id", "-at"], name="admin_event_by_principal"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.target_name} {self.at}"


class TrailObject(models.Model):
    """The ledger: an object of a trail that was read, in the transaction that added up its events. So it counts once.

    day: that of its folder. problem: why it was not read to its end, "" for a good one. rejected: records that were left out.
    """

    kept = "ledger"

    account = models.ForeignKey(Account, models.CASCADE, db_index=False)
    key = models.CharField(max_length=1024)
    day = models.DateField()
    etag = models.CharField(max_length=128, default="", blank=True)
    size = models.BigIntegerField()
    events = models.IntegerField()
    rejected = models.IntegerField(default=0)
    problem = models.CharField(max_length=256, default="", blank=True)
    read_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint("account", "key", "day", name="trail_object_identity")]
        indexes = [
            models.Index(fields=["account", "day"], name="trail_object_of_day"),
            models.Index(fields=["account", "-read_at"], name="trail_object_bad", condition=~models.Q(problem="")),
        ]

    def __str__(self) -> str:
        return self.key


class TrailWatch(models.Model):
    """Since when an account's events were read without a gap: only from then on does silence mean that nothing happened.

    since: None until everything from some day on was read. until: when the trail was last listed and all of it read.
    looked_back_at: when it was last listed far back, for what came very late. noted: oddities by name -> how many, in all.
    """

    account = models.OneToOneField(Account, models.CASCADE)
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    looked_back_at = models.DateTimeField(null=True)
    noted = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.account_id} since {self.since}"
