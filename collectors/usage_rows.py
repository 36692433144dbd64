"""The rows of an aggregate: what of it is new, and what is added to rows that are there. Its accounts are locked, and its ledger
is kept, by collectors.usage_store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec

from collectors import records
from collectors.activity import Aggregate, admin, lineage
from collectors.activity.acting import Named
from collectors.activity.evidence import Evidence
from collectors.activity.lineage import Count, Edge
from collectors.activity.use import Use
from collectors.activity.who import Principal
from collectors.models import (
    AdminEvent,
    UsageAssumption,
    UsageDaily,
    UsageEvent,
    UsageLast,
    UsagePrincipal,
    UsageResource,
    UsageSession,
)
from collectors.models.partitions import ensure_months
from collectors.records import SignIn
from collectors.usage_sql import BATCH, Pair, ids_of, keep_smallest, stored, upsert

SESSION = ("principal_id", "day", "name", "key")
ASSUMPTION = ("account_id", "digest", "day")

SessionKey = tuple[int, date, str, str]


class Writer:
    """One aggregate on its way into the tables, inside the transaction of usage_store.store()."""

    def __init__(self, total: Aggregate, accounts: dict[str, int]) -> None:
        self.total, self.accounts, self.left_out = total, accounts, 0
        self.principals: dict[int, int] = {}  # place in the aggregate -> id
        self.events: dict[tuple[int, int], int] = {}  # account, call's place -> id
        self.cut: Counter[int] = Counter()  # account -> administrative calls beyond the limit

    def write(self) -> None:
        uses = self._ours()
        days = {date.fromordinal(day) for _, _, day, _ in uses}
        for model in (UsageDaily, UsageSession, UsageAssumption, AdminEvent):
            ensure_months(model, days)
        self._principals()
        self._events(uses)
        self._daily(uses)
        self._last(uses)
        self._resources()
        self._sessions()
        self._assumptions()
        self._admin()

    def _account(self, principal: int) -> int | None:
        return self.accounts.get(self.total.everybody.principals[principal].account)

    def _ours(self) -> dict[tuple[int, int, int, int], Use]:
        ours = {key: use for key, use in self.total.uses.items() if self._account(key[0]) is not None}
        self.left_out = sum(use.n for key, use in self.total.uses.items() if key not in ours)
        return ours

    def _principals(self) -> None:
        wanted: dict[tuple[int, str, str], str] = {}
        mine = [p for p in self.total.everybody.principals if p.account in self.accounts]
        for one in mine:
            key = _identity(one, self.accounts)
            wanted[key] = max(wanted.get(key, ""), one.arn)
        ids = ids_of(UsagePrincipal, ("account_id", "unique_id", "actor"), wanted)
        self.principals = {one.at: ids[_identity(one, self.accounts)] for one in mine}
        named = {ids[key]: arn for key, arn in wanted.items() if arn}
        changed = UsagePrincipal.objects.filter(pk__in=named).only("pk", "arn").order_by("pk")
        rows = [UsagePrincipal(pk=row.pk, arn=named[row.pk]) for row in changed if row.arn != named[row.pk]]
        UsagePrincipal.objects.bulk_update(rows, ["arn"], BATCH)

    def _events(self, uses: Iterable[tuple[int, int, int, int]]) -> None:
        calls = {(self._account(principal), call) for principal, call, *_ in uses}
        wanted = {(account, call): (account, *self.total.calls[call][:2]) for account, call in calls}
        ids = ids_of(UsageEvent, ("account_id", "source", "name"), wanted.values())
        self.events = {place: ids[key] for place, key in wanted.items()}  # type: ignore[misc]

    def _pair(self, principal: int, call: int) -> Pair:
        return self.principals[principal], self.events[self._account(principal), call]  # type: ignore[index]

    def _daily(self, uses: dict[tuple[int, int, int, int], Use]) -> None:
        joined: dict[tuple[Any, ...], Use] = {}
        for (principal, call, day, kind), use in uses.items():
            actor, region = self.total.everybody.principals[principal], self.total.calls[call].region
            key = (
                self._account(principal),
                date.fromordinal(day),
                *self._pair(principal, call),
                region,
                kind,
                actor.key,
            )
            _join(joined, key, use)
        upsert(
            UsageDaily,
            ("account_id", "day", "principal_id", "event_id", "region", "session_kind", "key"),
            ("n", "denied", "failed", "first_at", "last_at"),
            ((*key, u.n, u.denied, u.failed, u.first_at, u.last_at) for key, u in joined.items()),
        )

    def _last(self, uses: dict[tuple[int, int, int, int], Use]) -> None:
        joined: dict[tuple[Any, ...], Use] = {}
        for (principal, call, _, _), use in uses.items():
            _join(joined, (*self._pair(principal, call), self._account(principal)), use)
        upsert(
            UsageLast,
            ("principal_id", "event_id"),
            ("account_id", "n", "denied", "failed", "first_at", "used_at", "denied_at", "resources_cut"),
            ((*key, u.n, u.denied, u.failed, u.first_at, u.used_at, u.denied_at, False) for key, u in joined.items()),
        )

    def _resources(self) -> None:
        pairs: dict[Pair, tuple[int, Named]] = {}
        for (principal, call), named in self.total.resources.items():
            account = self._account(principal)
            if account is not None:
                pairs.setdefault(self._pair(principal, call), (account, Named()))[1].take(named)
        upsert(
            UsageResource,
            ("principal_id", "event_id", "resource"),
            ("account_id", "n", "denied", "first_at", "last_at"),
            (
                (*pair, resource, account, u.n, u.denied, u.first_at, u.last_at)
                for pair, (account, named) in pairs.items()
                for resource, u in named.uses.items()
            ),
        )
        keep_smallest(sorted(pairs), sorted(pair for pair, (_, named) in pairs.items() if named.cut))

    def _sessions(self) -> None:
        found: dict[SessionKey, tuple[int, Evidence]] = {}
        for who, day, seen in self.total.sessions():
            if who.principal.account in self.accounts:
                account = self.accounts[who.principal.account]
                found[self.principals[who.principal.at], day, who.name, who.principal.key] = account, seen
        before = stored(UsageSession, found, SESSION)
        upsert(
            UsageSession,
            SESSION,
            ("account_id", "first_at", "last_at", "n", "denied", "sign_in", "data"),
            (_session(key, *found[key], before.get(key)) for key in found),
            replace=True,
        )

    def _assumptions(self) -> None:
        found: dict[tuple[int, str, date], tuple[Edge, Count]] = {}
        for edge, count in self.total.edges.items():
            if edge.account in self.accounts:
                digest = records.digest([str(part) for part in edge])
                found[self.accounts[edge.account], digest, edge.day] = edge, count
        before = stored(UsageAssumption, found, ASSUMPTION)
        upsert(
            UsageAssumption,
            ASSUMPTION,
            tuple(name for name in records.Assumption.__struct_fields__ if name not in ASSUMPTION),
            (_assumption(key, *found[key], before.get(key)) for key in found),
            replace=True,
        )

    def _admin(self) -> None:
        for aws_id, day, kept in self.total.admin():
            if account := self.accounts.get(aws_id):
                self.cut[account] += kept.cut + _keep(account, day, list(kept.events.values()))


def _keep(account: int, day: date, events: list[records.AdminEvent]) -> int:
    """Write administrative calls of a day, those that are not there; returns how many were dropped for the limit."""
    AdminEvent.objects.bulk_create(
        [AdminEvent(account_id=account, **_columns(event)) for event in events], 1_000, ignore_conflicts=True
    )
    begin = datetime.combine(day, time(), UTC)
    there = AdminEvent.objects.filter(account=account, at__gte=begin, at__lt=begin + timedelta(days=1))
    if there.count() <= admin.MOST:
        return 0
    left = admin.dropped(there.only("pk", "source", "name", "denied", "error", "event_id"))
    there.filter(pk__in=[row.pk for row in left]).delete()
    return len(left)


def _columns(event: records.AdminEvent) -> dict[str, Any]:
    plain = {name: getattr(event, name) for name in event.__struct_fields__ if name != "account_id"}
    return plain | {"actor": event.actor.value}


def _identity(one: Principal, accounts: dict[str, int]) -> tuple[int, str, str]:
    return accounts[one.account], one.unique_id, one.actor.value


def _join(joined: dict[tuple[Any, ...], Use], key: tuple[Any, ...], use: Use) -> None:
    if key not in joined:
        joined[key] = Use(use.first_at)
    joined[key].join(use)


def _session(key: SessionKey, account: int, seen: Evidence, old: UsageSession | None) -> tuple[Any, ...]:
    """Its row, with what was there before."""
    use = seen.use
    if old:
        seen.merge(old.data)
        seen.signed_in(SignIn(old.sign_in))
        use = _together(use, old)
    times = (use.first_at, use.last_at, use.n, use.denied) if use else (None, None, 0, 0)
    return *key, account, *times, seen.sign_in.value, msgspec.json.encode(seen.plain()).decode()


def _together(use: Use | None, old: UsageSession) -> Use | None:
    if old.first_at is None:
        return use
    before = Use(old.first_at)
    before.n, before.denied, before.used_at = old.n, old.denied, old.last_at
    if use:
        before.join(use)
    return before


def _assumption(key: tuple[int, str, date], edge: Edge, count: Count, old: UsageAssumption | None) -> tuple[Any, ...]:
    """As for _session()."""
    if old:
        count.n, count.denied, count.paired = count.n + old.n, count.denied + old.denied, count.paired + old.paired
        count.role_id = max(count.role_id, old.role_id)
        count.caller_account = max(count.caller_account, old.caller_account)
    one = lineage.record(edge, count)
    return *key, *(getattr(one, name) for name in one.__struct_fields__ if name not in ASSUMPTION)
