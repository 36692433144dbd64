"""Rows, pages of them, and what an unchanged answer costs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pydantic import TypeAdapter

from collectors.models import AccessKey
from findings.models import AccountDay, Finding
from iamdash.api import query, rows, rules, trends
from iamdash.api.coverage import CoverageList
from iamdash.pages.accounts import AccountList
from iamdash.pages.findings import FindingList
from iamdash.pages.keys import KeyList
from iamdash.pages.lists import ListPage
from iamdash.pages.principals import PrincipalList
from tests.conftest import AS_OF
from tests.pages.conftest import Made

pytestmark = pytest.mark.django_db
LISTS = {
    "findings": (FindingList, rows.Finding),
    "principals": (PrincipalList, rows.Principal),
    "keys": (KeyList, rows.Key),
    "accounts": (AccountList, rows.Account),
    "coverage": (CoverageList, rows.Coverage),
}


@pytest.fixture
def filled(made: Made) -> Made:
    """One of each, and nothing left out that a row could have."""
    role = made.role(
        "deploy", risk=407, critical=1, worst=5, declared="machine", observed="machine", observed_since=AS_OF.date()
    )
    made.finding(subject=role.unique_id, due_at=AS_OF, assignee="ann")
    made.coverage(state="denied", permission="iam:GetAccountSummary", detail="no")
    AccessKey.objects.create(
        account=made.account, unique_id="AKIA1", user_name="u", user_arn="a", active=True, created_at=AS_OF, digest="d",
        data_digest="d", seen_from=AS_OF, data={"use_known": True},
    )  # fmt: skip
    return made


@pytest.mark.parametrize("name", LISTS)
def test_a_row_is_what_the_document_says(name: str, filled: Made, reader: Any) -> None:
    listing, shape = LISTS[name]
    (row,) = reader().get(f"/api/v1/{name}").json()["data"]
    assert list(row) == list(listing.fields)
    assert set(row) == set(shape.model_fields)
    TypeAdapter(shape).validate_python(row)


def test_trends_and_rules_are_what_the_document_says(filled: Made, reader: Any) -> None:
    client = reader()
    for path, shape in (("trends", rows.Trend), ("trends/rule", list[rows.Line]), ("rules", list[rows.Rule])):
        found = client.get(f"/api/v1/{path}").json()
        found = found if path == "trends" else found["data"]
        TypeAdapter(shape).validate_python(found)
    (line,) = client.get("/api/v1/trends/rule").json()["data"]
    assert set(line) == set(rows.Line.model_fields)
    assert (line["key"], line["open"]) == ("LP101", 1)
    (line,) = client.get("/api/v1/trends/account").json()["data"]
    assert (line["key"], line["label"]) == (filled.account.aws_id, filled.account.name)
    assert set(client.get("/api/v1/rules/LP101").json()) == set(rows.Rule.model_fields)


def test_trends_tell_what_of_a_rise_is_only_known_now(filled: Made, reader: Any) -> None:
    client = reader()
    found = client.get("/api/v1/trends?days=7").json()
    assert (found["score_change"], found["score_learned"]) == (None, 0)
    today = timezone.now().date()
    for days, score, unknown in ((6, 62_000, 30_000), (0, 98_000, 0)):
        AccountDay.objects.create(
            account=filled.account, day=today - timedelta(days=days), gap=0 if days else 6, score=score, decided=0,
            unknown=unknown, rules=9, lost={"KY101": [0, 0, 100_000 - score]},
        )  # fmt: skip
    found = client.get("/api/v1/trends?days=7").json()
    assert (found["score_change"], found["score_learned"]) == (36, 30)


def test_rules_count_what_is_seen_or_one_account(filled: Made, elsewhere: Made, reader: Any) -> None:
    elsewhere.finding(subject="theirs")
    client = reader()

    def found(path: str) -> int:
        return {rule["code"]: rule["findings"] for rule in client.get(path).json()["data"]}["LP101"]

    whole = client.get("/api/v1/findings?rule=LP101&tab=open").json()["data"]
    assert found("/api/v1/rules") == client.get("/api/v1/rules/LP101").json()["findings"] == len(whole)
    assert found(f"/api/v1/rules?account={elsewhere.account.aws_id}") == 1


def test_pages_hold_every_row_once_in_the_list_s_order(made: Made, reader: Any) -> None:
    for n in range(7):
        made.finding(subject=f"role-{n}", severity=1 + n % 3, at=AS_OF + timedelta(hours=n))
    client, url, pages = reader(), "/api/v1/findings?limit=3&fields=subject_id,severity", []
    while url:
        answer = client.get(url).json()
        pages.append(answer["data"])
        url = answer["next"]
    assert [len(page) for page in pages] == [3, 3, 1]
    order = [row["subject_id"] for page in pages for row in page]
    expected = Finding.objects.order_by("-severity", "-opened_at", "-id").values_list("subject_id", flat=True)
    assert order == list(expected)


def test_a_page_of_the_pages_narrows_the_same_here(made: Made, reader: Any) -> None:
    made.finding(subject="a", severity=5)
    made.finding("KY102", subject="b", severity=2, resolved_at=AS_OF, resolved_why="clear", status="resolved")
    client = reader()
    found = {
        asked: [row["subject_id"] for row in client.get(f"/api/v1/findings?{asked}").json()["data"]]
        for asked in ("", "severity=low", "tab=resolved", "tab=all&practice=KY&practice=LP", "q=LP101", "q=nothing")
    }
    assert found == {
        "": ["a"], "severity=low": [], "tab=resolved": ["b"], "tab=all&practice=KY&practice=LP": ["a", "b"],
        "q=LP101": ["a"], "q=nothing": [],
    }  # fmt: skip


def test_one_row_is_the_list_s_and_may_be_cut(made: Made, reader: Any) -> None:
    finding = made.finding(subject="a")
    client = reader()
    (row,) = client.get("/api/v1/findings").json()["data"]
    assert client.get(f"/api/v1/findings/{finding.pk}").json() == row
    assert client.get(f"/api/v1/findings/{finding.pk}?fields=rule,title").json() == {
        "rule": "LP101",
        "title": row["title"],
    }


@pytest.mark.parametrize(
    "path", ["findings/0", "findings/999999999999999999999", "principals/000000000001/x", "keys/1/a/b"]
)
def test_what_is_not_there_is_not_there(path: str, made: Made, reader: Any) -> None:
    assert reader().get(f"/api/v1/{path}").status_code == 404


def test_an_unchanged_answer_is_not_sent_again_and_a_changed_one_is(made: Made, reader: Any) -> None:
    client = reader()
    first = client.get("/api/v1/findings")
    again = client.get("/api/v1/findings", headers={"if-none-match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == "no-store, private"
    made.finding()
    changed = client.get("/api/v1/findings", headers={"if-none-match": first.headers["ETag"]})
    assert (changed.status_code, len(changed.json()["data"])) == (200, 1)


def test_hostile_text_stays_text(made: Made, reader: Any) -> None:
    name = "</script>\u202e=HYPERLINK()'\"&\u0007"
    made.finding(subject=name)
    response = reader().get("/api/v1/findings", {"q": "HYPERLINK"})
    assert response.json()["data"][0]["subject_name"] == name
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["findings", "principals", "keys", "accounts", "coverage", "rules", "trends", "trends/rule"]
)
def test_the_number_of_queries_does_not_grow_with_rows(path: str, filled: Made, elsewhere: Made, reader: Any) -> None:
    client = reader()
    client.get(f"/api/v1/{path}")  # the hour's note of the token's use, and what is read once a process
    with CaptureQueriesContext(connection) as few:
        client.get(f"/api/v1/{path}")
    for n in range(3):
        role = elsewhere.role(f"r{n}", risk=1)
        elsewhere.finding(subject=role.unique_id)
    with CaptureQueriesContext(connection) as many:
        client.get(f"/api/v1/{path}")
    assert len(many) <= len(few) + 1  # owners and groups are asked for once there are findings
    assert len(many) <= 20


def test_every_parameter_of_the_document_is_one_that_is_read(db: None) -> None:
    every: list[tuple[Any, Any]] = [(one.filters, one.fields) for one, _ in LISTS.values()]
    for filters, fields in [*every, (trends.FILTERS, ()), (rules.FILTERS, ())]:
        said = {one["name"] for one in query.parameters(filters, fields)}
        more = {"limit", "fields", *query.of_list(filters)} if fields else set()
        assert said == {facet.name for facet in filters.facets} | more
    assert all(issubclass(one, ListPage) for one, _ in LISTS.values())
