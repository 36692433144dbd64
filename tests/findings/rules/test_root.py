"""KY101 and AB101: the root user's credentials, told by two sources."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.records import State
from tests.builders import coverage, root, slot, summary
from tests.findings.rules.judging import denied, statuses, verdicts

BOTH_DENIED = denied("GetCredentialReport", "GetAccountSummary")
NO_REPORT = coverage(GetCredentialReport=State.DENIED)
NO_SUMMARY = coverage(GetAccountSummary=None)


@pytest.mark.parametrize(
    ("given", "more", "expected"),
    [
        ([root(mfa_active=True), summary(AccountAccessKeysPresent=0, AccountMFAEnabled=1)], {}, ["clear"]),
        ([root(slots=(slot(active=False),)), summary(AccountAccessKeysPresent=1)], {}, ["clear"]),
        ([root()], {"coverage": NO_SUMMARY}, ["clear"]),
        ([summary(AccountAccessKeysPresent=0)], {"coverage": NO_REPORT}, ["clear"]),
        ([summary(AccountPasswordPresent=0, AccountAccessKeysPresent=0), root()], {}, []),
        ([root(password_enabled=False)], {}, []),
        ([root(password_enabled=False, slots=(slot(),))], {}, ["open"]),
        ([root(slots=(slot(),)), summary(AccountAccessKeysPresent=1)], {}, ["open"]),
        ([root(slots=(slot(),))], {"coverage": NO_SUMMARY}, ["open"]),
        ([summary(AccountAccessKeysPresent=1)], {"coverage": NO_REPORT}, ["open"]),
        ([root(), summary(AccountAccessKeysPresent=1)], {}, ["open"]),
        ([root(slots=(slot(),)), summary(AccountAccessKeysPresent=1)], {"coverage": BOTH_DENIED}, ["unknown"]),
        ([], {}, ["unknown"]),
        ([summary()], {}, ["unknown"]),
        ([], {"coverage": ()}, ["unknown"]),
    ],
)
def test_root_access_key(given: list[Any], more: dict[str, Any], expected: list[str]) -> None:
    assert statuses("KY101", *given, **more) == expected


@pytest.mark.parametrize(
    ("given", "more", "expected"),
    [
        ([summary(AccountPasswordPresent=0, AccountAccessKeysPresent=0, AccountMFAEnabled=0)], {}, []),
        ([root(password_enabled=False)], {}, []),
        ([summary(AccountMFAEnabled=1), root()], {}, ["clear"]),
        ([summary(AccountMFAEnabled=0), root(mfa_active=True)], {}, ["clear"]),
        ([root(mfa_active=True)], {"coverage": NO_SUMMARY}, ["clear"]),
        ([summary(AccountMFAEnabled=0), root()], {}, ["open"]),
        ([root()], {"coverage": NO_SUMMARY}, ["open"]),
        ([summary(AccountMFAEnabled=0)], {"coverage": NO_REPORT}, ["open"]),
        ([summary(AccountMFAEnabled=0, AccountPasswordPresent=1)], {"coverage": NO_REPORT}, ["open"]),
        ([summary(AccountMFAEnabled=0), root()], {"coverage": BOTH_DENIED}, ["unknown"]),
        ([root(mfa_active=None)], {}, ["unknown"]),
    ],
)
def test_root_without_mfa(given: list[Any], more: dict[str, Any], expected: list[str]) -> None:
    assert statuses("AB101", *given, **more) == expected


def test_the_subject_is_the_account() -> None:
    (verdict,) = verdicts("AB101", root())
    assert (verdict.subject.id, verdict.subject.name) == ("000000000001", "payments-prod")
    assert verdict.title == "The root user of payments-prod has no MFA device"
