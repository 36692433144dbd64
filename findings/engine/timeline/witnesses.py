"""The other witnesses: calls of CloudTrail and Config's items, each with the entity that it is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from collectors import records
from collectors.models import AccessKey, Account, AdminEvent, ConfigItem, Group, OrganizationPolicy, Policy, Principal
from collectors.models.identity_center import PermissionSet
from collectors.models.organization import OrganizationAccount, OrganizationalUnit
from collectors.models.trails import Trail
from findings.analysis.timeline.differences import fields_of
from findings.analysis.timeline.merge import moment_of
from findings.analysis.timeline.model import Call, Capture, Entity
from findings.analysis.timeline.naming import Life, Names

COLUMNS = tuple(name for name in records.AdminEvent.__struct_fields__ if name not in ("account_id", "actor"))
SAME = 300  # seconds between AWS's date of an entity and Config's first item of it, beside what Config takes


def names(account: Account) -> tuple[Names, Mapping[str, list[Entity]]]:
    """Which entity had which name when; and users by name, the oldest first."""
    lives = list(_lives(account))
    users: defaultdict[str, list[Entity]] = defaultdict(list)
    for life in sorted(lives, key=lambda life: life.born.timestamp() if life.born else 0.0):
        if life.entity.kind == "user":
            users[life.name].append(life.entity)
    return Names(lives, Entity("account", account.aws_id, account.name or account.aws_id)), users


def _lives(account: Account) -> Iterator[Life]:
    for kind, model, said in (
        (None, Principal, None),
        ("group", Group, "group"),
        ("policy", Policy, "policy"),
        ("key", AccessKey, "key"),
        ("permission_set", PermissionSet, "permission_set"),
        ("organization_policy", OrganizationPolicy, "policy"),
        ("organizational_unit", OrganizationalUnit, "organizational_unit"),
        ("organization_account", OrganizationAccount, "account"),
        ("trail", Trail, "trail"),
    ):
        own = ["unique_id", "gone_at", "data__name", "data__arn", "data__created_at"]
        own_only = {"aws_managed": False} if model is Policy else {}
        rows = model.objects.filter(account=account, **own_only)
        for of, *row in rows.values_list("type" if model is Principal else "pk", *own):
            yield from _names_of(kind or of, said or of, row)


def _names_of(kind: str, said: str, row: list[Any]) -> Iterator[Life]:
    unique_id, gone, name, arn, made = row
    entity = Entity(kind, unique_id, str(name or unique_id)[:512])
    born = moment_of(made)
    if kind in ("role", "user", "group", "trail"):
        called = [name]
    elif kind == "policy":
        called = [arn, name]
    else:
        called = [unique_id]
    yield from (Life(entity, said, one, born, gone) for one in dict.fromkeys(filter(None, called)))


def calls(account: Account, after: datetime | None, until: datetime, known: Names) -> list[Call]:
    """One for each entity that a call is about; a call that names nothing is about the account."""
    rows = AdminEvent.objects.filter(account=account, at__lte=until).order_by("at", "event_id")
    rows = rows if after is None else rows.filter(at__gte=after)
    found = []
    for pk, actor, *row in rows.values_list("pk", "actor", *COLUMNS):
        told: dict[str, Any] = dict(zip(COLUMNS, row, strict=True))
        event = records.AdminEvent(account_id=account.aws_id, actor=records.Actor(actor), **told)
        about = list(known.of(event)) or [Entity("account", account.aws_id, account.name or account.aws_id)]
        found += [Call(entity, event, pk) for entity in about]
    return found


def captures(account: Account, after: datetime | None, until: datetime) -> list[Capture]:
    """What Config says of one entity for the first time is no change, unless it was made just then."""
    rows = ConfigItem.objects.filter(account=account, captured_at__lte=until)
    if after is not None:
        moved = rows.filter(captured_at__gte=after).values("resource_id")
        rows = rows.filter(resource_id__in=moved)
    found: list[Capture] = []
    before: ConfigItem | None = None
    for row in rows.order_by("resource_id", "captured_at"):
        was = before if before is not None and before.resource_id == row.resource_id else None
        before = row
        if after is None or row.captured_at >= after:
            found += _capture(row, was)
    return found


def _capture(row: ConfigItem, was: ConfigItem | None) -> Iterable[Capture]:
    entity = Entity(row.kind, row.resource_id, row.name[:512])
    kept = row.status != records.ConfigStatus.NOT_RECORDED and (
        was is None or was.status != records.ConfigStatus.NOT_RECORDED
    )
    old = was.data if was else None
    if not kept:
        yield Capture(entity, row.captured_at, daily=row.daily, id=row.pk)
    elif was is None and row.data is not None and not _just_made(row):
        return
    elif fields := fields_of(old, row.data):
        yield Capture(entity, row.captured_at, old, row.data, fields, row.daily, row.pk)


def _just_made(row: ConfigItem) -> bool:
    made = moment_of((row.data or {}).get("created_at"))
    if made is None:
        return False
    early = Capture(Entity("", "", ""), row.captured_at, daily=row.daily).earliest
    return (early - made).total_seconds() <= SAME
