"""Rows of use -> records.PrincipalDay, for the judgement. SQL adds up by ids; names of events are few, and put in here.

What counts as what is said in collectors.activity.days, which does the same for files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q, Sum

from collectors.activity.days import REGIONLESS, Late, is_recon, spelled
from collectors.activity.evidence import CONSOLE, SERVICE
from collectors.models.account import Account
from collectors.models.usage import UsageDaily, UsageEvent, UsagePrincipal
from collectors.records import Actor, PrincipalDay

BATCH = 2_000
Ids = frozenset[int]
Texts = tuple[str, ...]
# day, principal, key; region, n, denied; events; those that look around, and when first and last; those that were refused
Row = tuple[date, int, str, str, int, int, list[int], list[int], list[datetime], list[datetime], list[int]]


def read_days(account: Account, oldest: date) -> Iterator[PrincipalDay]:
    names, who, late = _Names(account), _principals(account), Late()
    for (day, principal, key), rows in groupby(_added_up(account, oldest, names), itemgetter(0, 1, 2)):
        regions, calls, refusals, events, looks, first, last, refused = zip(*(row[3:] for row in rows), strict=True)
        actor, unique_id = who[principal]
        seen = [*_moments(first, looks), *_moments(last, looks)]
        yield PrincipalDay(
            account_id=account.aws_id,
            actor=actor,
            principal_id=unique_id,
            key_id=key,
            day=day,
            n=sum(calls),
            denied=sum(refusals),
            services=names.services(events),
            regions=names.kept(tuple(name for name, ids in zip(regions, events, strict=True) if names.chosen(ids))),
            recon=names.calls([late.densest((principal, key), day, seen)]),
            refused=names.calls(refused),
        )


class _Names:
    """Of the account's events by id; each list of them is spelled and kept once."""

    def __init__(self, account: Account) -> None:
        rows = UsageEvent.objects.filter(account=account).values_list("pk", "source", "name")
        self._events = {pk: (source, name) for pk, source, name in rows}
        self._regionless = {pk for pk, (source, _) in self._events.items() if source in REGIONLESS}
        self.recon = [pk for pk, named in self._events.items() if is_recon(*named)]
        self._known: dict[tuple[Callable[..., str], Ids], Texts] = {}
        self._kept: dict[Texts, Texts] = {}

    def chosen(self, ids: list[int]) -> bool:
        """Whether any of them is recorded in the region that the caller chose."""
        return not self._regionless.issuperset(ids)

    def services(self, lists: Iterable[list[int]]) -> Texts:
        return self._spelled(_source, lists)

    def calls(self, lists: Iterable[Iterable[int]]) -> Texts:
        return self._spelled(spelled, lists)

    def kept(self, texts: Texts) -> Texts:
        return self._kept.setdefault(texts, texts)

    def _spelled(self, how: Callable[..., str], lists: Iterable[Iterable[int]]) -> Texts:
        ids = frozenset(chain.from_iterable(lists))
        found = self._known.get((how, ids))
        if found is None:
            named = (self._events[one] for one in ids if one in self._events)
            found = self._known[how, ids] = self.kept(tuple(sorted({how(*one) for one in named})))
        return found


def _moments(times: Iterable[list[datetime]], events: Iterable[list[int]]) -> Iterator[tuple[datetime, int]]:
    return zip(chain.from_iterable(times), chain.from_iterable(events), strict=True)


def _source(source: str, name: str) -> str:
    return source


def _principals(account: Account) -> dict[int, tuple[Actor, str]]:
    rows = UsagePrincipal.objects.filter(account=account).values_list("pk", "actor", "unique_id")
    return {pk: (Actor(actor), unique_id) for pk, actor, unique_id in rows}


def _added_up(account: Account, oldest: date, names: _Names) -> Iterator[Row]:
    own: Any = UsageDaily.objects.filter(account=account, day__gte=oldest).exclude(session_kind=SERVICE)
    columns = ("day", "principal_id", "key", "region")
    looks = Q(event_id__in=names.recon) & ~Q(session_kind=CONSOLE)
    grouped = own.values(*columns).annotate(
        calls=Sum("n"),
        refusals=Sum("denied"),
        events=ArrayAgg("event_id"),
        looks=ArrayAgg("event_id", filter=looks, default=[]),
        first=ArrayAgg("first_at", filter=looks, default=[]),
        last=ArrayAgg("last_at", filter=looks, default=[]),
        refused=ArrayAgg("event_id", filter=Q(denied__gt=0), default=[]),
    )
    told = "calls", "refusals", "events", "looks", "first", "last", "refused"
    rows = grouped.order_by(*columns).values_list(*columns, *told)
    yield from rows.iterator(BATCH)
