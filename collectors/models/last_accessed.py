from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Now

from collectors import records
from collectors.models.account import Account
from collectors.models.observed import Observed
from collectors.models.policy import Document, Policy
from collectors.models.principal import Group, Principal
from collectors.models.writing import may_write


class LastAccessed(Observed):
    """Access Advisor's answer on a principal, whose unique_id it has. It is use, so it has no versions."""

    read_at = models.DateTimeField()

    record = records.LastAccessed
    volatile = ("services",)
    dated = "read_at"
    versioned = False

    class Meta(Observed.Meta):
        pass

    @classmethod
    def columns(cls, record: records.LastAccessed) -> dict[str, Any]:
        return {"read_at": record.read_at}


class AccountAccess(Observed):
    """The organization's report on one of its accounts, whose id it has; told by the management account only."""

    read_at = models.DateTimeField()

    record = records.AccountAccess
    volatile = ("services",)
    dated = "read_at"
    versioned = False

    class Meta(Observed.Meta):
        pass

    @classmethod
    def columns(cls, record: records.AccountAccess) -> dict[str, Any]:
        return {"read_at": record.read_at}


@dataclass(frozen=True)
class Reading:
    """A principal and how old our reading of it is. changed_at: since when our inventory holds it as it is. writes: whether its
    policies let it change anything, as far as their texts tell without their denies and conditions."""

    unique_id: str
    arn: str
    changed_at: datetime | None = None
    read_at: datetime | None = None
    writes: bool = True


@dataclass(frozen=True)
class Plan:
    """What to read. now: the database's time. limit: how many a run reads; a reading is renewed after `renew` and too old
    after `keep`."""

    now: datetime
    principals: tuple[Reading, ...]
    limit: int
    keep: timedelta
    renew: timedelta


def plan(account_id: str) -> Plan:
    """The account's roles and users without service-linked roles, in no order. account_id: AWS's."""
    account = Account.objects.annotate(now=Now()).get(aws_id=account_id)
    read = LastAccessed.objects.filter(account=account, unique_id=OuterRef("unique_id"))
    principals = Principal.present.filter(account=account).exclude(path__startswith="/aws-service-role/")
    rows = principals.values_list("unique_id", "arn", "seen_from", Subquery(read.values("read_at")), "data")
    keep, interval = timedelta(hours=settings.LAST_ACCESSED_HOURS), timedelta(hours=settings.COLLECT_EVERY_HOURS)
    writers = Writers(account)
    return Plan(
        now=account.now,
        principals=tuple(Reading(*row, writes=writers.has(data)) for *row, data in rows),
        limit=settings.LAST_ACCESSED_A_RUN,
        keep=keep,
        renew=max(timedelta(0), keep - interval),  # what would get too old before the next run is read in this one
    )


@dataclass(frozen=True)
class Reports:
    """When the organization's report on an account was last read, by its id. It is renewed after `renew`, and too old after
    `keep`. limit: accounts of a run."""

    now: datetime
    read: Mapping[str, datetime]
    renew: timedelta = timedelta(days=1)
    keep: timedelta = timedelta(days=7)
    limit: int = 100

    def stale(self, account_id: str) -> bool:
        read_at = self.read.get(account_id)
        return read_at is None or read_at < self.now - self.keep


def reports(account_id: str) -> Reports:
    """account_id: of the account that asks."""
    account = Account.objects.annotate(now=Now()).get(aws_id=account_id)
    read = AccountAccess.objects.filter(account=account).values_list("unique_id", "read_at")
    return Reports(account.now, dict(read))


class Writers:
    """Which holders of policies may change something."""

    def __init__(self, account: Account) -> None:
        documents = Document.objects.filter(account=account).values_list("digest", "body")
        self._digests = {digest for digest, body in documents if may_write(body)}
        policies = Policy.present.filter(account=account).values_list("arn", "data")
        self._policies = {arn for arn, data in policies if data.get("document") in self._digests}
        self._groups: set[str] = set()  # a group is in no group
        groups = Group.present.filter(account=account).values_list("name", "data")
        self._groups = {name for name, data in groups if self.has(data)}

    def has(self, data: dict[str, Any]) -> bool:
        """data: the record of a role, user or group as JSON."""
        held = {*data.get("attached", ()), *data.get("inline", {}).values()}
        return bool(held & (self._policies | self._digests)) or bool(self._groups.intersection(data.get("groups", ())))
