"""MO116: what is known of the account is itself old."""

from __future__ import annotations

from datetime import datetime

import pytest

from collectors.records import Coverage, State
from findings.analysis.facts import Settings
from tests.builders import ago
from tests.findings.rules.judging import statuses, verdicts

HOUR = 1 / 24
SIX = Settings(collect_every_hours=6)
SUMMARY, REPORT = "iam:GetAccountSummary", "iam:GetCredentialReport"


def row(state: State, observed: float, whole: float | None = None, api: str = SUMMARY) -> Coverage:
    """observed, whole: hours ago."""
    complete: datetime | None = None if whole is None else ago(whole * HOUR)
    return Coverage(api=api, state=state, observed_at=ago(observed * HOUR), complete_at=complete, permission=api)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (row(State.COMPLETE, 12), "clear"),
        (row(State.COMPLETE, 15, api=REPORT), "clear"),
        (row(State.PARTIAL, 1, 11), "clear"),
        (row(State.PARTIAL, 1), "clear"),
        (row(State.PARTIAL, 1, 400), "unknown"),
        (row(State.ERROR, 1, 11), "clear"),
        (row(State.COMPLETE, 13), "open"),
        (row(State.COMPLETE, 17, api=REPORT), "open"),
        (row(State.PARTIAL, 13), "open"),
        (row(State.THROTTLED, 1, 13), "open"),
        (row(State.DENIED, 1, 2), "open"),
        (row(State.BLOCKED_BY_SCP, 1, 2), "open"),
        (row(State.DENIED, 1), "unknown"),
        (row(State.ERROR, 1), "unknown"),
        (row(State.NOT_APPLICABLE, 900), "unknown"),
    ],
)
def test_status(given: Coverage, expected: str) -> None:
    assert statuses("MO116", coverage=(given,), settings=SIX) == [expected]


def test_the_schedule_is_a_setting() -> None:
    given = (row(State.COMPLETE, 40),)
    assert statuses("MO116", coverage=given, settings=Settings(collect_every_hours=24)) == ["clear"]
    assert statuses("MO116", coverage=given, settings=Settings(collect_every_hours=6, seldom={SUMMARY: 4})) == ["clear"]
    assert statuses("MO116", coverage=given, settings=Settings(collect_every_hours=6, seldom={REPORT: 4})) == ["open"]


def test_what_is_on_no_schedule_is_not_judged() -> None:
    assert statuses("MO116", coverage=(row(State.COMPLETE, 900),)) == []


def test_a_permission_that_was_never_there_is_not_lost() -> None:
    never, fresh = row(State.DENIED, 1), row(State.COMPLETE, 1, api=REPORT)
    assert statuses("MO116", coverage=(never, fresh), settings=SIX) == ["clear"]


def test_the_words_say_what_was_lost_and_what_is_old() -> None:
    rows = (
        row(State.DENIED, 1, 30, api=REPORT),
        row(State.ERROR, 1, 72),
        row(State.ERROR, 1, 48, api="iam:ListSAMLProviders"),
    )
    (verdict,) = verdicts("MO116", coverage=rows, settings=SIX)
    assert verdict.title == (
        "What is known of payments-prod is out of date: the collector lost iam:GetCredentialReport and "
        "it last read iam:GetAccountSummary on 2026-11-21 and 1 more"
    )
    assert verdict.evidence["lost_permissions"] == [REPORT]
