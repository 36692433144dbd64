"""The credential report, and that it tells the same story as the other operations."""

import csv
import io
from typing import Any

import pytest
from botocore.exceptions import ClientError

from collectors.lab.repairs.credential_report import COLUMNS
from tests.collectors.lab.aws import AS_OF, Aws, refused


def report(iam: Any) -> dict[str, dict[str, str]]:
    while iam.generate_credential_report()["State"] != "COMPLETE":
        pass
    text = iam.get_credential_report()["Content"].decode()
    return {row["user"]: row for row in csv.DictReader(io.StringIO(text))}


def test_states(aws: Aws) -> None:
    iam = aws.iam(aws.accounts[0])
    with pytest.raises(ClientError) as error:
        iam.get_credential_report()
    assert refused(error.value) == ("ReportNotPresent", 410)
    assert iam.generate_credential_report()["State"] == "STARTED"
    with pytest.raises(ClientError) as error:
        iam.get_credential_report()
    assert refused(error.value) == ("ReportInProgress", 404)
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    answer = iam.get_credential_report()
    assert answer["GeneratedTime"] == AS_OF
    assert answer["Content"].decode().splitlines()[0].split(",") == COLUMNS
    assert not answer["Content"].endswith(b"\n")


@pytest.mark.parametrize("number", range(12))
def test_one_story(aws: Aws, number: int) -> None:
    iam = aws.iam(aws.accounts[number])
    rows, users = report(iam), iam.list_users()["Users"]
    assert next(iter(rows)) == "<root_account>"
    assert {u["UserName"] for u in users} == set(rows) - {"<root_account>"}
    in_use = 0
    for user in users:
        row = rows[user["UserName"]]
        devices = iam.list_mfa_devices(UserName=user["UserName"])["MFADevices"]
        in_use += len(devices)
        assert row["mfa_active"] == str(bool(devices)).lower()
        assert row["arn"] == user["Arn"]
        assert row["user_creation_time"] == user["CreateDate"].isoformat().replace("Z", "+00:00")
        keys = iam.list_access_keys(UserName=user["UserName"])["AccessKeyMetadata"]
        assert sorted(slots(row)) == sorted(slot(iam, key) for key in keys)
        assert (row["password_last_changed"] == "N/A") == (row["password_enabled"] == "false")
    root, summary = rows["<root_account>"], iam.get_account_summary()["SummaryMap"]
    assert summary["AccountMFAEnabled"] == (root["mfa_active"] == "true")
    assert summary["AccountAccessKeysPresent"] == (root["access_key_1_active"] == "true")
    assert summary["AccountPasswordPresent"] == (root["password_enabled"] == "true")
    assert summary["MFADevicesInUse"] == in_use + summary["AccountMFAEnabled"]
    assert summary["Users"] == len(users)
    assert root["password_next_rotation"] == "not_supported"


def slots(row: dict[str, str]) -> list[tuple[str, ...]]:
    columns = ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
    found = [tuple(row[f"access_key_{n}_{column}"] for column in columns) for n in (1, 2)]
    return [slot for slot in found if slot[1] != "N/A"]


def slot(iam: Any, key: dict[str, Any]) -> tuple[str, ...]:
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    date = used["LastUsedDate"].isoformat() if "LastUsedDate" in used else "N/A"
    return (
        str(key["Status"] == "Active").lower(),
        key["CreateDate"].isoformat(),
        date,
        used["Region"],
        used["ServiceName"],
    )


def test_every_value_of_the_guide_occurs(aws: Aws) -> None:
    rows = [row for account in aws.accounts for row in report(aws.iam(account)).values()]
    roots = [row for row in rows if row["user"] == "<root_account>"]
    assert {row["mfa_active"] for row in roots} == {"true", "false"}
    assert {row["access_key_1_active"] for row in roots} == {"true", "false"}
    assert {row["password_enabled"] for row in roots} == {"true", "false"}
    users = [row for row in rows if row["user"] != "<root_account>"]
    assert {"no_information", "N/A"} <= {row["password_last_used"] for row in users}
    assert any(row["password_next_rotation"].startswith("20") for row in users)
    assert any(row["access_key_2_active"] == "true" for row in users)
    assert any(row["access_key_1_last_used_region"] == "N/A" != row["access_key_1_last_used_date"] for row in users)


def test_root_devices_are_told_apart_by_the_virtual_list(aws: Aws) -> None:
    kinds = set()
    for account in aws.accounts:
        iam = aws.iam(account)
        listed = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
        virtual = any(d["SerialNumber"].endswith(":mfa/root-account-mfa-device") for d in listed)
        kinds.add((iam.get_account_summary()["SummaryMap"]["AccountMFAEnabled"], virtual))
    assert kinds == {(0, False), (1, False), (1, True)}
