"""The daily rollup as the events tell it: the other way to the same numbers."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from collectors.models import Account
from findings.models import DailyCount, Finding, FindingEvent

Numbers = tuple[int, int, int]  # open, opened, resolved
STARTS, ENDS = {"opened", "reopened"}, {"resolved"}


def stored(account: Account) -> dict[tuple[date, str, int], Numbers]:
    rows = DailyCount.objects.filter(account=account)
    return {(r.day, r.practice, r.severity): (r.n_open, r.n_opened, r.n_resolved) for r in rows}


def intervals(account: Account) -> dict[int, list[tuple[datetime, datetime | None]]]:
    """Finding -> its intervals, oldest first. Asserts that they alternate, go forward and end as the finding's row says."""
    found: dict[int, list[Any]] = {}
    for event in FindingEvent.objects.filter(account=account, kind__in=STARTS | ENDS).order_by("at", "id"):
        mine = found.setdefault(event.finding_id, [])
        if event.kind in STARTS:
            assert not mine or mine[-1][1] is not None
            assert not mine or mine[-1][1] <= event.at
            mine.append((event.at, None))
        else:
            assert mine[-1][1] is None
            assert mine[-1][0] <= event.at
            mine[-1] = (mine[-1][0], event.at)
    for finding in Finding.objects.filter(account=account):
        mine = found[finding.pk]
        assert (finding.opened_at, finding.resolved_at) == mine[-1]
        assert finding.first_opened_at == mine[0][0]
        assert finding.reopened == len(mine) - 1
    assert len(found) == Finding.objects.filter(account=account).count()
    return found


def severities(account: Account) -> dict[int, list[tuple[datetime, int]]]:
    """Finding -> its severity from when on, oldest first."""
    found: dict[int, list[tuple[datetime, int]]] = {}
    events = FindingEvent.objects.filter(account=account, kind__in=STARTS | {"severity"}).order_by("at", "id")
    for event in events:
        severity = event.detail["to" if event.kind == "severity" else "severity"]
        found.setdefault(event.finding_id, []).append((event.at, severity))
    return found


def expected(account: Account, judged: set[date]) -> dict[tuple[date, str, int], Numbers]:
    practices, known = dict(Finding.objects.values_list("pk", "practice")), severities(account)
    counts = {day: (Counter[Any](), Counter[Any](), Counter[Any]()) for day in judged}
    for pk, spans in intervals(account).items():
        for day, (n_open, opened, resolved) in counts.items():
            midnight = datetime.combine(day, time.min, UTC) + timedelta(days=1)
            key = practices[pk], next((s for at, s in reversed(known[pk]) if at < midnight), 0)
            n_open[key] += sum(begin < midnight and (end is None or end >= midnight) for begin, end in spans)
            opened[key] += sum(begin.date() == day for begin, _ in spans)
            resolved[key] += sum(end is not None and end.date() == day for _, end in spans)
    return {
        (day, *key): (n_open[key], opened[key], resolved[key])
        for day, (n_open, opened, resolved) in counts.items()
        for key in set(n_open) | set(opened) | set(resolved)
        if n_open[key] or opened[key] or resolved[key]
    }
