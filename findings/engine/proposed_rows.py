"""Use of many accounts as a proposal asks about it: one scan, in which calls that our SCPs cannot tell apart are one row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Sum

from collectors.models import Account, UsageDaily, UsageEvent, UsagePrincipal
from collectors.records import Actor
from findings.analysis.activity.event_actions import actions_of
from findings.analysis.what_if.model import UsedRow

BATCH = 5_000
AT_ONCE = 100  # accounts whose names are held at a time
Who = tuple[str, str, Actor]


def used_rows(accounts: Sequence[Account], since: date) -> Iterator[UsedRow]:
    """Of each account in its turn. since: the first day."""
    for start in range(0, len(accounts), AT_ONCE):
        yield from _some(accounts[start : start + AT_ONCE], since)


def _some(accounts: Sequence[Account], since: date) -> Iterator[UsedRow]:
    ids = {account.pk: account.aws_id for account in accounts}
    who = {
        pk: (unique_id, arn, Actor(actor))
        for pk, unique_id, arn, actor in UsagePrincipal.objects.filter(account__in=ids).values_list(
            "pk", "unique_id", "arn", "actor"
        )
    }
    events = {
        pk: (f"{source} {name}", actions_of(source, name))
        for pk, source, name in UsageEvent.objects.filter(account__in=ids).values_list("pk", "source", "name")
    }
    for account, principal, event, region, n, last in _added_up(ids, since):
        if principal in who and event in events:
            yield from _of(ids[account], who[principal], *events[event], region, n, last)


def _of(
    aws_id: str, who: Who, event: str, actions: tuple[str, ...] | None, region: str, n: int, last: date
) -> Iterator[UsedRow]:
    """A call that needs no permission is blocked by nothing."""
    unique_id, arn, actor = who
    for action in (None,) if actions is None else actions:
        yield UsedRow(aws_id, unique_id, arn, actor, event, action, region, n=n, last=last)


def _added_up(accounts: Iterable[int], since: date) -> Iterator[tuple[int, int, int, str, int, date]]:
    rows: Any = UsageDaily.objects.filter(account__in=list(accounts), day__gte=since, n__gt=F("denied")).order_by()
    keys = ("account_id", "principal_id", "event_id", "region")
    told = rows.values(*keys).annotate(calls=Sum(F("n") - F("denied")), last=Max("day"))
    with transaction.atomic():  # so that the rows come piece by piece
        yield from told.values_list(*keys, "calls", "last").iterator(BATCH)
