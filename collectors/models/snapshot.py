"""Rows -> records: one account's inventory as the judgement reads it."""

from __future__ import annotations

from datetime import datetime

from collectors import records
from collectors.models.account import Account
from collectors.models.coverage import Coverage
from collectors.models.credential import AccessKey
from collectors.models.inventory import KINDS
from collectors.models.policy import Document


def read_snapshot(account: Account, as_of: datetime) -> records.Snapshot:
    """What is known of the account now. The caller's transaction decides how consistent it is (REPEATABLE READ)."""
    parts = {kind.field: kind.present(account) for kind in KINDS}
    return records.Snapshot(
        account_id=account.aws_id,
        partition=account.partition,
        name=account.name,
        as_of=as_of,
        documents=dict(Document.objects.filter(account=account).values_list("digest", "body")),
        coverage=tuple(c.as_record for c in Coverage.objects.filter(account=account).order_by("api", "region")),
        key_since=dict(AccessKey.present.filter(account=account).values_list("unique_id", "seen_from")),
        **parts,
    )
