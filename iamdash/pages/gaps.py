"""Why something is not known, in the words that the rules use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import TypeAlias

from django.db.models import QuerySet

from collectors import records
from collectors.models import Account, Coverage
from findings.analysis.facts import Facts

DETAILS = "iam:GetAccountAuthorizationDetails"
REPORT = "iam:GetCredentialReport"
KEYS = "iam:ListAccessKeys"
TRAILS = "cloudtrail:DescribeTrails"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # gaps have no ages


def told(accounts: QuerySet[Account], api: str) -> str:
    """Why the API's answer is missing in some of the accounts, as the end of a sentence; "" when it is whole in all."""
    rows = dict(accounts.values_list("pk", "name"))
    gaps = Gaps(accounts, api)
    where: defaultdict[str, list[str]] = defaultdict(list)
    for pk, name in rows.items():
        if gap := gaps.of(pk, api):
            where[gap].append(name)
    if len(rows) == 1:
        return next(iter(where), "")
    return "; ".join(f"{gap} in {_some(names)}" for gap, names in where.items())


def of_list(accounts: QuerySet[Account], *apis: str) -> str:
    """Why answers that a list's rows come from are missing in these accounts. Two queries for each API."""
    return "; ".join(filter(None, (told(accounts, api) for api in apis)))


def _some(names: list[str]) -> str:
    return f"account {names[0]}" if len(names) == 1 else f"{len(names)} accounts"


Told: TypeAlias = tuple[str, ...]  # of a row of coverage what FIELDS say
FIELDS = ("api", "region", "state", "detail", "permission")


class Gaps:
    """of(account primary key, api): a sentence that says why the API's answer is missing, "" when it is whole. One query.

    Most accounts are told alike, so that few sentences are made for a thousand.
    """

    def __init__(self, accounts: Collection[int] | QuerySet[Account], *apis: str) -> None:
        rows: defaultdict[int, list[Told]] = defaultdict(list)
        asked = Coverage.objects.filter(api__in=apis)
        if not isinstance(accounts, QuerySet) or accounts.query.has_filters():  # else of all that the operator sees
            asked = asked.filter(account__in=accounts)
        for pk, *told in asked.values_list("account", *FIELDS):
            rows[pk].append(tuple(told))
        self._told = {pk: frozenset(one) for pk, one in rows.items()}
        self._said: dict[tuple[frozenset[Told], tuple[str, ...], tuple[str, ...]], str] = {}

    def of(self, account: int, api: str) -> str:
        return self._of(account, (api,), ())

    def of_any(self, account: int, apis: Iterable[str]) -> str:
        """Of APIs that can stand for each other: "" when one of them is whole."""
        return self._of(account, (), tuple(apis))

    def _of(self, account: int, needs: tuple[str, ...], any_of: tuple[str, ...]) -> str:
        key = self._told.get(account, frozenset()), needs, any_of
        if key not in self._said:
            self._said[key] = "; ".join(str(gap) for gap in _facts(key[0]).gaps(needs, any_of))
        return self._said[key]


def _facts(told: Iterable[Told]) -> Facts:
    rows = (dict(zip(FIELDS, one, strict=True)) for one in sorted(told))
    coverage = [
        records.Coverage(
            api=row["api"],
            region=row["region"],
            state=records.State(row["state"]),
            observed_at=_EPOCH,
            detail=row["detail"],
            permission=row["permission"],
        )
        for row in rows
    ]
    return Facts(records.Snapshot(account_id="", as_of=_EPOCH, coverage=tuple(coverage)))
