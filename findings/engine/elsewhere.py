"""What other accounts tell of who stands behind the callers of one: their assumptions, hop by hop, and their roles and users.

The worker reads all of it, for verdicts; a page reads by the same functions what its operator may see, for names
(docs/decisions/0009). An account without foreign callers costs no query.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, CharField, F, Q, Sum, Value, When

from collectors import records
from collectors.activity.lineage import owner
from collectors.models import Account, Principal, UsageAssumption
from collectors.models.activity_view import DAYS
from findings.analysis.activity.callers import NOTHING, Elsewhere, Foreigner
from findings.analysis.activity.lineage import MOST_HOPS
from findings.analysis.kinds import Confidence, Kind
from findings.analysis.trust.people import RESERVED

MOST = 20_000  # callers by role and day that are read for a hop
# Whose permission set it was is told by the names of its sessions; those of other roles are without end and say nothing here.
NAMED = Case(
    When(role_arn__contains=RESERVED, then=F("session_name")), default=Value(""), output_field=CharField(max_length=128)
)


@dataclass
class Callers:
    """Roles and users of other accounts, by unique id, or by name where only an ARN was told; and these accounts' ids."""

    ids: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.ids or self.names)

    def add(self, caller: str, unique_id: str, account: str) -> None:
        """caller: its ARN, or "". What is no role or user, such as a service, is nobody's caller to follow."""
        account = account or owner(caller)
        if unique_id and account:
            self.ids.add(unique_id)
            self.accounts.add(account)
        elif ":role/" in caller or ":user/" in caller or ":assumed-role/" in caller:
            self.names.add(caller.split("/")[1] if ":assumed-role/" in caller else caller.rpartition("/")[2])
            self.accounts.add(account)


def behind(account: Account, snapshot: records.Snapshot) -> Elsewhere:
    """For a judgement. Inside the transaction that read the snapshot."""
    oldest = (snapshot.as_of - timedelta(days=DAYS)).date()
    return read(_foreign(snapshot), oldest, snapshot.as_of.date(), leave=account)


def _foreign(snapshot: records.Snapshot) -> Callers:
    found, own = Callers(), {one.unique_id for one in (*snapshot.roles, *snapshot.users)}
    told = {(one.caller, one.caller_id, one.caller_account) for one in snapshot.assumptions}
    told |= {(arn, "", "") for one in snapshot.sessions for arn in (one.caller, one.switched_from) if arn}
    for caller, unique_id, account in told:
        if unique_id not in own and snapshot.account_id not in (owner(caller), account):
            found.add(caller, unique_id, account)
    return found


def read(callers: Callers, oldest: date, newest: date, leave: Account | None = None) -> Elsewhere:
    """oldest, newest: days of assumptions. leave: the account whose own are known already. At most MOST_HOPS + 2 queries."""
    if not callers:
        return NOTHING
    ids = callers.ids | _ids(callers)
    accounts, rows = set(callers.accounts), list[records.Assumption]()
    seen, new = set[str](), ids
    for _ in range(MOST_HOPS):
        if not new:
            break
        found = list(_assumptions(new, (oldest, newest), leave))
        rows += found
        seen |= new
        new = {one.caller_id for one in found if one.caller_id} - seen
        accounts |= {one.caller_account for one in found if one.caller_account}
    return Elsewhere(tuple(rows), _known(seen | new, accounts))


def _ids(callers: Callers) -> set[str]:
    """Of those known by name. One of that name in another of the accounts does no harm: nobody asks for it."""
    if not callers.names:
        return set()
    rows: Any = Principal.present.filter(account__aws_id__in=callers.accounts, name__in=callers.names)
    return set(rows.values_list("unique_id", flat=True))


def _assumptions(roles: set[str], days: tuple[date, date], leave: Account | None) -> Iterator[records.Assumption]:
    """Who assumed the roles, a row a caller and day; the newest, and of the last day that is read all or nothing: half a day's
    callers may look like people only."""
    rows = UsageAssumption.objects.filter(role_id__in=roles, day__range=days, n__gt=F("denied")).order_by()
    rows = rows.exclude(account=leave) if leave else rows
    keys = ("role_id", "role_arn", "caller", "caller_id", "caller_account", "event", "day")
    counted: Any = rows.values(*keys).annotate(named=NAMED, times=Sum(F("n") - F("denied")))
    found = list(counted.order_by("-day")[: MOST + 1])
    last = found[-1]["day"] if len(found) > MOST else None
    for row in found:
        if row["day"] != last:
            told = {"session_name": row.pop("named"), "n": row.pop("times"), **row}
            yield records.Assumption(account_id=owner(row["role_arn"]), **told)


def _known(ids: Iterable[str], accounts: set[str]) -> dict[str, Foreigner]:
    rows: Any = Principal.objects.filter(Q(account__aws_id__in=accounts), unique_id__in=set(ids))
    told = rows.values_list("unique_id", "arn", "posture__kind", "posture__confidence")
    return {
        unique_id: Foreigner(arn, Kind(kind) if kind else None, Confidence(confidence or Confidence.LOW))
        for unique_id, arn, kind, confidence in told
    }
