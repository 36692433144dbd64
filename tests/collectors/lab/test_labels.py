"""The labels against what the lab answers over HTTP: the same thresholds read from the other side."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from collectors.lab.labels import COMPLETE
from tests.collectors.lab.aws import AS_OF, Aws, details
from tests.collectors.lab.test_credential_report import report

JUDGED = ("KY101", "KY102", "KY103", "KY104", "LP101", "LP103", "HM107", "AB101")


def older(moment: Any, days: int) -> bool:
    return AS_OF - moment > timedelta(days=days)


def judge_keys(iam: Any, user: dict[str, Any]) -> set[tuple[str, str]]:
    found = set()
    for key in iam.list_access_keys(UserName=user["UserName"])["AccessKeyMetadata"]:
        if key["Status"] != "Active":
            continue
        name = key["AccessKeyId"]
        used = iam.get_access_key_last_used(AccessKeyId=name)["AccessKeyLastUsed"].get("LastUsedDate")
        if older(key["CreateDate"], 90):
            found.add(("KY102", name))
        if used and older(used, 45):
            found.add(("KY103", name))
        if not used and older(key["CreateDate"], 7):
            found.add(("KY104", name))
    return found


def judge_root(account: str, root: dict[str, str]) -> set[tuple[str, str]]:
    found = set()
    if root["access_key_1_active"] == "true":
        found.add(("KY101", account))
    if root["mfa_active"] == "false" and "true" in (root["access_key_1_active"], root["password_enabled"]):
        found.add(("AB101", account))
    return found


def judge_password(row: dict[str, str]) -> set[tuple[str, str]]:
    """ISO dates compare as text."""
    if row["password_enabled"] != "true":
        return set()
    found = {("HM107", row["user"])} if row["mfa_active"] == "false" else set()
    last = row["password_last_used"]
    last = row["password_last_changed"] if last == "no_information" else last
    return found | ({("LP103", row["user"])} if last < (AS_OF - timedelta(days=45)).isoformat() else set())


def judge_role(iam: Any, role: dict[str, Any]) -> set[tuple[str, str]]:
    if role["Path"].startswith(("/aws-service-role/", "/aws-reserved/")) or not older(role["CreateDate"], 90):
        return set()
    last = role["RoleLastUsed"].get("LastUsedDate") if role.get("RoleLastUsed") else None
    if last and not older(last, 90):
        return set()
    job = iam.generate_service_last_accessed_details(Arn=role["Arn"])["JobId"]
    rows = iam.get_service_last_accessed_details(JobId=job)["ServicesLastAccessed"]
    seen = [row["LastAuthenticated"] for row in rows if "LastAuthenticated" in row]
    return set() if seen and not older(max(seen), 90) else {("LP101", role["RoleName"])}


@pytest.mark.parametrize("number", range(12))
def test_open_labels_are_what_the_data_shows(aws: Aws, number: int) -> None:
    account = aws.accounts[number]
    iam = aws.iam(account)
    snapshot, rows = details(iam), report(iam)
    found = judge_root(account, rows["<root_account>"])
    for user in snapshot["UserDetailList"]:
        found |= judge_keys(iam, user) | judge_password(rows[user["UserName"]])
    for role in snapshot["RoleDetailList"]:
        found |= judge_role(iam, role)
    labelled = [label for label in aws.lab.expected() if label["account"] == account and label["code"] in JUDGED]
    assert found == {(label["code"], label["subject_name"]) for label in labelled if label["state"] == "open"}


def test_every_judged_code_has_faults_and_look_alikes(aws: Aws) -> None:
    states = {(label["code"], label["state"]) for label in aws.lab.expected()}
    assert {(code, state) for code in JUDGED for state in ("open", "clear")} <= states
    assert set(JUDGED) < COMPLETE


def test_every_account_has_a_fault(aws: Aws) -> None:
    for codes in (None, JUDGED):
        labels = [label for label in aws.lab.expected() if codes is None or label["code"] in codes]
        assert {label["account"] for label in labels if label["state"] == "open"} == set(aws.accounts)


def test_no_subject_has_two_answers(aws: Aws) -> None:
    fields = ("account", "code", "subject_type", "subject_name", "part")
    counted = Counter(tuple(label[name] for name in fields) for label in aws.lab.expected())
    assert [name for name, n in counted.items() if n > 1] == []


def test_labelled_subjects_exist(aws: Aws) -> None:
    account = aws.named("payments-prod")
    snapshot = details(aws.iam(account))
    names = {"role": {r["RoleName"] for r in snapshot["RoleDetailList"]}}
    names["user"] = {u["UserName"] for u in snapshot["UserDetailList"]}
    names["group"] = {g["GroupName"] for g in snapshot["GroupDetailList"]}
    names["policy"] = {p["PolicyName"] for p in snapshot["Policies"]}
    for label in aws.lab.expected():
        if label["account"] == account and label["subject_type"] in names:
            assert label["subject_name"] in names[label["subject_type"]]
