"""Identity Center as an account's judgement sees it, and what of it is to be read: its permission sets and assignments belong
to the account that may read them, and make roles in all others. Only the worker reads across accounts like this; pages have
findings.models.PermissionSetRole."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now

from collectors import records
from collectors.models.account import Account
from collectors.models.change import Version
from collectors.models.coverage import Coverage
from collectors.models.identity_center import AccountAssignment, CenterPrincipal, PermissionSet
from collectors.models.principal import Principal
from collectors.records import State
from collectors.records.identity_center import RESERVED_PATH

CENTER_KINDS = frozenset({"permission_sets", "account_assignments", "center_principals"})
SOURCE = "identity_center"
NEVER = datetime.min.replace(tzinfo=UTC)
Pair = tuple[str, str]  # ARN of a permission set, id of an account that has it


@dataclass(frozen=True)
class Plan:
    """What is known before Identity Center is asked. regions: where it may be, the likeliest first. pairs: what was read of
    each, sets: by ARN, groups: by id, both None for a bundle. A pair is read again after `renew`, and too old after `keep`.
    limit: permission sets of a run, and groups.
    """

    now: datetime
    regions: tuple[str, ...] = ()
    pairs: Mapping[Pair, records.AccountAssignment] = field(default_factory=dict)
    sets: Mapping[str, records.PermissionSet] | None = None
    groups: Mapping[str, records.CenterPrincipal] | None = None
    limit: int | None = None
    renew: timedelta = timedelta(days=1)
    keep: timedelta = timedelta(days=14)


def plan(account_id: str) -> Plan:
    """account_id: of the account that asks."""
    account = Account.objects.annotate(now=Now()).get(aws_id=account_id)
    rows = AccountAssignment.present.filter(account=account).values_list("data", "read_at")
    known = [records.from_json(records.AccountAssignment, data | {"read_at": at}) for data, at in rows]
    return Plan(
        now=account.now,
        regions=regions(),
        pairs={(one.permission_set, one.target): one for one in known},
        sets={row.unique_id: row.as_record for row in PermissionSet.present.filter(account=account)},
        groups={
            row.unique_id: row.as_record for row in CenterPrincipal.present.filter(account=account, data__group=True)
        },
    )


def regions() -> tuple[str, ...]:
    """Where roles of Identity Center, in any account, say that it is: their path names it, but for AWS's first region."""
    paths = Principal.present.filter(type=Principal.Type.ROLE, path__startswith=RESERVED_PATH).values_list(
        "path", flat=True
    )
    found = Counter(path.removeprefix(RESERVED_PATH).strip("/") or "us-east-1" for path in paths)
    return tuple(region for region, _ in found.most_common())


def forget_unprovisioned(account: Account, at: datetime) -> None:
    """A run reads some assignments only, so nothing else can sweep those of a set that an account no longer has."""
    sets = PermissionSet.present.filter(account=account).values_list("unique_id", "data__accounts")
    there = {f"{arn}/{target}" for arn, accounts in sets for target in accounts or ()}
    held = AccountAssignment.present.filter(account=account)
    if gone := set(held.values_list("unique_id", flat=True)) - there:
        held.filter(unique_id__in=gone).update(gone_at=at)
        ended = Version.objects.filter(account=account, kind="account_assignment", seen_to=None)
        ended.filter(unique_id__in=gone).update(seen_to=at)


def concerned(account: Account) -> set[int]:
    """Keys of the connected accounts that have a permission set of which this account told."""
    targets = AccountAssignment.objects.filter(account=account).values("target")
    sets = PermissionSet.objects.filter(account=account).values_list("data__accounts", flat=True)
    listed = {target for accounts in sets for target in accounts or ()}
    found = Account.objects.filter(Q(aws_id__in=targets) | Q(aws_id__in=listed))
    return set(found.values_list("pk", flat=True))


def center_view(account: Account, as_of: datetime) -> dict[str, Any]:
    """Identity Center's fields of the account's Snapshot: what concerns this account, of whoever read it whole and last."""
    sets = PermissionSet.present.filter(data__accounts__contains=[account.aws_id])
    assigned = AccountAssignment.present.filter(target=account.aws_id)
    tellers = {*sets.values_list("account", flat=True), *assigned.values_list("account", flat=True)}
    if not tellers or (teller := _best(tellers)) is None:
        return {}
    telling, coverage = teller
    pairs = tuple(records.from_json(records.AccountAssignment, data | {"read_at": at}) for data, at in
                  assigned.filter(account=telling).order_by("unique_id").values_list("data", "read_at"))  # fmt: skip
    arns = {pair.permission_set for pair in pairs}
    named = PermissionSet.present.filter(account=telling).filter(
        Q(unique_id__in=arns) | Q(data__accounts__contains=[account.aws_id])
    )
    return {
        "permission_sets": tuple(row.as_record.lately(as_of) for row in named.order_by("unique_id")),
        "account_assignments": pairs,
        "center_principals": _people(telling, {id_ for pair in pairs for id_ in (*pair.users, *pair.groups)}, as_of),
        "center_seen_by": telling.aws_id,
        "center_coverage": coverage,
    }


def _best(tellers: Iterable[int]) -> tuple[Account, tuple[records.Coverage, ...]] | None:
    """The one whose oldest answer is the newest, of those that may still ask."""
    rows = defaultdict(list)
    for row in Coverage.objects.filter(source=SOURCE, account__in=tellers).order_by("api"):
        rows[row.account_id].append(row.as_record)
    found = [
        (min((row.complete_at or NEVER for row in rows[account.pk]), default=NEVER), account.aws_id, account)
        for account in Account.objects.filter(pk__in=tellers)
        if all(row.state is not State.NOT_APPLICABLE for row in rows[account.pk])
    ]
    if not found:
        return None
    _, _, account = max(found, key=lambda one: one[:2])
    return account, tuple(rows[account.pk])


def _people(telling: Account, ids: Iterable[str], as_of: datetime) -> tuple[records.CenterPrincipal, ...]:
    """Those assigned, and the members of groups among them."""
    rows = CenterPrincipal.present.filter(account=telling)
    first = [row.as_record.lately(as_of) for row in rows.filter(unique_id__in=set(ids))]
    inside = {id_ for one in first for id_ in one.members or ()} - {one.unique_id for one in first}
    more = [row.as_record for row in rows.filter(unique_id__in=inside)] if inside else []
    return tuple(sorted((*first, *more), key=lambda one: one.unique_id))
