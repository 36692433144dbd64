"""What operators decided here of the account: settings, owners, kinds, groups. Who did it is their own name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from collectors.models import Account, Principal
from findings.analysis.facts import Facts
from findings.analysis.kinds import Kind
from findings.analysis.places import Scope
from findings.analysis.setting_fields import DECIDED
from findings.analysis.timeline.model import Entity, What
from findings.engine.grouping import standings
from findings.engine.timeline.rows import Row, alone, entity_row
from findings.models import AccountGroup, AccountOwner, DecidedSetting, GroupMember, KindOverride
from findings.models.timeline import How


@dataclass(frozen=True, slots=True)
class Decision:
    """about: what is the same when a row ends and the next begins, so that only the new one is told."""

    about: tuple[Any, ...]
    entity: Entity
    said: str
    row: Any


def decisions(account: Account, facts: Facts, after: datetime | None) -> list[Row]:
    since = Q() if after is None else Q(set_at__gte=after) | Q(ended_at__gte=after)
    some = list(_decided(account, facts, since))
    begins = {(one.about, one.row.set_at) for one in some}
    rows = [_row(account, one, one.row.set_at, one.row.set_by, one.said) for one in some]
    rows += [
        _row(account, one, one.row.ended_at, one.row.ended_by, f"no longer {one.said}")
        for one in some
        if one.row.ended_at and (one.about, one.row.ended_at) not in begins
    ]
    return [row for row in rows if after is None or row.change.at >= after]


def _row(account: Account, one: Decision, at: datetime, by: str, text: str) -> Row:
    key = ["decided", *map(str, one.about), at.isoformat()]
    change = alone(account, key, at, how=How.HERE, what=[What.DECIDED.value], kinds=[one.entity.kind], principal_arn=by)
    return Row(change, [entity_row(account, one.entity, at, [{"what": What.DECIDED.value, "text": text}])])


def _decided(account: Account, facts: Facts, since: Q) -> Iterator[Decision]:
    whole = Entity("account", account.aws_id, account.name or account.aws_id)
    standing = standings([account])[account.pk]
    for setting in DecidedSetting.objects.filter(since, Q(account=None) | Q(account=account)).order_by("pk"):
        target = account.aws_id if setting.account_id else setting.target
        if standing.rank(Scope(setting.scope), target) is not None:
            where = standing.words(Scope(setting.scope), target)
            about = ("setting", setting.scope, setting.target, setting.name)
            because = f": {setting.reason}" if setting.reason else ""
            yield Decision(about, whole, f"{_value(setting)} for {where}{because}", setting)
    for owner in AccountOwner.objects.filter(since, account=account).order_by("pk"):
        yield Decision(("owner",), whole, f"owned by {owner.name or 'who its tag says'}", owner)
    names = dict(AccountGroup.objects.order_by("pk").values_list("key", "name"))
    for member in GroupMember.objects.filter(since, account=account).order_by("pk"):
        yield Decision(("group", member.group), whole, f"in group {names.get(member.group, member.group)}", member)
    kinds = list(KindOverride.objects.filter(since, account=account).order_by("pk"))
    known = Principal.objects.filter(account=account, unique_id__in={one.principal_id for one in kinds})
    called = {uid: (kind, name) for uid, kind, name in known.values_list("unique_id", "type", "name")}
    for one in kinds:
        kind, name = called.get(one.principal_id, ("role", one.principal_id))
        said = f"{Kind(one.kind).label.lower()} by hand: {one.reason}"
        yield Decision(("kind", one.principal_id), Entity(kind, one.principal_id, name), said, one)


def _value(setting: DecidedSetting) -> str:
    """A value that no version of ours can read any more is told as it is."""
    field = DECIDED.get(setting.name)
    try:
        return (
            f"{field.title}: {field.said(field.read(setting.value)[0])}"
            if field
            else f"{setting.name}: {setting.value}"
        )
    except ValueError:
        return f"{setting.name}: {setting.value}"
