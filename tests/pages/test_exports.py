from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from collectors.models import Account
from findings.vocabulary import Severity
from iamdash.pages import exports
from iamdash.pages.exports import cell
from tests.pages.making import FORMULA, HOSTILE, finding


@pytest.mark.parametrize("text", ["", "plain", "a=b", "über", "1", "'quoted"])
def test_plain_text_stays(text: str) -> None:
    assert cell(text) == text


@pytest.mark.parametrize(
    "text", [FORMULA, "+1", "-1", "@x", "\tx", "\rx", "\n=x", "\uff1dx", "\uff0bx", "\uff0dx", "\uff20x"]
)
def test_what_a_spreadsheet_would_run_becomes_text(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_cells_of_other_types() -> None:
    assert cell(-3) == "-3"
    assert cell(True) == "true"
    assert cell(None) == ""
    assert cell(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00+00:00"
    assert cell({"b": [1], "a": None}) == '{"a": null, "b": [1]}'


def test_an_empty_export_has_its_headings(sign_in: Callable[..., Any]) -> None:
    assert sign_in().get("/findings/?export=csv").body.decode().startswith("id,severity,status,rule,")
    assert sign_in().get("/findings/?export=jsonl").body == b""


def test_csv_holds_the_query_in_its_order_and_no_formula(sign_in: Callable[..., Any], account: Account) -> None:
    for name in HOSTILE:
        finding(account, subject_name=name[:256], severity=Severity.HIGH)
    finding(account, severity=Severity.LOW)
    response = sign_in().get("/findings/?severity=high&sort=subject&export=csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith('attachment; filename="iamdash-findings-20')
    assert response["Cache-Control"] == "no-store, private"
    rows = list(csv.DictReader(io.StringIO(response.body.decode(), newline="")))
    assert len(rows) == len(HOSTILE)
    names = {row["subject_name"] for row in rows}
    assert f"'{FORMULA}" in names
    assert not any(name.startswith("=") for name in names)


def test_json_lines_keep_types(sign_in: Callable[..., Any], account: Account) -> None:
    made = finding(account, evidence={"days": 90, "used": None})
    (line,) = sign_in().get("/findings/?export=jsonl").body.splitlines()
    row = json.loads(line)
    assert row["id"] == made.pk
    assert row["evidence"] == {"days": 90, "used": None}
    assert row["resolved_at"] is None
    assert datetime.fromisoformat(row["opened_at"]) == made.opened_at


def test_a_day_is_a_value_too() -> None:
    day = date(2026, 11, 24)
    assert list(exports.json_lines([day], {"day": lambda d: d})) == ['{"day": "2026-11-24"}\n']
    assert list(exports.csv_lines([day], {"day": lambda d: d})) == ["day\r\n", "2026-11-24\r\n"]


def test_only_the_operators_accounts(sign_in: Callable[..., Any], account: Account, other_account: Account) -> None:
    mine, theirs = finding(account), finding(other_account)
    body = sign_in(accounts=[account]).get("/findings/?export=jsonl").body.decode()
    assert mine.subject_id in body
    assert theirs.subject_id not in body


def test_queries_do_not_grow_with_rows(
    sign_in: Callable[..., Any], account: Account, django_assert_num_queries: Any
) -> None:
    client = sign_in()
    for _ in range(30):
        finding(account, code="KY102", subject_type="key")
    with django_assert_num_queries(20, exact=False):
        assert len(client.get("/findings/?export=jsonl").body.splitlines()) == 30
