"""Names for permission sets and their assignments, which the timeline keeps by ARN: calls and collections name them so."""

from __future__ import annotations

import re
from collections.abc import Iterable

from collectors.models import Account, PermissionSet
from findings.models import ChangedEntity

# A set's ARN; of an assignment with the account behind it (records.AccountAssignment).
NAMED = re.compile(r"(arn:[^:]+:sso:::permissionSet/[^/]+/(ps-[^/]+))(?:/(\d{12}))?")


def name(rows: Iterable[ChangedEntity]) -> None:
    """Give rows that are named so the set's name, "Developer in web-prod" for an assignment; what is not seen keeps its id."""
    found = [(row, told) for row in rows if (told := NAMED.fullmatch(row.name))]
    if not found:
        return
    arns = {told[1] for _, told in found}
    sets = dict(PermissionSet.objects.filter(unique_id__in=arns).values_list("unique_id", "data__name"))
    ids = {told[3] for _, told in found if told[3]}
    accounts = dict(Account.objects.filter(aws_id__in=ids).values_list("aws_id", "name"))
    for row, told in found:
        arn, short, account = told.groups()
        where = f" in {accounts.get(account) or account}" if account else ""
        row.name = f"{sets.get(arn) or short}{where}"
