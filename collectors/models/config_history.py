"""What is known of the history that Config keeps, before it is asked; and how what it says is added."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

from collectors import records
from collectors.models.account import Account
from collectors.models.config import ConfigItem, ConfigRecorder
from collectors.models.coverage import Coverage
from collectors.models.policy import Document
from collectors.records import ConfigStatus

BATCH = 500
LATE = timedelta(days=1)  # how late an item may come to be seen
# Of a region's recorder: nobody has one where an SCP lets nobody work.
SEEN = {Coverage.State.COMPLETE, Coverage.State.BLOCKED_BY_SCP, Coverage.State.NOT_APPLICABLE}


@dataclass(frozen=True)
class Aggregator:
    """The one that tells of all accounts: settings.CONFIG_AGGREGATOR, "<account>/<region>/<name>"."""

    account: str
    region: str
    name: str


@dataclass(frozen=True)
class Known:
    """captured: id of an entity -> when the newest item was captured that we have of it. deleted: those known to be gone. some:
    type, id and account of one that is not; None: none is known.

    regions: where the account records IAM or did, the one to ask first; None: nobody knows. recorded_in: account -> its first
    one. since: all that was captured before it was read; None: that was never so. days: how far back the first reading goes.
    limit: entities of a run. aggregator: through which all is asked; None: the account tells for itself.
    """

    now: datetime
    regions: tuple[str, ...] | None = None
    captured: Mapping[str, datetime] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    some: tuple[str, str, str] | None = None
    since: datetime | None = None
    days: int = 90
    limit: int | None = None
    aggregator: Aggregator | None = None
    recorded_in: Mapping[str, str] = field(default_factory=dict)

    @property
    def oldest(self) -> datetime:
        return self.now - timedelta(days=self.days)


def aggregator() -> Aggregator | None:
    account, _, rest = settings.CONFIG_AGGREGATOR.partition("/")
    region, _, name = rest.partition("/")
    return Aggregator(account, region, name) if account and region and name else None


def known(account_id: str, home: Mapping[str, str], recorders: str, history: str) -> Known:
    """account_id: AWS's. home: partition -> region. recorders, history: the APIs by whose coverage one tells what was read."""
    account = Account.objects.annotate(now=Now()).get(aws_id=account_id)
    through = aggregator()
    items = ConfigItem.objects.all() if through else ConfigItem.objects.filter(account=account)
    newest = items.order_by("account_id", "resource_id", "-captured_at").distinct("account_id", "resource_id")
    rows = list(newest.values_list("resource_id", "captured_at", "status", "resource_type", "account__aws_id"))
    of_account = Coverage.objects.filter(account=account)
    whole = of_account.filter(api=history, state=Coverage.State.COMPLETE, complete_at__isnull=False)
    recorded = _recorded(home, None if through else account)
    looked = set(of_account.filter(api=recorders).values_list("state", flat=True))
    all_seen = Coverage.State.COMPLETE in looked and looked <= SEEN
    regions = tuple(recorded[account_id]) if all_seen or account_id in recorded else None
    return Known(
        now=account.now,
        regions=regions,
        captured={uid: at for uid, at, *_ in rows},
        deleted=frozenset(uid for uid, _, status, *_ in rows if status == ConfigStatus.DELETED),
        some=next(((kind, uid, of) for uid, _, status, kind, of in rows if status == ConfigStatus.RECORDED), None),
        since=_since(whole, items.filter(region=through.region if through else (regions or ("",))[0])),
        days=settings.CONFIG_HISTORY_DAYS,
        limit=settings.CONFIG_HISTORY_A_RUN,
        aggregator=through,
        recorded_in={owner: regions[0] for owner, regions in recorded.items() if regions},
    )


def _since(whole: Any, there: Any) -> datetime | None:
    """What another region told says nothing of the one that is asked now. there: items of that one."""
    at = whole.values_list("complete_at", flat=True).first()
    return at - LATE if at and there.exists() else None


def _recorded(home: Mapping[str, str], only: Account | None) -> defaultdict[str, list[str]]:
    """Account -> regions whose recorders record some of IAM, the home region first. A recorder that was stopped has a history
    too, and comes last."""
    rows: Any = ConfigRecorder.present.filter(account=only) if only else ConfigRecorder.present.all()
    found: defaultdict[str, list[str]] = defaultdict(list)
    told = []
    for owner, partition, data in rows.values_list("account__aws_id", "account__partition", "data"):
        one = records.from_json(records.ConfigRecorder, data)
        if any(map(one.selects, records.IAM_TYPES)):
            told.append((not one.recording, one.region != home.get(partition), one.region, owner))
    for *_, region, owner in sorted(told):
        found[owner].append(region)
    return found


def add(account: Account, items: Iterable[records.ConfigItem]) -> int:
    """Store what is newer than what we have, inside the caller's transaction; returns how many. Items of accounts that nobody
    registered are left out. account: of those that name none."""
    owners: defaultdict[str, list[records.ConfigItem]] = defaultdict(list)
    for item in items:
        owners[item.account_id or account.aws_id].append(item)
    accounts = Account.objects.filter(aws_id__in=owners)
    return sum(_add(one, owners[one.aws_id]) for one in accounts)


def _add(account: Account, items: list[records.ConfigItem]) -> int:
    ids = {item.resource_id for item in items}
    stored = ConfigItem.objects.filter(account=account, resource_id__in=ids)
    newest = {row.resource_id: row for row in stored.order_by("resource_id", "-captured_at").distinct("resource_id")}
    told = stored.exclude(data=None).order_by("resource_id", "-captured_at").distinct("resource_id")
    last: dict[str, Any] = dict(told.values_list("resource_id", "data"))
    rows = []
    for item in sorted(items, key=lambda one: (one.resource_id, one.captured_at)):
        before = newest.get(item.resource_id)
        if before is None or item.captured_at > before.captured_at:
            rows.append(_row(account, item, last.get(item.resource_id)))
            last[item.resource_id] = item.entity or last.get(item.resource_id)
    _documents(account, items)
    ConfigItem.objects.bulk_create(rows, BATCH, ignore_conflicts=True)
    return len(rows)


def _row(account: Account, item: records.ConfigItem, before: dict[str, Any] | None) -> ConfigItem:
    return ConfigItem(
        account=account,
        resource_type=item.resource_type,
        resource_id=item.resource_id,
        name=item.name,
        arn=item.arn,
        captured_at=item.captured_at,
        status=item.status,
        region=item.region,
        daily=item.daily,
        data=item.entity,
        digest=item.digest,
        changed=_changed(before, item.entity),
    )


def _changed(before: dict[str, Any] | None, now: dict[str, Any] | None) -> list[str] | None:
    if before is None or now is None:
        return None
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def _documents(account: Account, items: Iterable[records.ConfigItem]) -> None:
    bodies = {digest: body for item in items for digest, body in item.documents.items()}
    there = set(Document.objects.filter(account=account, digest__in=bodies).values_list("digest", flat=True))
    new = (Document(account=account, digest=one, body=bodies[one]) for one in sorted(bodies.keys() - there))
    Document.objects.bulk_create(new, BATCH, ignore_conflicts=True)
