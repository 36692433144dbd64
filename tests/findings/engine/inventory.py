"""Puts records into the inventory as a collection would, and judges."""

from __future__ import annotations

from datetime import datetime

from collectors import models, records
from collectors.models.inventory import KINDS, store
from findings.analysis.facts import Settings
from findings.engine import judge_account
from findings.models import Finding, FindingEvent
from findings.rules import registry
from tests.builders import AS_OF, coverage, snapshot

# The engine is tried with these rules, so that a new one changes nothing here.
JUDGED = frozenset({"AB101", "HM107", "KY101", "KY102", "KY103", "KY104", "LP101", "LP103"})


def put(
    account: models.Account, *entities: records.Record, covered: tuple[records.Coverage, ...] | None = None
) -> None:
    """The account now holds these entities and no others."""
    held = snapshot(*entities)
    fields = [kind.field for kind in KINDS]
    part = records.Part(documents=held.documents, **{field: getattr(held, field) for field in fields})
    store(account, part, fields, AS_OF)
    cover(account, coverage() if covered is None else covered)


def cover(account: models.Account, covered: tuple[records.Coverage, ...]) -> None:
    models.Coverage.objects.filter(account=account).delete()
    models.Coverage.objects.bulk_create(
        models.Coverage(
            account=account,
            source="test",
            api=row.api,
            region=row.region,
            state=row.state,
            observed_at=row.observed_at,
            permission=row.permission,
        )
        for row in covered
    )


def judge(account: models.Account, at: datetime = AS_OF) -> dict[str, int]:
    counts = judge_account(account.pk, at, Settings(off=frozenset(registry.catalogue()) - JUDGED))
    assert counts is not None
    return counts


def shown(account: models.Account) -> dict[tuple[str, str], str]:
    """(code, subject name) -> status."""
    return {(f.code, f.subject_name): f.status for f in Finding.objects.filter(account=account)}


def told(account: models.Account) -> list[str]:
    """Events in order, as "CODE kind"."""
    events = FindingEvent.objects.filter(account=account).select_related("finding").order_by("id")
    return [f"{event.finding.code} {event.kind}" for event in events]
