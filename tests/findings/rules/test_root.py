"""KY101, AB101, AB102 and MO110: the root user's credentials."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.records import Actor, Credential, PrincipalDay, State, VirtualMfaDevice
from tests.builders import ACCOUNT_ID, coverage, details, root, slot, summary, user, virtual_mfa
from tests.findings.behaviour import admin, on
from tests.findings.rules.judging import denied, statuses, verdicts
from tests.findings.sessions import OUTSIDE, read, session

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


@pytest.mark.parametrize(
    ("given", "more", "expected"),
    [
        ([root(password_enabled=False), virtual_mfa("root")], {}, []),
        ([root(), summary(AccountMFAEnabled=0), virtual_mfa()], {}, []),
        ([root(mfa_active=True), virtual_mfa("alice")], {}, ["clear"]),
        ([summary(AccountMFAEnabled=1), virtual_mfa()], {"coverage": NO_REPORT}, ["clear"]),
        ([root(mfa_active=True), virtual_mfa("alice", "root")], {}, ["open"]),
        ([virtual_mfa("root")], {"coverage": BOTH_DENIED}, ["open"]),
        ([root(mfa_active=True), virtual_mfa()], {"coverage": denied("ListVirtualMFADevices")}, ["unknown"]),
        ([root(mfa_active=True)], {}, ["unknown"]),
        ([virtual_mfa()], {}, ["unknown"]),
        ([virtual_mfa()], {"coverage": BOTH_DENIED}, ["unknown"]),
    ],
)
def test_root_mfa_not_hardware(given: list[Any], more: dict[str, Any], expected: list[str]) -> None:
    assert statuses("AB102", *given, **more) == expected


def test_root_s_first_virtual_device_is_known_by_its_name() -> None:
    device = VirtualMfaDevice(serial="arn:aws:iam::000000000001:mfa/root-account-mfa-device")
    assert statuses("AB102", root(mfa_active=True), details(virtual_mfa=(device,))) == ["open"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (root(), ["clear"]),
        (root(password_last_used=91), ["clear"]),
        (root(slots=(slot(used=91), slot(used=400))), ["clear"]),
        (root(password_last_used=90), ["open"]),
        (root(password_last_used=400, slots=(slot(used=3),)), ["open"]),
        (root(password_last_used=3, slots=(slot(used=400),)), ["open"]),
    ],
)
def test_root_used_judges_each_date_by_itself(row: Credential, expected: list[str]) -> None:
    assert statuses("MO110", row) == expected


def test_a_use_of_root_stays_a_use_without_the_report() -> None:
    assert statuses("MO110", root(password_last_used=3), coverage=NO_REPORT) == ["open"]
    assert statuses("MO110", root(), coverage=NO_REPORT) == ["unknown"]
    assert statuses("MO110") == ["unknown"]


def test_the_words_name_the_last_use() -> None:
    (verdict,) = verdicts("MO110", root(password_last_used=50, slots=(slot(used=400), slot(used=3))))
    assert verdict.title == "The root user of payments-prod was used on 2026-11-21, by its access key 2"
    assert set(verdict.evidence) == {"unused_days", "password_last_used", "access_key_2_last_used"}


def by_root(days: float, *services: str, **more: Any) -> PrincipalDay:
    return on(user("root"), days, *services, **{"actor": Actor.ROOT, "principal_id": ACCOUNT_ID, "n": 3, **more})


@pytest.mark.parametrize(
    ("days", "row", "expected"),
    [
        ([], [root(password_last_used=300)], ["clear"]),
        ([by_root(91)], [root()], ["clear"]),
        ([by_root(3, denied=3)], [root()], ["clear"]),  # a sign-in that was refused
        ([on(user("x"), 3, actor=Actor.ACCOUNT, principal_id=ACCOUNT_ID)], [root()], ["clear"]),
        ([], [], ["unknown"]),
        ([by_root(3)], [], ["open"]),
        ([by_root(3)], [root(password_last_used=300)], ["open"]),
        ([], [root(password_last_used=3)], ["open"]),
    ],
)
def test_root_in_cloudtrail(days: list[PrincipalDay], row: list[Credential], expected: list[str]) -> None:
    assert statuses("MO110", *row, **read(principal_days=tuple(days))) == expected


def test_what_root_did_and_from_where_is_told() -> None:
    seen = session(user("root"), day=3, actor=Actor.ROOT, networks=(OUTSIDE,), agents=("browser",), mfa=False)
    more = {"sessions": (seen,), "admin_events": (admin("iam CreateAccessKey", None, 3),)}
    days = (by_root(9, "signin"), by_root(3, "signin", "iam"))
    (verdict,) = verdicts("MO110", root(password_last_used=9), **read(principal_days=days, **more))
    assert verdict.title == "The root user of payments-prod was used on 2026-11-21, for iam and signin"
    assert verdict.evidence["days"] == ["2026-11-21: 3 calls of iam and signin", "2026-11-15: 3 calls of signin"]
    assert verdict.evidence["changes"] == [
        "2026-11-21 00:00: CreateAccessKey by the root user, with cli, from 203.0.113.9"
    ]
    assert (verdict.evidence["from"], verdict.evidence["without_mfa"]) == ([OUTSIDE], True)
