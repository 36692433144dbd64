"""Rows -> records: one account's inventory as the judgement reads it."""

from __future__ import annotations

from datetime import datetime

from collectors import records
from collectors.models.account import Account
from collectors.models.activity_view import read_activity
from collectors.models.analyzer_view import ANALYZER_KINDS, analyzer_view
from collectors.models.before import read_before
from collectors.models.coverage import Coverage
from collectors.models.credential import AccessKey
from collectors.models.identity_center_view import CENTER_KINDS, center_view
from collectors.models.inventory import KINDS
from collectors.models.organization_view import ORGANIZATION_KINDS, organization_view
from collectors.models.policy import Document
from collectors.models.policy_changes import policy_changes
from collectors.models.recording_view import read_recordings
from collectors.models.trails_view import trails_view


def read_snapshot(account: Account, as_of: datetime) -> records.Snapshot:
    """What is known of the account now. The caller's transaction decides how consistent it is (REPEATABLE READ)."""
    others = CENTER_KINDS.union(ORGANIZATION_KINDS, ANALYZER_KINDS)
    parts = {kind.field: kind.present(account) for kind in KINDS if kind.field not in others}
    for name in ("details", "buckets"):
        parts[name] = tuple(one.lately(as_of) for one in parts[name])
    parts |= trails_view(account, parts["trails"], parts["alarms"])
    organization = organization_view(account, parts["details"])
    documents = dict(Document.objects.filter(account=account).values_list("digest", "body"))
    return records.Snapshot(
        account_id=account.aws_id,
        partition=account.partition,
        name=account.name,
        as_of=as_of,
        documents=organization.pop("documents", {}) | documents,
        coverage=tuple(c.as_record for c in Coverage.objects.filter(account=account).order_by("api", "region")),
        key_since=dict(AccessKey.present.filter(account=account).values_list("unique_id", "seen_from")),
        changed_at=policy_changes(account, as_of),
        before=read_before(account, as_of),
        recordings=read_recordings(account, as_of),
        connected=tuple(Account.objects.order_by("aws_id").values_list("aws_id", flat=True)),
        **parts,
        **organization,
        **center_view(account, as_of),
        **analyzer_view(account, parts["details"], organization),
        **read_activity(account, as_of),
    )
