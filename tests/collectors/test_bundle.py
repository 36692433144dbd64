"""Bundles: what is read of them, what is named, and that nothing else is lost."""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
import zipfile
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors import bundle_script, schedule
from collectors.aws.bundle import open_bundle
from collectors.aws.bundle_files import BundleError
from collectors.aws.bundle_json import Twice
from collectors.models import Account, Coverage, Job, Principal, Version
from collectors.replay import replay
from collectors.sources import sources
from findings.policy.document import Document, Unreadable
from findings.policy.document import read as read_policy
from tests.collectors.bundles import GAAD, TRUST, details, make, read, role, states
from tests.collectors.test_credential_report import HEADER, ROOT, user

API, REPORT, KEYS = "iam:GetAccountAuthorizationDetails", "iam:GetCredentialReport", "iam:ListAccessKeys"
AT = datetime(2026, 11, 1, tzinfo=UTC)


def deep(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


def test_the_forms_of_a_file_make_no_difference(tmp_path: Path) -> None:
    one = {"AccountId": "000000000001", "CollectedAt": "2026-11-01T00:00:00Z"}
    pages = [details(role("a")), details(role("b"))]
    expected = read(tmp_path / "0", {GAAD: pages, "account.json": one}).snapshot()
    assert [r.name for r in expected.roles] == ["a", "b"]
    assert (expected.as_of, expected.account_id) == (AT, "000000000001")
    whole = json.dumps(details(role("a"), role("b")))
    for n, (name, content) in enumerate(
        (
            (GAAD, whole),
            (GAAD.removeprefix("iam."), whole),
            ("iam.get-account-authorization-details.us-east-1.json", whole),
            (GAAD, "\ufeff" + whole),
            (GAAD, whole.encode("utf-16")),
        ),
        1,
    ):
        assert read(tmp_path / str(n), {name: content, "account.json": one}).snapshot() == expected


@pytest.mark.parametrize(
    "document",
    [TRUST, json.dumps(TRUST), quote(json.dumps(TRUST))],
    ids=["object", "text", "URL-encoded"],
)
def test_policy_documents_are_decoded(tmp_path: Path, document: Any) -> None:
    snapshot = read(tmp_path / "b", {GAAD: details(role(AssumeRolePolicyDocument=document))}).snapshot()
    assert snapshot.documents[snapshot.roles[0].trust] == TRUST


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"Statement": "x" * 1_100_000}, "more than 1,000,000"),
        (json.loads(deep(70)), "nests deeper than 64 levels"),
        (deep(5_000), "nests deeper than 64 levels"),
        ('{"Statement": [], "Statement": []}', "names Statement twice"),
        (None, "it is null"),
        ("<html>", ""),
        ({"Statement": [{"Effect": "Allow", "Condition": {"NumericEquals": {"a": 10**30}}}]}, ""),
    ],
)
def test_a_policy_that_cannot_be_read_stays_unreadable_and_costs_nothing_else(
    tmp_path: Path, document: Any, message: str
) -> None:
    replayed = read(tmp_path / "b", {GAAD: details(role("bad", AssumeRolePolicyDocument=document), role("good"))})
    snapshot = replayed.snapshot()
    assert states(replayed)[API] == "complete"
    bad, good = snapshot.roles
    assert isinstance(read_policy(snapshot.documents[good.trust]), Document)
    if "Condition" not in str(document):
        assert isinstance(read_policy(snapshot.documents[bad.trust]), Unreadable)
    assert message in " ".join(replayed.complaints)


def test_a_file_that_nests_too_deeply_is_cut_not_lost(tmp_path: Path) -> None:
    text = json.dumps(details(role("bad", AssumeRolePolicyDocument="HERE"), role())).replace('"HERE"', deep(50_000))
    snapshot = read(tmp_path / "b", {GAAD: text}).snapshot()
    assert [r.name for r in snapshot.roles] == ["bad", "app"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (role("bad", CreateDate="yesterday"), "RoleDetailList[0].CreateDate is not a timestamp"),
        (role("bad", RoleId="A" * 5_000), "RoleDetailList[0].RoleId is not text"),
        (role("bad", Arn="arn:\u00e4"), "RoleDetailList[0].Arn is not text"),
        (role("bad", Arn=7), "RoleDetailList[0].Arn is not text"),
        ("role", "RoleDetailList[0] is not an object"),
        ({k: v for k, v in role("bad").items() if k != "RoleId"}, "role/bad has no RoleId"),
    ],
)
def test_a_bad_entry_is_named_and_the_others_are_kept(tmp_path: Path, entry: Any, message: str) -> None:
    replayed = read(tmp_path / "b", {GAAD: details(entry, role("good"))})
    assert [r.name for r in replayed.snapshot().roles] == ["good"]
    assert states(replayed)[API] == "partial"
    assert message in " ".join(replayed.complaints)


@pytest.mark.parametrize("odd", ["a\0b", "\ud800", "\u202e\u200b", "=HYPERLINK()", "<script>", "\x1b[31m\r\n"])
def test_odd_strings_are_carried_or_replaced(tmp_path: Path, odd: str) -> None:
    tags = [{"Key": "k", "Value": odd}]
    (found,) = read(tmp_path / "b", {GAAD: details(role(Tags=tags))}).snapshot().roles
    found.tags["k"].encode()
    assert "\0" not in found.tags["k"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", f"{GAAD} is empty: the command that made it failed"),
        ('{"RoleDetailList": [', f"{GAAD} is not JSON"),
        ("3", f"{GAAD} holds no answer"),
        ([], f"{GAAD} holds no answer"),
        ({"Roles": []}, f"{GAAD} has no RoleDetailList"),
        ({"RoleDetailList": {}}, f"{GAAD} has no RoleDetailList"),
        ({"Error": "AccessDenied"}, f"{GAAD} has an Error without a Code"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_the_rest_is_loaded(tmp_path: Path, content: Any, message: str) -> None:
    summary = {"SummaryMap": {"AccountMFAEnabled": 1}}
    replayed = read(tmp_path / "b", {GAAD: content, "iam.get-account-summary.json": summary})
    assert states(replayed)[API] == "error"
    assert states(replayed)["iam:GetAccountSummary"] == "complete"
    assert message in " ".join(replayed.complaints)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        ({"Code": "AccessDenied", "Message": "no"}, "denied"),
        ({"Code": "AccessDenied", "Message": "explicit deny in a service control policy"}, "blocked_by_scp"),
        ({"Code": "Throttling", "Message": "slow"}, "throttled"),
        ({"Code": "ServiceFailure"}, "error"),
    ],
)
def test_an_error_is_an_answer_as_from_aws(tmp_path: Path, error: dict[str, str], state: str) -> None:
    assert states(read(tmp_path / "b", {GAAD: {"Error": error}}))[API] == state


def test_a_key_twice_is_found_without_comparing_each_with_all() -> None:
    """An upload may hold millions of keys: 40,000 took 12 s, since each was counted among all."""
    compared = 0

    class Name(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

    names = [Name(f"k{n}") for n in [*range(1000), 999]]
    assert Twice([(name, 1) for name in names]).twice == "k999"
    assert compared < 20 * len(names)


def test_what_ends_before_its_last_page_or_names_a_key_twice_is_partial(tmp_path: Path) -> None:
    cut = details(role(), IsTruncated=True, Marker="more")
    assert states(read(tmp_path / "1", {GAAD: [cut]}))[API] == "partial"
    twice = json.dumps(details(role()))[:-1] + ', "Policies": []}'
    assert states(read(tmp_path / "2", {GAAD: twice}))[API] == "partial"


@pytest.mark.parametrize(
    "name", [f"{api.name}" for s in sources().values() for api in s.apis if api.name.startswith("iam:")]
)
def test_what_is_absent_is_unknown_by_the_name_of_a_file(tmp_path: Path, name: str) -> None:
    replayed = read(tmp_path / "b", {"account.json": {"AccountId": "000000000001"}})
    row = next(row for row in replayed.coverage if row.api == name)
    assert row.state == "absent"
    assert "is not in the bundle" in row.detail


REPORT_TEXT = "\n".join((HEADER, ROOT, user("alice", one="true,2026-01-01T00:00:00+00:00,N/A,N/A,N/A"))).encode()


@pytest.mark.parametrize(
    "files",
    [
        {"credential-report.csv": REPORT_TEXT},
        {"credential-report.csv": REPORT_TEXT.decode().replace("\n", "\r\n").encode("utf-16")},
        {"iam.get-credential-report.json": {"Content": base64.b64encode(REPORT_TEXT).decode()}},
    ],
)
def test_the_credential_report_and_its_keys(tmp_path: Path, files: dict[str, Any]) -> None:
    key = {"AccessKeyId": "AKIA0000000000000001", "Status": "Active", "CreateDate": "2026-01-01T00:00:00Z"}
    lines = [
        json.dumps({"Request": {"UserName": "alice"}, "Response": {"AccessKeyMetadata": [key]}}),
        '{"Request": 3}',
        "nonsense",
    ]
    replayed = read(tmp_path / "b", files | {"iam.list-access-keys.jsonl": "\n".join(lines)})
    assert [k.user_name for k in replayed.snapshot().keys] == ["alice"]
    assert states(replayed)[REPORT] == "complete"
    assert states(replayed)[KEYS] == "partial"
    assert "line 2 cannot be read" in " ".join(replayed.complaints)
    assert replayed.account_id == "000000000001"


def test_a_missing_line_leaves_the_other_users_keys(tmp_path: Path) -> None:
    slot = "true,2026-01-01T00:00:00+00:00,N/A,N/A,N/A"
    report = "\n".join((HEADER, user("alice", one=slot), user("bob", one=slot)))
    key = {"AccessKeyId": "AKIA0000000000000001", "Status": "Active", "CreateDate": "2026-01-01T00:00:00Z"}
    line = json.dumps({"Request": {"UserName": "bob"}, "Response": {"AccessKeyMetadata": [key]}})
    replayed = read(tmp_path / "b", {"credential-report.csv": report, "iam.list-access-keys.jsonl": line})
    assert [k.user_name for k in replayed.snapshot().keys] == ["bob"]
    assert states(replayed)[KEYS] == "partial"
    assert '{"UserName": "alice"}' in " ".join(replayed.complaints)


@pytest.mark.parametrize("top", ["", "bundle/"])
def test_a_zip_with_or_without_a_top_folder(tmp_path: Path, top: str) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr(top + GAAD, json.dumps(details(role())))
        pack.writestr("__MACOSX/._x", "")
    assert [r.name for r in replay(open_bundle(path)).snapshot().roles] == ["app"]


def test_names_that_lead_out_of_a_zip_are_left_out_and_bombs_are_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.aws.bundle_files.FILE_LIMIT", 1_000_000)
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("../account.json", '{"AccountId": "000000000009"}')
        pack.writestr(GAAD, json.dumps(details(role())))
        pack.writestr("iam.get-account-summary.json", " " * 5_000_000)
    replayed = replay(open_bundle(path))
    assert replayed.account_id == "000000000001"
    assert "leads out of the zip" in " ".join(replayed.complaints)
    assert "has more than 1,000,000 bytes" in " ".join(replayed.complaints)
    assert states(replayed)[API] == "complete"


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 no zip"])
def test_what_is_no_bundle_is_refused_with_advice(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "b"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BundleError, match="bundle --help"):
        open_bundle(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*role(), "a"]), inner, max_size=4),
)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=200)
    | JSON.map(lambda v: json.dumps(v).encode())
    | JSON.map(lambda v: json.dumps(details(v, role())).encode()),
    st.sampled_from([GAAD, "credential-report.csv", "iam.list-access-keys.jsonl", "account.json", "settings.json"]),
)
def test_whatever_a_file_holds_the_bundle_is_read(content: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        summary = {"SummaryMap": {"AccountMFAEnabled": 1}}
        replayed = read(Path(folder), {"iam.get-account-summary.json": summary, name: content})
        assert states(replayed)["iam:GetAccountSummary"] == "complete"
        replayed.snapshot()


def test_the_script_asks_for_all_that_the_sources_ask(tmp_path: Path) -> None:
    text = bundle_script.script()
    for api in (api for source in sources().values() for api in source.apis):
        assert bundle_script.file_name(api.name).removesuffix("json") in text, api.name
    fake = tmp_path / "aws"
    fake.write_text(
        '#!/bin/sh\ncase "$*" in\n*get-account-summary*) echo \'{"SummaryMap": {"Users": 1}}\';;\n*"list-users"*) echo alice;;\n'
        '*generate-cred*) echo \'{"State": "COMPLETE"}\';;\n'
        "*list-access-keys*) echo '{\"AccessKeyMetadata\": []}';;\n"
        "*list-instances*text*) echo arn:i;;\n*list-permission-sets*text*) printf 'arn:s\\narn:t\\n';;\n"
        "*describe-permission-set*) echo '{\"PermissionSet\": {}}';;\n"
        '*) echo >&2 "An error occurred (AccessDenied) when calling the X operation: \\"no\\" \\\\ more"; exit 254;;\nesac\n'
    )
    fake.chmod(0o755)
    (tmp_path / "make.sh").write_text(text)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    subprocess.run(["sh", tmp_path / "make.sh", tmp_path / "out"], check=True, env=environment, timeout=60)
    found = states(replay(open_bundle(tmp_path / "out")))
    assert (found["iam:GetAccountSummary"], found[API], found[REPORT]) == ("complete", "denied", "denied")
    line = json.loads((tmp_path / "out" / "iam.list-access-keys.jsonl").read_text())
    assert line == {"Request": {"UserName": "alice"}, "Response": {"AccessKeyMetadata": []}}
    described = (tmp_path / "out" / "sso-admin.describe-permission-set.jsonl").read_text().splitlines()
    asked = [json.loads(line)["Request"] for line in described]
    assert asked == [{"InstanceArn": "arn:i", "PermissionSetArn": one} for one in ("arn:s", "arn:t")]


@pytest.mark.django_db
class TestLoad:
    FILES = {GAAD: details(role("a"), role("b")), "account.json": {"CollectedAt": "2026-11-01T00:00:00Z"}}

    def load(self, path: Path, **more: Any) -> str:
        out = StringIO()
        call_command("bundle", "load", str(path), stdout=out, stderr=StringIO(), judge=True, **more)
        return out.getvalue()

    def test_a_bundle_becomes_an_account_that_is_never_collected(self, tmp_path: Path) -> None:
        self.load(make(tmp_path / "b", self.FILES), account="payments")
        account = Account.objects.get(aws_id="000000000001")
        assert (account.name, account.connection.kind) == ("payments", "bundle")
        assert Principal.present.filter(account=account).count() == 2
        assert Coverage.objects.get(account=account, api=API).state == "complete"
        assert Coverage.objects.get(account=account, api=REPORT).state == "absent"
        assert not Job.objects.exclude(state="done").exists()
        assert Job.objects.filter(account=account, source="judge").exists()
        assert schedule.start_due_runs() == []

    def test_the_same_again_changes_nothing_and_what_left_is_gone(self, tmp_path: Path) -> None:
        self.load(make(tmp_path / "b", self.FILES))
        self.load(tmp_path / "b")
        assert Version.objects.filter(kind="role").count() == 2
        self.load(make(tmp_path / "b", {GAAD: details(role("a")), "account.json": {"CollectedAt": "2026-11-02"}}))
        assert [p.name for p in Principal.present.all()] == ["a"]
        with pytest.raises(CommandError, match="the bundle is older"):
            self.load(make(tmp_path / "b", self.FILES))

    def test_a_bundle_of_nobody_or_of_two_is_not_loaded(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="Nothing was loaded"):
            self.load(make(tmp_path / "b", {GAAD: details()}))
        with pytest.raises(CommandError, match="Nothing was loaded"):
            self.load(make(tmp_path / "c", self.FILES | {"account.json": {"AccountId": "000000000002"}}))
        assert not Account.objects.exists()
