"""What is known of the credentials of an account's users before they are asked about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models.functions import Now

from collectors import records
from collectors.models.account import Account
from collectors.models.details import AccountDetails

LIMIT = 500  # users of a run: three questions each at IAM's rate end within the time that a task has


@dataclass(frozen=True)
class Plan:
    """known: what earlier runs read, None: nothing. limit: how many users a run asks about; None: all."""

    now: datetime
    known: records.AccountDetails | None = None
    limit: int | None = LIMIT


def plan(account_id: str, source: str) -> Plan:
    """account_id: of the account that asks. source: whose details they are."""
    account = Account.objects.annotate(now=Now()).get(aws_id=account_id)
    row = AccountDetails.present.filter(account=account, unique_id=source).first()
    return Plan(account.now, row.as_record if row else None)
