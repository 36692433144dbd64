"""HM105 and HM108: people as IAM users, and the MFA of those with privilege."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from tests.builders import aws_policy, credential, details, group, role, user, virtual_mfa
from tests.findings.rules.judging import denied, statuses, verdicts

NO_REPORT = denied("GetCredentialReport")
PERSON = credential(password_enabled=True, mfa_active=True)
ADMIN = aws_policy("AdministratorAccess")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (credential(), ["clear"]),
        (PERSON, ["open"]),
        (credential(password_enabled=None), ["unknown"]),
        (credential("bob", password_enabled=True), ["unknown"]),
    ],
)
def test_human_iam_user(row: records.Credential, expected: list[str]) -> None:
    assert statuses("HM105", user(), row) == expected


def test_without_the_report_nobody_is_fine() -> None:
    assert statuses("HM105", user(), credential(), coverage=NO_REPORT) == ["unknown"]
    assert statuses("HM105", user(), coverage=NO_REPORT) == ["unknown"]


def test_the_evidence_names_other_ways_in() -> None:
    okta, center = (records.SamlProvider(arn=f"arn:aws:iam::1:saml-provider/{n}") for n in ("okta", "AWSSSO_1_DO_NOT"))
    reserved = role("AWSReservedSSO_Read_1", path="/aws-reserved/sso.amazonaws.com/")
    (verdict,) = verdicts("HM105", user(), PERSON, reserved, details(saml_providers=(center, okta)))
    assert verdict.evidence["people_could_sign_in_by"] == ["IAM Identity Center", okta.arn]
    (unread,) = verdicts("HM105", user(), PERSON)
    assert unread.evidence["people_could_sign_in_by"] is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([user(), PERSON, virtual_mfa("alice")], []),
        ([user(attached=(aws_policy("ReadOnlyAccess"),)), PERSON, virtual_mfa("alice")], []),
        ([user(attached=(ADMIN,)), credential(mfa_active=True), virtual_mfa("alice")], []),
        ([user(attached=(ADMIN,)), credential(password_enabled=True), virtual_mfa()], []),
        ([user(attached=(ADMIN,)), PERSON, virtual_mfa("bob", "root")], ["clear"]),
        ([user(attached=(ADMIN,)), PERSON, virtual_mfa("alice")], ["open"]),
        ([user(attached=(aws_policy("PowerUserAccess"),)), PERSON, virtual_mfa("alice")], ["open"]),
        ([user(groups=("admins",)), group("admins", attached=(ADMIN,)), PERSON, virtual_mfa("alice")], ["open"]),
        ([user(attached=(ADMIN,)), PERSON], ["unknown"]),
        ([user(attached=(ADMIN,)), virtual_mfa("alice")], ["unknown"]),
        ([user(attached=(ADMIN,)), credential(password_enabled=True, mfa_active=None), virtual_mfa()], ["unknown"]),
    ],
)
def test_phishable_mfa_on_privileged_user(given: list[Any], expected: list[str]) -> None:
    assert statuses("HM108", *given) == expected


def test_a_device_without_an_owner_may_be_anybody_s() -> None:
    device = records.VirtualMfaDevice(serial="arn:aws:iam::000000000001:mfa/phone")
    assert statuses("HM108", user(attached=(ADMIN,)), PERSON, details(virtual_mfa=(device,))) == ["unknown"]


@pytest.mark.parametrize("api", ["GetCredentialReport", "ListVirtualMFADevices"])
def test_each_source_is_needed(api: str) -> None:
    for owners in ((), ("alice",)):
        given = user(attached=(ADMIN,)), PERSON, virtual_mfa(*owners)
        assert statuses("HM108", *given, coverage=denied(api)) == ["unknown"]


def test_the_evidence_says_whence_the_privilege() -> None:
    admins = group("admins", attached=(ADMIN,))
    (verdict,) = verdicts(
        "HM108",
        user("bo", groups=("admins",)),
        admins,
        credential("bo", password_enabled=True, mfa_active=True),
        virtual_mfa("bo"),
    )
    assert verdict.evidence["privileged_by"] == ["AdministratorAccess by group admins"]
