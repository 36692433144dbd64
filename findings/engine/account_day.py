"""The account's day: its totals and its score, made again by each judgement of the day; and the intervals that ended with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count

from collectors.models import Account
from findings.engine.stored import Known
from findings.models import AccountDay, EndedInterval, Finding, FindingEvent
from findings.rules.judgement import Judgement
from findings.score import Fault, score
from findings.vocabulary import Severity

BATCH = 500
HOUR = timedelta(hours=1)
Kind = FindingEvent.Kind


def write(account: Account, as_of: datetime, judged: Judgement, findings: Iterable[Known]) -> None:
    """findings: the account's, as they now are. Inside the judgement's transaction; only differences are written."""
    day, kept = as_of.astimezone(UTC).date(), list(findings)
    before = AccountDay.objects.filter(account=account, day__lt=day).order_by("-day").first()
    wanted: dict[str, Any] = {
        "gap": (day - before.day).days if before else 0,
        **_open(kept),
        **_moved(account, day),
        **_score(account, day, judged, kept),
    }
    row = AccountDay.objects.filter(account=account, day=day).first()
    if row is None or any(getattr(row, name) != value for name, value in wanted.items()):
        AccountDay.objects.update_or_create(account=account, day=day, defaults=wanted)


def write_ended(account: Account, as_of: datetime, findings: Iterable[Known]) -> None:
    """Keep the intervals that this judgement ended. Told again, they are what they were."""
    ended = [
        EndedInterval(
            account=account,
            finding=one,
            code=one.code,
            severity=one.severity,
            opened_at=one.opened_at,
            resolved_at=as_of,
            why=one.resolved_why,
            again=one.reopened > 0,
            hours=(as_of - one.opened_at) // HOUR,
        )
        for one in findings
        if isinstance(one, Finding) and one.resolved_at == as_of
    ]
    EndedInterval.objects.bulk_create(ended, BATCH, ignore_conflicts=True)


def _open(findings: Iterable[Known]) -> dict[str, int]:
    counts = Counter(one.severity for one in findings if one.resolved_at is None)
    return {severity.slug: counts[severity] for severity in Severity}


def _moved(account: Account, day: date) -> dict[str, int]:
    begin = datetime.combine(day, time.min, UTC)
    events = FindingEvent.objects.filter(account=account, at__gte=begin, at__lt=begin + timedelta(days=1))
    some = events.filter(kind__in=(Kind.OPENED, Kind.REOPENED, Kind.RESOLVED))
    n = Counter(dict(some.values_list("kind").annotate(n=Count("*"))))
    reopened = n[Kind.REOPENED]
    return {"n_opened": n[Kind.OPENED] + reopened, "n_reopened": reopened, "n_resolved": n[Kind.RESOLVED]}


def _score(account: Account, day: date, judged: Judgement, findings: Iterable[Known]) -> dict[str, Any]:
    found = score(judged, faults(findings))
    lost = {code: list(one) for code, one in found.lost.items()}
    steps = AccountDay.objects.filter(account=account, day__lt=day, lost__isnull=False)
    before = steps.order_by("-day").values_list("lost", flat=True).first()
    return {
        "score": found.value,
        "decided": found.decided,
        "unknown": found.unknown,
        "rules": found.rules,
        "lost": None if lost == before else lost,
    }


def faults(findings: Iterable[Known]) -> Iterator[Fault]:
    """A subject counts as accepted when nothing that the rule says of it is open."""
    accepted: dict[tuple[str, str], bool] = {}
    for one in findings:
        if one.resolved_at is None:
            key = one.code, one.subject_id
            accepted[key] = accepted.get(key, True) and one.status == Finding.Status.ACCEPTED
    return (Fault(*key, all_of_them) for key, all_of_them in sorted(accepted.items()))
