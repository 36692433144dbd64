"""HM105 and HM108: people as IAM users, and the MFA of those with privilege."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from tests.builders import aws_policy, credential, details, group, role, user, virtual_mfa
from tests.findings.rules.judging import denied, statuses, verdicts

NO_REPORT = denied("GetCredentialReport")
PERSON = credential(password_enabled=True, mfa_active=True)
EVERYTHING = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
INLINE = {"all": records.digest(EVERYTHING)}
BOSS, UNREAD = user(inline=INLINE), user(attached=(aws_policy("AdministratorAccess"),))


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
        ([BOSS, credential(mfa_active=True), virtual_mfa("alice")], []),
        ([BOSS, credential(password_enabled=True), virtual_mfa()], []),
        ([BOSS, PERSON, virtual_mfa("bob", "root")], ["clear"]),
        ([BOSS, PERSON, virtual_mfa("alice")], ["open"]),
        ([user(groups=("admins",)), group("admins", inline=INLINE), PERSON, virtual_mfa("alice")], ["open"]),
        ([BOSS, PERSON], ["unknown"]),
        ([BOSS, virtual_mfa("alice")], ["unknown"]),
        ([BOSS, credential(password_enabled=True, mfa_active=None), virtual_mfa()], ["unknown"]),
        ([UNREAD, PERSON, virtual_mfa("alice")], ["unknown"]),
        ([UNREAD, credential(), virtual_mfa("alice")], []),
    ],
)
def test_phishable_mfa_on_privileged_user(given: list[Any], expected: list[str]) -> None:
    assert statuses("HM108", *given, trusts=[EVERYTHING]) == expected


def test_a_device_without_an_owner_may_be_anybody_s() -> None:
    device = records.VirtualMfaDevice(serial="arn:aws:iam::000000000001:mfa/phone")
    assert statuses("HM108", BOSS, PERSON, details(virtual_mfa=(device,)), trusts=[EVERYTHING]) == ["unknown"]


def listed(*serials: str, **more: Any) -> records.AccountDetails:
    return details(mfa_devices={BOSS.unique_id: serials}, **more)


APP, PASSKEY = "arn:aws:iam::000000000001:mfa/phone", "arn:aws:iam::000000000001:u2f/user/alice/one"
NO_LIST, NO_VIRTUAL = denied("ListMFADevices"), denied("ListVirtualMFADevices")


@pytest.mark.parametrize(
    ("given", "more", "expected"),
    [
        (listed(APP, PASSKEY), {}, "clear"),
        (listed(APP), {"coverage": NO_VIRTUAL}, "open"),
        (listed(PASSKEY), {"coverage": NO_VIRTUAL}, "clear"),
        (listed(), {"coverage": NO_VIRTUAL}, "unknown"),
        (listed(APP, PASSKEY, virtual_mfa=virtual_mfa("alice").virtual_mfa), {"coverage": NO_LIST}, "open"),
        (details(mfa_devices={"AIDAOTHER": (PASSKEY,)}), {"coverage": NO_VIRTUAL}, "unknown"),
        (details(virtual_mfa=(), mfa_devices={"AIDAOTHER": (APP,)}), {}, "clear"),
        (listed(PASSKEY, virtual_mfa=()), {"coverage": denied("ListMFADevices", "ListVirtualMFADevices")}, "unknown"),
    ],
)
def test_all_devices_of_the_user_count_where_they_were_listed_lately(given: Any, more: Any, expected: str) -> None:
    assert statuses("HM108", BOSS, PERSON, given, trusts=[EVERYTHING], **more) == [expected]


@pytest.mark.parametrize("api", ["GetCredentialReport", "ListVirtualMFADevices"])
def test_each_source_is_needed(api: str) -> None:
    for owners in ((), ("alice",)):
        given = BOSS, PERSON, virtual_mfa(*owners)
        assert statuses("HM108", *given, coverage=denied(api), trusts=[EVERYTHING]) == ["unknown"]


def test_the_evidence_says_whence_the_privilege() -> None:
    (verdict,) = verdicts(
        "HM108",
        user("bo", groups=("admins",)),
        group("admins", inline=INLINE),
        credential("bo", password_enabled=True, mfa_active=True),
        virtual_mfa("bo"),
        trusts=[EVERYTHING],
    )
    assert verdict.evidence["privileged_by"] == ["all by group admins"]
