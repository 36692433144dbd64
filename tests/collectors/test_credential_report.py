"""The credential report as AWS writes it, and as a bad day writes it."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.aws.errors import AwsError
from collectors.sources import credential_report as source
from collectors.sources.credential_report import KEYS, REPORT, ReportError, rows, transform

HEADER = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,"
    "access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,"
    "access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
    "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,"
    "cert_2_last_rotated"
)
ROOT = (
    "<root_account>,arn:aws:iam::000000000001:root,2019-01-01T00:00:00+00:00,not_supported,2026-11-01T10:00:00+00:00,"
    "not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
)
T1, T2, T3 = "2026-01-01T00:00:00+00:00", "2026-06-01T00:00:00+00:00", "2026-11-20T08:30:00+00:00"


def user(
    name: str = "ci", *, password: str = "false,N/A,N/A,N/A", mfa: str = "false", one: str = "", two: str = ""
) -> str:
    empty = "false,N/A,N/A,N/A,N/A"
    return f"{name},arn:aws:iam::000000000001:user/{name},{T1},{password},{mfa},{one or empty},{two or empty},false,N/A,false,N/A"


def report(*lines: str, header: str = HEADER) -> dict[str, Any]:
    return {"Content": "\n".join((header, *lines)).encode()}


def read(*lines: str, keys: dict[str, Any] | None = None, header: str = HEADER) -> Any:
    answers: dict[str, Any] = {REPORT: report(*lines, header=header)}
    return transform(answers | ({KEYS: keys} if keys is not None else {}))


def key(name: str, created: str, status: str = "Active") -> dict[str, Any]:
    return {"AccessKeyId": name, "Status": status, "CreateDate": datetime.fromisoformat(created)}


def test_a_header_alone_is_a_report_without_users() -> None:
    part = read()
    assert part.credentials == ()
    assert part.problems == {}


def test_root_has_no_password_column_and_that_is_not_no() -> None:
    (root,) = read(ROOT).credentials
    assert root.is_root
    assert root.password_enabled is None
    assert root.mfa_active is True
    assert root.password_last_used == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert root.slots == ()


@pytest.mark.parametrize("value", ["no_information", "N/A", ""])
def test_no_recorded_use_is_none(value: str) -> None:
    (row,) = read(user(password=f"true,{value},{T1},N/A")).credentials
    assert row.password_enabled is True
    assert row.password_last_used is None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: "\ufeff" + text, id="byte order mark"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(lambda text: text + "\n", id="empty last line"),
        pytest.param(lambda text: "\n".join(line + ",more" for line in text.split("\n")), id="a new column"),
    ],
)
def test_the_form_of_the_file_does_not_matter(change: Any) -> None:
    text = "\n".join((HEADER, ROOT, user()))
    part = transform({REPORT: {"Content": change(text).encode()}})
    assert [c.user_name for c in part.credentials] == ["<root_account>", "ci"]


def test_reordered_columns_and_quoted_commas_are_read_by_name() -> None:
    part = transform({REPORT: {"Content": f'mfa_active,arn,user,user_creation_time\ntrue,a:b,"x,y",{T1}'.encode()}})
    (row,) = part.credentials
    assert (row.user_name, row.mfa_active, row.password_enabled) == ("x,y", True, None)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            user().replace(":user/ci", "", 1).replace("arn:aws:iam::000000000001", ""),
            "Row 3 of the credential report has no user",
        ),
        (user().replace(T1, "N/A", 1), "user_creation_time of ci is missing"),
        (user(password="true,yesterday,N/A,N/A"), "password_last_used of ci is no date: 'yesterday'"),
        (user(password="true,2026-01-01T00:00:00,N/A,N/A"), "password_last_used of ci has no time zone"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_kept(line: str, message: str) -> None:
    part = read(ROOT, line, user("ok"))
    assert [c.user_name for c in part.credentials] == ["<root_account>", "ok"]
    assert message in part.problems[REPORT][0]


@pytest.mark.parametrize("content", [b"", b"<html>", b"user\nx"])
def test_what_is_no_report_is_refused(content: bytes) -> None:
    with pytest.raises(ReportError, match="no header"):
        list(rows({"Content": content}))


def test_a_broken_report_is_an_error_of_its_api() -> None:
    class Aws:
        def ask(self, api: str, *, require: str) -> Any:
            return {"Content": b"<html>"}

    with pytest.raises(AwsError, match="no header") as caught:
        source.report(Aws(), {})  # type: ignore[arg-type]
    assert (caught.value.api, caught.value.state) == (REPORT, "error")


def test_a_key_gets_the_use_of_its_slot() -> None:
    part = read(
        user(one=f"true,{T1},{T3},eu-west-1,s3", two=f"true,{T2},N/A,N/A,N/A"),
        keys={"ci": [key("AKIA2", T2), key("AKIA1", T1)]},
    )
    old, new = part.keys
    assert (old.unique_id, old.use_known, old.last_used_service) == ("AKIA1", True, "s3")
    assert (new.unique_id, new.use_known, new.last_used_at) == ("AKIA2", True, None)


def test_a_key_whose_status_changed_is_matched_when_only_one_slot_is_left() -> None:
    (only,) = read(user(one=f"false,{T2},{T3},eu-west-1,s3"), keys={"ci": [key("AKIA1", T1, "Inactive")]}).keys
    assert only.use_known
    assert not only.active


def test_an_ambiguous_slot_leaves_the_use_unknown() -> None:
    part = read(
        user(one=f"true,{T3},{T3},eu-west-1,s3", two=f"true,{T3},N/A,N/A,N/A"),
        keys={"ci": [key("AKIA2", T2), key("AKIA1", T1)]},
    )
    assert [k.use_known for k in part.keys] == [False, False]


def test_a_key_made_after_the_report_has_unknown_use() -> None:
    part = read(user(one=f"true,{T1},{T3},eu-west-1,s3"), keys={"ci": [key("AKIA1", T1), key("AKIA9", T3)]})
    assert [(k.unique_id, k.use_known) for k in part.keys] == [("AKIA1", True), ("AKIA9", False)]


def test_keys_that_could_not_be_listed_are_not_learned() -> None:
    assert read(user(one=f"true,{T1},{T3},eu-west-1,s3")).keys is None


def test_only_users_with_a_key_are_asked_for_keys() -> None:
    asked: list[str] = []

    class Aws:
        from_files = False

        def pages(self, api: str, *, require: str, **parameters: str) -> Any:
            asked.append(parameters["UserName"])
            return [{"AccessKeyMetadata": []}]

    answer = report(
        ROOT,
        user("none"),
        user("active", one=f"true,{T1},N/A,N/A,N/A"),
        user("inactive", two=f"false,{T1},N/A,N/A,N/A"),
    )
    source.list_keys(Aws(), {REPORT: answer})  # type: ignore[arg-type]
    assert asked == ["active", "inactive"]


@given(
    st.binary(max_size=300) | st.text(max_size=300).map(lambda text: (HEADER + "\n" + text).encode("utf-8", "replace"))
)
def test_whatever_comes_a_report_is_read_or_refused_with_a_reason(content: bytes) -> None:
    with contextlib.suppress(ReportError):
        assert transform({REPORT: {"Content": content}}).credentials is not None
