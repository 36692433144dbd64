"""The oracle itself: what it must not let pass, where it cannot compare row by row."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from collectors.models import Account
from findings.models import Finding, FindingEvent
from tests.conftest import AS_OF
from tests.faults.dump import dumped, told_for_nothing

pytestmark = pytest.mark.django_db
A, B, C = ({"title": f"Role is {word}", "evidence": {"n": word}} for word in "abc")


@pytest.mark.parametrize(
    ("events", "now", "told"),
    [
        ([("opened", {"severity": 3})], A, 0),
        ([("changed", A)], B, 0),
        ([("changed", A), ("changed", B)], A, 0),
        ([("changed", A), ("changed", B), ("changed", C)], A, 0),
        ([("changed", A), ("resolved", {}), ("reopened", {})], A, 0),  # the words may be as they once were
        ([("changed", A), ("severity", {"from": 2, "to": 3}), ("changed", B)], C, 0),
        ([("changed", A)], A, 1),
        ([("changed", A), ("changed", A)], B, 1),
        ([("changed", A), ("noted", {}), ("changed", A), ("changed", A)], B, 2),
    ],
)
def test_a_change_of_words_is_told_once(
    events: list[tuple[str, Any]], now: dict[str, Any], told: int, account: Account
) -> None:
    finding = Finding.objects.create(
        account=account, code="LP101", practice="LP", severity=3, subject_type="role", subject_id="AROA", subject_name="r",
        first_opened_at=AS_OF, opened_at=AS_OF, **now,
    )  # fmt: skip
    for kind, detail in events:
        FindingEvent.objects.create(account=account, finding=finding, at=AS_OF, kind=kind, detail=detail)
    with connection.cursor() as cursor:
        assert len(told_for_nothing(cursor)) == told
        kept = dumped(cursor, retold=False).get("findings_findingevent", {})
    assert sum(kept.values()) == sum(kind != "changed" for kind, _ in events)
