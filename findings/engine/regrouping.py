"""Making, changing and ending groups of accounts, and saying who owns accounts: rows end and begin."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from collectors.models import Account
from findings.analysis.places import Scope
from findings.engine.deciding import reached
from findings.models import AccountGroup, AccountOwner, DecidedSetting, GroupMember, JudgementRequest
from findings.models.decided import STANDS


@dataclass(frozen=True)
class Wanted:
    """A group as an operator wants it. tags: "key=value"."""

    name: str
    ous: Sequence[str]
    tags: Sequence[str]
    accounts: Collection[Account]


def keep(wanted: Wanted, by: str, key: uuid.UUID | None = None) -> uuid.UUID:
    """Make a group, or make the one with this key another one. IntegrityError: the name was taken in the same moment."""
    made = key or uuid.uuid4()
    before = reached(Scope.GROUP, str(made), None) if key else []
    with transaction.atomic():
        _end(AccountGroup.objects.filter(STANDS, key=made), by)
        AccountGroup.objects.create(key=made, name=wanted.name, ous=list(wanted.ous), tags=list(wanted.tags), set_by=by)
        _by_hand(made, wanted.accounts, by)
        _judge(made, set(before) ^ set(reached(Scope.GROUP, str(made), None)), by)
    return made


def end(key: uuid.UUID, by: str) -> None:
    """With all that was decided for it, and its owner."""
    before = reached(Scope.GROUP, str(key), None)
    with transaction.atomic():
        _judge(key, before, by)
        mine = {"scope": Scope.GROUP.value, "target": str(key)}
        _end(DecidedSetting.objects.filter(STANDS, **mine), by)
        _end(AccountOwner.objects.filter(STANDS, **mine), by)
        _end(AccountGroup.objects.filter(STANDS, key=key), by)
        _end(GroupMember.objects.filter(STANDS, group=key), by)


def own(scope: Scope, target: str, account: Account | None, name: str, contact: str, by: str) -> None:
    """Who owned the same scope before owns it no longer."""
    mine = {"scope": scope.value, "target": target, "account": account}
    with transaction.atomic():
        _end(AccountOwner.objects.filter(STANDS, **mine), by)
        AccountOwner.objects.create(name=name, contact=contact, set_by=by, **mine)


def _end(rows: QuerySet[Any], by: str) -> None:
    rows.update(ended_at=Now(), ended_by=by)


def _by_hand(key: uuid.UUID, accounts: Collection[Account], by: str) -> None:
    """Who stays keeps the row that says since when."""
    standing = GroupMember.objects.filter(STANDS, group=key)
    _end(standing.exclude(account__in=accounts), by)
    there = set(standing.values_list("account", flat=True))
    GroupMember.objects.bulk_create(
        GroupMember(group=key, account=one, set_by=by) for one in accounts if one.pk not in there
    )


def _judge(key: uuid.UUID, accounts: Iterable[int], by: str) -> None:
    """Ask for judgements of accounts that come or go, if something is decided for the group."""
    if DecidedSetting.objects.filter(STANDS, scope=Scope.GROUP.value, target=str(key)).exists():
        JudgementRequest.ask(sorted(accounts), by)
