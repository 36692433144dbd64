"""What other accounts know of the trails that record an account: its organization's trail, and who is alarmed by it."""

from __future__ import annotations

from typing import Any

from django.db.models import F

from collectors import records
from collectors.models.account import Account
from collectors.models.coverage import Coverage
from collectors.models.trails import Alarm, Trail

APIS = (
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetTrailStatus",
    "cloudtrail:GetEventSelectors",
    "logs:DescribeMetricFilters",
    "cloudwatch:DescribeAlarms",
    "sns:ListSubscriptionsByTopic",
    "events:ListRules",
    "events:ListTargetsByRule",
)


def trails_view(account: Account, own: tuple[records.Trail, ...], alarms: tuple[records.Alarm, ...]) -> dict[str, Any]:
    """Fields of a Snapshot. own, alarms: the account's."""
    owners = {trail.owner for trail in own} - {account.aws_id}
    accounts = dict(Account.objects.filter(aws_id__in=owners).values_list("pk", "aws_id")) if owners else {}
    if not accounts:
        return {"alarms": alarms}
    same = Trail.present.filter(unique_id__in=[trail.unique_id for trail in own], owner=F("account__aws_id"))
    theirs = tuple(row.as_record for row in same.exclude(account=account).order_by("unique_id"))
    groups = {trail.log_group for trail in (*own, *theirs)} - {""}
    filters = Alarm.present.filter(account__in=accounts, data__log_group__in=sorted(groups)).order_by("unique_id")
    return {
        "trails_elsewhere": theirs,
        "alarms": alarms + tuple(row.as_record for row in filters if row.as_record not in alarms),
        "trail_coverage": _coverage(accounts),
    }


def _coverage(accounts: dict[int, str]) -> dict[str, tuple[records.Coverage, ...]]:
    found: dict[str, tuple[records.Coverage, ...]] = {}
    rows = Coverage.objects.filter(account__in=accounts, api__in=APIS).order_by("account", "api", "region")
    for row in rows:
        aws_id = accounts[row.account_id]
        found[aws_id] = (*found.get(aws_id, ()), row.as_record)
    return found


def watched(account: Account) -> set[int]:
    """Primary keys of other accounts that see a trail of this one."""
    return set(Trail.present.filter(owner=account.aws_id).exclude(account=account).values_list("account", flat=True))
