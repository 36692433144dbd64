"""`manage.py judge` on answers to single questions: LookupEvents in place of a trail, GetAccessKeyLastUsed of the report."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from collectors.aws.bundle import open_bundle
from collectors.replay import replay
from findings.models import Finding
from tests.collectors.activity.events import event, packed
from tests.collectors.activity.events import role as session
from tests.collectors.bundles import GAAD, details, make, read, role
from tests.collectors.test_bundle_requests import (
    ALICE,
    FIRST,
    IN_MAY,
    KEYS,
    NEVER,
    SECOND,
    USED,
    lines,
    listed,
    report,
    used,
)
from tests.collectors.test_credential_report import HEADER, user
from tests.findings.test_judge_command import judge

ID = "AROAAPP00000000000000"  # of the role of bundles, a machine's
CONSOLE = event(
    userIdentity=session("alice@example.com", unique_id=ID), sessionCredentialFromConsole="true", eventID="1"
)
PIPELINE = event(userIdentity=session("i-0123456789abcdef0", unique_id=ID), eventID="2")


def looked_up(*events: dict[str, Any]) -> dict[str, Any]:
    return {"Events": [{"EventId": one["eventID"], "CloudTrailEvent": json.dumps(one)} for one in events]}


def said(tmp_path: Path, files: dict[str, Any], *codes: str) -> dict[str, str]:
    """Code -> statuses of its subjects, in the order of lines."""
    path = make(tmp_path / "b", {"account.json": {"AccountId": "000000000001"}} | files)
    found, _, _ = judge(path, include="clear")
    return {code: ", ".join(line["status"] for line in found if line["rule"] == code) for code in codes}


@pytest.mark.parametrize(
    "files",
    [
        {"cloudtrail.lookup-events.json": looked_up(CONSOLE, PIPELINE)},
        {"cloudtrail.lookup-events.eu-west-1.json": [looked_up(PIPELINE), looked_up(CONSOLE)]},
        {"cloudtrail.lookup-events.jsonl": lines(({"LookupAttributes": []}, looked_up(CONSOLE)))},
        {"cloudtrail.lookup-events.json": {"Events": [{"CloudTrailEvent": "{no"}, *looked_up(CONSOLE)["Events"]]}},
    ],
)
def test_what_lookups_tell_is_judged(tmp_path: Path, files: dict[str, Any]) -> None:
    assert said(tmp_path, {GAAD: details(role())} | files, "HM101", "HM102") == {"HM101": "open", "HM102": "open"}


def test_what_lookups_do_not_tell_stays_unknown(tmp_path: Path) -> None:
    files = {GAAD: details(role()), "cloudtrail.lookup-events.json": looked_up(PIPELINE)}
    assert said(tmp_path, files, "HM101", "HM102", "MO111") == dict.fromkeys(("HM101", "HM102", "MO111"), "unknown")


def test_an_event_is_counted_once(tmp_path: Path) -> None:
    again = {
        f"cloudtrail.lookup-events{region}.json": looked_up(CONSOLE) for region in ("", ".us-east-1", ".eu-west-1")
    }
    replayed = read(tmp_path / "b", {GAAD: details(role())} | again)
    assert [use.n for use in replayed.snapshot().event_uses] == [1]


def test_beside_a_trail_lookups_are_passed_over(tmp_path: Path) -> None:
    path = make(tmp_path / "b", {GAAD: details(role()), "cloudtrail.lookup-events.json": looked_up(CONSOLE)})
    (path / "cloudtrail").mkdir()
    (path / "cloudtrail" / "1.json.gz").write_bytes(packed(PIPELINE))
    assert [line["status"] for line in judge(path, include="clear")[0] if line["rule"] == "HM101"] == ["clear"]


def test_a_refused_lookup_is_no_reading(tmp_path: Path) -> None:
    refused = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
    files = {GAAD: details(role()), "cloudtrail.lookup-events.json": refused}
    assert said(tmp_path, files, "HM101") == {"HM101": "unknown"}


UNTOLD = {GAAD: details(UserDetailList=[ALICE]), KEYS: listed(FIRST, SECOND)}


def test_ages_of_keys_need_no_report_and_their_use_does(tmp_path: Path) -> None:
    told = said(tmp_path, UNTOLD, "KY102", "KY103", "KY104", "KY105")
    assert told == {"KY102": "open, open", "KY103": "unknown, unknown", "KY104": "unknown, unknown", "KY105": "open"}


def test_what_nobody_asked_is_not_named_beside_what_was_refused(tmp_path: Path) -> None:
    refused = {"iam.get-credential-report.json": {"Error": {"Code": "AccessDenied", "Message": "no"}}}
    path = make(tmp_path / "b", {"account.json": {"AccountId": "000000000001"}} | UNTOLD | refused)
    why = {line["reason"] for line in judge(path)[0] if line["rule"] == "KY103"}
    assert len(why) == 1
    assert "iam:GetCredentialReport" in (told := why.pop())
    assert "iam:GetAccessKeyLastUsed" not in told


def test_the_last_use_of_each_key_may_take_the_reports_place(tmp_path: Path) -> None:
    told = said(tmp_path, UNTOLD | {USED: used(first=NEVER, second=IN_MAY)}, "KY103", "KY104")
    assert told == {"KY103": "open", "KY104": "open, clear"}


def test_a_key_that_it_does_not_tell_of_stays_unknown(tmp_path: Path) -> None:
    told = said(tmp_path, UNTOLD | {USED: used(second=IN_MAY)}, "KY103", "KY104")
    assert told == {"KY103": "unknown, open", "KY104": "unknown, clear"}


SERVICES, SSH, MFA = (
    f"iam.list-{what}.jsonl" for what in ("service-specific-credentials", "ssh-public-keys", "mfa-devices")
)
ROW = {GAAD: details(UserDetailList=[ALICE | {"Arn": "arn:aws:iam::000000000001:user/alice"}])}


def row(**more: str) -> dict[str, str]:
    return {"credential-report.csv": "\n".join((HEADER, user("alice", **more).replace("2026-01-01", "2020-01-01", 1)))}


def passwords(*entries: dict[str, str], name: str = "alice") -> dict[str, str]:
    made = [
        {"ServiceSpecificCredentialId": "ACCA1", "ServiceUserName": "alice", "UserName": name} | one for one in entries
    ]
    return {SERVICES: lines(({"UserName": name}, {"ServiceSpecificCredentials": made}))}


def ssh(*states: str) -> dict[str, str]:
    keys = [{"SSHPublicKeyId": f"APKA{n}", "Status": state, "UserName": "alice"} for n, state in enumerate(states)]
    return {SSH: lines(({"UserName": "alice"}, {"SSHPublicKeys": keys}))}


GIT = {"ServiceName": "codecommit.amazonaws.com", "Status": "Active", "CreateDate": "2024-01-01T00:00:00Z"}
BEDROCK = GIT | {"ServiceName": "bedrock.amazonaws.com"}


@pytest.mark.parametrize(
    ("files", "kept", "unused"),
    [
        ({}, "unknown", "unknown"),
        (passwords(), "unknown", "unknown"),
        (ssh(), "unknown", "unknown"),
        (passwords(name="bob") | ssh(), "unknown", "unknown"),
        (passwords() | ssh(), "clear", "open"),
        (passwords(GIT | {"Status": "Inactive"}) | ssh("Inactive"), "clear", "open"),
        (passwords(BEDROCK | {"ExpirationDate": "2026-10-01T00:00:00Z"}) | ssh(), "clear", "open"),
        (passwords(BEDROCK | {"ExpirationDate": "2027-10-01T00:00:00Z"}) | ssh(), "open", "unknown"),
        (passwords(GIT) | ssh(), "open", "unknown"),
        (
            passwords(GIT, BEDROCK | {"ServiceSpecificCredentialId": "ACCA2"}) | ssh("Active"),
            "open, open, open",
            "unknown",
        ),
        (ssh("Active"), "open, unknown", "unknown"),
        (
            {SERVICES: '{"Request": {"UserName": "alice"}, "Error": {"Code": "AccessDenied"}}'} | ssh(),
            "unknown",
            "unknown",
        ),
    ],
)
def test_other_credentials_of_a_user(tmp_path: Path, files: dict[str, Any], kept: str, unused: str) -> None:
    assert said(tmp_path, ROW | row() | files, "KY113", "LP102") == {"KY113": kept, "LP102": unused}


@pytest.mark.django_db
def test_a_bundle_that_is_loaded_says_the_same(tmp_path: Path) -> None:
    def load(day: str, files: dict[str, Any]) -> set[tuple[str, str]]:
        about = {"account.json": {"AccountId": "000000000001", "CollectedAt": day}}
        path = make(tmp_path / day, ROW | row() | files | about)
        call_command("bundle", "load", str(path), stdout=StringIO(), stderr=StringIO(), judge=True)
        found = Finding.objects.filter(code__in=("KY113", "LP102"), resolved_at=None)
        return set(found.values_list("code", "part"))

    assert load("2026-11-01", passwords(GIT) | ssh("Active")) == {("KY113", "codecommit"), ("KY113", "SSH key")}
    assert load("2026-11-02", passwords() | ssh()) == {("LP102", "")}
    assert load("2026-11-03", {}) == {("LP102", "")}, "what was not told resolves nothing"


def test_who_uses_a_key_is_in_use_whatever_else_there_is(tmp_path: Path) -> None:
    busy = row(one="true,2025-01-01T00:00:00+00:00,2026-11-20T00:00:00+00:00,eu-west-1,s3")
    assert said(tmp_path, ROW | busy | passwords() | ssh(), "LP102") == {"LP102": "clear"}


APP, TELEPHONE, PASSKEY = (f"arn:aws:iam::000000000001:{what}" for what in ("mfa/a", "sms-mfa/a", "u2f/user/alice/a-1"))


@pytest.mark.parametrize(
    ("devices", "status"),
    [
        ([APP], "open"),
        ([TELEPHONE], "open"),
        ([PASSKEY], "clear"),
        (["GAHT12345678"], "clear"),
        ([APP, PASSKEY], "clear"),
        ([], "unknown"),
        (None, "unknown"),
    ],
)
def test_all_mfa_devices_of_a_privileged_user(tmp_path: Path, devices: list[str] | None, status: str) -> None:
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    admin = ALICE | {"UserPolicyList": [{"PolicyName": "all", "PolicyDocument": everything}]}
    admin["Arn"] = "arn:aws:iam::000000000001:user/alice"
    told = {"MFADevices": [{"UserName": "alice", "SerialNumber": one} for one in devices or ()]}
    files = {} if devices is None else {MFA: lines(({"UserName": "alice"}, told))}
    person = row(password="true,2026-11-20T00:00:00+00:00,N/A,N/A", mfa="true")
    assert said(tmp_path, {GAAD: details(UserDetailList=[admin])} | person | files, "HM108") == {"HM108": status}


@pytest.mark.parametrize("generated", [True, False])
def test_access_advisor_counts_for_the_roles_that_have_a_line(tmp_path: Path, generated: bool) -> None:
    body = {"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "bedrock:InvokeModel"], "Resource": "*"}]}
    held = {"RolePolicyList": [{"PolicyName": "own", "PolicyDocument": body}]}
    told = report() | {"ServicesLastAccessed": [{"ServiceName": "x", "ServiceNamespace": s} for s in ("s3", "bedrock")]}
    asked = role("app", **held)["Arn"]
    files: dict[str, Any] = {GAAD: details(role("app", **held), role("left", **held))}
    files["iam.get-service-last-accessed-details.jsonl"] = lines(({"JobId" if generated else "Arn": asked}, told))
    if generated:
        files["iam.get-service-last-accessed-details.jsonl"] = lines(({"JobId": "j"}, told))
        files["iam.generate-service-last-accessed-details.jsonl"] = lines(({"Arn": asked}, {"JobId": "j"}))
    found, _, _ = judge(make(tmp_path / "b", {"account.json": {"AccountId": "000000000001"}} | files))
    stand = {(one["rule"], one["subject"]["name"]): one["status"] for one in found if one["rule"] == "LP106"}
    assert stand == {("LP106", "app"): "open", ("LP106", "left"): "unknown"}


NO_NAME = report() | {"ServicesLastAccessed": [{"ServiceName": "x"}]}


@pytest.mark.parametrize("odd", [NO_NAME, report() | {"ServicesLastAccessed": 7}])
def test_a_line_of_an_odd_form_leaves_the_others_their_access_advisor(tmp_path: Path, odd: Any) -> None:
    body = {"Statement": [{"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": "*"}]}
    held = {"RolePolicyList": [{"PolicyName": "own", "PolicyDocument": body}]}
    told = report() | {"ServicesLastAccessed": [{"ServiceName": "x", "ServiceNamespace": "bedrock"}]}
    roles = [role(f"r{n}", **held) for n in (1, 2, 3)]
    answers = [({"Arn": one["Arn"]}, odd if n == 2 else told) for n, one in enumerate(roles, 1)]
    files = {GAAD: details(*roles), "iam.get-service-last-accessed-details.jsonl": lines(*answers)}
    path = make(tmp_path / "b", {"account.json": {"AccountId": "000000000001"}} | files)
    found, _, _ = judge(path)
    stand = {one["subject"]["name"]: one["status"] for one in found if one["rule"] == "LP106"}
    assert stand == {"r1": "open", "r2": "unknown", "r3": "open"}
    (row,) = (row for row in replay(open_bundle(path)).coverage if row.api == "iam:GetServiceLastAccessedDetails")
    assert row.state == "partial"
    assert "2 of 3 principals read" in row.detail
    assert f"{roles[1]['Arn']}: its answer is not as AWS writes it" in row.detail


@pytest.mark.parametrize("generated", [True, False])
@pytest.mark.parametrize("refused", [1, 2, 3])
def test_a_refusal_for_one_role_leaves_the_others_their_access_advisor(
    tmp_path: Path, generated: bool, refused: int
) -> None:
    body = {"Statement": [{"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": "*"}]}
    held = {"RolePolicyList": [{"PolicyName": "own", "PolicyDocument": body}]}
    told = report() | {"ServicesLastAccessed": [{"ServiceName": "x", "ServiceNamespace": "bedrock"}]}
    roles = [role(f"r{n}", **held) for n in (1, 2, 3)]
    error = {"Error": {"Code": "AccessDenied", "Message": "no"}}
    answers = [({"Arn": one["Arn"]}, error if n == refused else told) for n, one in enumerate(roles, 1)]
    files: dict[str, Any] = {GAAD: details(*roles), "iam.get-service-last-accessed-details.jsonl": lines(*answers)}
    if generated:
        jobs = [({"Arn": one["Arn"]}, error if n == refused else {"JobId": f"j{n}"}) for n, one in enumerate(roles, 1)]
        files["iam.generate-service-last-accessed-details.jsonl"] = lines(*jobs)
        read_ = [({"JobId": f"j{n}"}, told) for n in (1, 2, 3) if n != refused]
        files["iam.get-service-last-accessed-details.jsonl"] = lines(*read_)
    found, _, _ = judge(make(tmp_path / "b", {"account.json": {"AccountId": "000000000001"}} | files))
    stand = {one["subject"]["name"]: one["status"] for one in found if one["rule"] == "LP106"}
    assert stand == {f"r{n}": "unknown" if n == refused else "open" for n in (1, 2, 3)}
    reason = next(one["reason"] for one in found if one["rule"] == "LP106" and one["status"] == "unknown")
    assert reason.startswith(f"Access Advisor was not read for r{refused}; iam:G")
