"""What is known of the tags of an organization's accounts before AWS is asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models.functions import Now

from collectors.models.account import Account
from collectors.models.organization import OrganizationAccount


@dataclass(frozen=True)
class Tagging:
    """When an account's tags were last read, by its id, and what they were. They are renewed after `renew`, and too old after
    `keep`. first: accounts of a run that were never read, None: all; limit: others."""

    now: datetime
    read: Mapping[str, datetime] = field(default_factory=dict)
    tags: Mapping[str, dict[str, str]] = field(default_factory=dict)
    renew: timedelta = timedelta(days=1)
    keep: timedelta = timedelta(days=7)
    first: int | None = None
    limit: int = 250

    def stale(self, account_id: str) -> bool:
        read_at = self.read.get(account_id)
        return read_at is None or read_at < self.now - self.keep


def tagging(account_id: str) -> Tagging:
    """account_id: of the account that asks. An account that left and came back is new."""
    account = Account.objects.annotate(now=Now()).get(aws_id=account_id)
    rows = OrganizationAccount.present.filter(account=account).exclude(tags_at=None)
    found = list(rows.values_list("unique_id", "tags_at", "data"))
    return Tagging(
        account.now, {one: at for one, at, _ in found}, {one: data.get("tags", {}) for one, _, data in found}
    )
