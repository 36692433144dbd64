"""LP103 and HM107: an IAM user's console password."""

from __future__ import annotations

import pytest

from collectors import records
from tests.builders import credential, user
from tests.findings.rules.judging import denied, statuses, verdicts


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (credential(), []),
        (credential(password_enabled=True, password_last_used=45), ["clear"]),
        (credential(password_enabled=True, password_last_changed=45), ["clear"]),
        (credential(password_enabled=True, created=20), ["unknown"]),  # see below: the user is older than this row's
        (credential(password_enabled=True, password_last_used=46), ["open"]),
        (credential(password_enabled=True, password_last_used=46, password_last_changed=5), ["open"]),
        (credential(password_enabled=True, password_last_changed=46), ["open"]),
        (credential(password_enabled=True), ["open"]),
        (credential(password_enabled=None), ["unknown"]),
        (credential("somebody-else", password_enabled=True), ["unknown"]),
    ],
)
def test_unused_password(row: records.Credential, expected: list[str]) -> None:
    alice = user(created=500) if row.created_at == credential().created_at else user(created=10)
    assert statuses("LP103", alice, row) == expected


def test_never_used_is_said_so() -> None:
    (verdict,) = verdicts("LP103", user(), credential(password_enabled=True, password_last_changed=100))
    assert verdict.title == "The console password of alice, set on 2026-08-16, was never used"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (credential(mfa_active=False), []),
        (credential(password_enabled=True, mfa_active=True), ["clear"]),
        (credential(password_enabled=True, mfa_active=False), ["open"]),
        (credential(password_enabled=True, mfa_active=None), ["unknown"]),
        (credential(password_enabled=None), ["unknown"]),
        (credential("somebody-else", password_enabled=True), ["unknown"]),
    ],
)
def test_console_user_without_mfa(row: records.Credential, expected: list[str]) -> None:
    assert statuses("HM107", user(), row) == expected


def test_the_row_of_a_deleted_namesake_says_nothing() -> None:
    row = credential(password_enabled=True, mfa_active=True, created=500)
    assert statuses("HM107", user(created=1), row) == ["unknown"]


def test_an_old_answer_neither_opens_nor_clears() -> None:
    for mfa in (True, False):
        row = credential(password_enabled=True, mfa_active=mfa)
        assert statuses("HM107", user(), row, coverage=denied("GetCredentialReport")) == ["unknown"]


def test_root_is_no_user() -> None:
    from tests.builders import root

    assert statuses("HM107", root(password_enabled=True)) == []
    assert statuses("LP103", root(password_enabled=True)) == []
