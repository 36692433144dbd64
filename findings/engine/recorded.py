"""What is recorded in each region, for the pages, and which buckets the settings mark, for the next collection; only differences
are written."""

from __future__ import annotations

from typing import Any

from collectors import records
from collectors.models import Account, WatchedBucket
from findings.analysis.buckets import sensitive
from findings.analysis.coverage_matrix import Row, rows
from findings.analysis.facts import Facts
from findings.models import RecordedRegion

LONGEST = 32  # of a region's name


def write(account: Account, facts: Facts) -> None:
    """Inside the caller's transaction."""
    wanted = {row.region[:LONGEST]: _columns(row) for row in rows(facts)}
    stored = dict(RecordedRegion.objects.filter(account=account).values_list("region", "digest"))
    if gone := stored.keys() - wanted.keys():
        RecordedRegion.objects.filter(account=account, region__in=gone).delete()
    changed = {region: row for region, row in wanted.items() if stored.get(region) != row["digest"]}
    if changed:
        RecordedRegion.objects.bulk_create(
            [RecordedRegion(account=account, region=region, **row) for region, row in sorted(changed.items())],
            update_conflicts=True,
            unique_fields=["account", "region"],
            update_fields=list(next(iter(changed.values()))),
        )


def _columns(row: Row) -> dict[str, Any]:
    told = {
        "in_use": row.in_use,
        "gap": row.gap,
        "words": {log.value: cell.words for log, cell in row.cells.items()},
        **{log.value: cell.state.value for log, cell in row.cells.items()},
    }
    return {**told, "digest": records.digest(told)}


def watch(account: Account, facts: Facts) -> None:
    """More is read of sensitive buckets; the collection learns of them from here."""
    wanted = {bucket.name for bucket in sensitive(facts)}
    stored = set(WatchedBucket.objects.filter(account=account).values_list("name", flat=True))
    if gone := stored - wanted:
        WatchedBucket.objects.filter(account=account, name__in=gone).delete()
    WatchedBucket.objects.bulk_create(WatchedBucket(account=account, name=name) for name in sorted(wanted - stored))
