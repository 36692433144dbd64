"""Where accounts stand in their organization and in operators' groups, stored for the pages, and read in one pass for all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache

from django.contrib.postgres.aggregates import JSONBAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Func, JSONField, OuterRef, TextField
from django.db.models.functions import Cast

from collectors import records
from collectors.models import Account
from findings.analysis.owners import Owning
from findings.analysis.places import NOT_JUDGED, Group, Groups, Place, Scope, Standing, places_of
from findings.models import AccountGroup, AccountOwner, AccountPlace, GroupMember
from findings.models.decided import STANDS

FIELDS = ("ous", "names", "tags", "unknown", "told_by")
# All rows as one text: they hardly ever change, and whoever asks with each page need not take them apart again.
_COLUMNS = ("account", "account__aws_id", "ous", "names", "tags", "unknown")
_ROWS = Func(*_COLUMNS, function="json_build_array", output_field=JSONField())
_AS_TEXT = Cast(JSONBAgg(_ROWS, function="json_agg"), TextField())  # jsonb would be taken apart and written again


def follow(account: Account, snapshot: records.Snapshot) -> None:
    """Store where the account stands, and where all members do that it listed. Inside the caller's transaction.

    A member's own judgement knows best: of two organizations that list it, the one that it was judged by stays.
    """
    found = {place.aws_id: place for place in places_of(snapshot)}
    own = account.aws_id if snapshot.organizational_units else ""
    told_by = snapshot.organization_seen_by or own
    rows = []
    for one in Account.objects.filter(aws_id__in=found).select_related("accountplace").order_by("pk"):
        row, was = _row(one.pk, found[one.aws_id], told_by), getattr(one, "accountplace", None)
        if one.pk != account.pk and was is not None and was.told_by not in ("", told_by):
            continue
        if was is None or any(getattr(row, name) != getattr(was, name) for name in FIELDS):
            rows.append(row)
    if rows:
        AccountPlace.objects.bulk_create(rows, update_conflicts=True, unique_fields=["account"], update_fields=FIELDS)


def _row(pk: int, place: Place, told_by: str) -> AccountPlace:
    return AccountPlace(
        account_id=pk,
        ous=list(place.ous),
        names=[name for _, name in place.path],
        tags=place.tags,
        unknown=place.unknown,
        told_by=told_by,
    )


def standings(
    accounts: Iterable[Account] | None = None,
    places: Mapping[int, Place] | None = None,
    all_groups: list[Group] | None = None,
) -> dict[int, Standing]:
    """By account's key. accounts None: all that may be seen; places: those that are known better; all_groups: as of `groups`.

    Up to three queries.
    """
    if accounts is None:
        ids = dict(Account.objects.values_list("pk", "aws_id"))
        stored = AccountPlace.objects.all()
    else:
        ids = {account.pk: account.aws_id for account in accounts}
        missing = ids.keys() - (places or {}).keys()
        stored = AccountPlace.objects.filter(account__in=missing) if missing else AccountPlace.objects.none()
    text = stored.order_by().aggregate(text=_AS_TEXT)["text"] or "[]"
    known = {pk: place for pk, place in _places(text).items() if pk in ids} | dict(places or {})
    held = Groups(groups() if all_groups is None else all_groups)
    return {pk: held.standing(known.get(pk) or Place(aws_id, unknown=NOT_JUDGED)) for pk, aws_id in ids.items()}


@lru_cache(8)
def _places(text: str) -> Mapping[int, Place]:
    return {
        pk: Place(aws_id, tuple(zip(ous, names, strict=True)), *more)
        for pk, aws_id, ous, names, *more in json.loads(text)
    }


def groups() -> list[Group]:
    """Those that stand, by name, with the members by hand that may be seen. One query."""
    members = GroupMember.objects.filter(STANDS, group=OuterRef("key")).values_list("account__aws_id")
    rows = AccountGroup.objects.filter(STANDS).annotate(by_hand=ArraySubquery(members)).order_by("name")
    return [row.group(row.by_hand) for row in rows]


def owners() -> list[Owning]:
    """What stands of what was said about owners, as far as it may be seen. One query."""
    return [
        Owning(Scope(one.scope), one.account.aws_id if one.account else one.target, one.name, one.contact)
        for one in AccountOwner.objects.filter(STANDS).select_related("account")
    ]
