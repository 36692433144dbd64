"""The daily rollup (DESIGN 11): one day's rows of one account, made again by each judgement of that day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count

from collectors.models import Account
from findings.engine.stored import Known
from findings.models import DailyCount, Finding, FindingEvent

BATCH = 500
COLUMNS = ("n_open", "n_accepted", "n_opened", "n_resolved")
OF_EVENT = {
    FindingEvent.Kind.OPENED: "n_opened",
    FindingEvent.Kind.REOPENED: "n_opened",
    FindingEvent.Kind.RESOLVED: "n_resolved",
}
Key = tuple[str, int]  # practice, severity


def write(account: Account, as_of: datetime, findings: Iterable[Known]) -> None:
    """findings: the account's, as they now are. Inside the judgement's transaction; only differences are written."""
    day = as_of.astimezone(UTC).date()
    wanted = _counts(account, day, findings)
    stored = {(row.practice, row.severity): row for row in DailyCount.objects.filter(account=account, day=day)}
    new = [
        DailyCount(account=account, day=day, practice=key[0], severity=key[1], **numbers)
        for key, numbers in sorted(wanted.items())
        if key not in stored
    ]
    changed = []
    for key in sorted(wanted.keys() & stored.keys()):
        row, before = stored[key], {name: getattr(stored[key], name) for name in COLUMNS}
        if before != wanted[key]:
            for name, n in wanted[key].items():
                setattr(row, name, n)
            changed.append(row)
    if gone := [row.pk for key, row in stored.items() if key not in wanted]:
        DailyCount.objects.filter(pk__in=gone).delete()
    DailyCount.objects.bulk_create(new, BATCH)
    DailyCount.objects.bulk_update(changed, COLUMNS, BATCH)


def _counts(account: Account, day: date, findings: Iterable[Known]) -> Mapping[Key, dict[str, int]]:
    """(practice, severity) -> COLUMNS, where one of them is not 0."""
    counts: defaultdict[Key, Counter[str]] = defaultdict(Counter)
    for finding in findings:
        if finding.resolved_at is None:
            counts[finding.practice, finding.severity]["n_open"] += 1
            counts[finding.practice, finding.severity]["n_accepted"] += finding.status == Finding.Status.ACCEPTED
    begin = datetime.combine(day, time.min, UTC)
    events = FindingEvent.objects.filter(account=account, at__gte=begin, at__lt=begin + timedelta(days=1))
    rows = events.filter(kind__in=OF_EVENT).values_list("finding__practice", "finding__severity", "kind")
    for practice, severity, kind, n in rows.annotate(n=Count("*")):
        counts[practice, severity][OF_EVENT[FindingEvent.Kind(kind)]] += n
    return {key: {name: numbers[name] for name in COLUMNS} for key, numbers in counts.items()}
