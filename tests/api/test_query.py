"""What is not understood is refused with the parameter and the next step: a filter that is passed over widens the answer."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.models import Account

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "asked",
    [
        "findings", "findings?tab=all&severity=high&severity=low&rule=LP101", "findings?account=000000000009&q=a",
        "findings?opened=2026-11-01..&sort=-since&limit=500&fields=id", "findings?on=2026-11-01&due=over",
        "principals?type=role&kind=human-user&boundary=no", "keys?age=old&use=never", "accounts?health=partial&kind=role",
        "coverage?state=denied&source=account&api=iam:GetAccountSummary", "rules?practice=LP&severity=high",
        "trends?days=30&account=000000000001", "trends/practice?days=7",
    ],
)  # fmt: skip
def test_what_is_understood_is_answered(asked: str, account: Account, reader: Any) -> None:
    response = reader().get(f"/api/v1/{asked}")
    assert response.status_code == 200, response.content


@pytest.mark.parametrize(
    ("asked", "parameter", "hint"),
    [
        ("findings?severty=high", "severty", "severity"),
        ("findings?severity=urgent", "severity", "critical, high, medium, low, info"),
        ("findings?severity=high&severity=urgent", "severity", "critical"),
        ("findings?severity=", "severity", "Leave severity out"),
        ("findings?rule=LP1", "rule", "[A-Z]"),
        ("findings?tab=mine", "tab", "open, new"),
        ("findings?tab=all&tab=open", "tab", ""),
        ("findings?sort=risk", "sort", "-severity"),
        ("findings?account=12", "account", "[0-9]{12}"),
        ("findings?account=000000000001&account=000000000002", "account", ""),
        ("findings?group=00000000-0000-0000-0000-000000000000", "group", ""),
        ("findings?on=2026-13-01", "on", ""),
        ("findings?opened=2026-11-01", "opened", "2026-11-01..2026-11-07"),
        ("findings?q=a%00b", "q", ""),
        ("findings?limit=0", "limit", "1 to 500"),
        ("findings?limit=501", "limit", "1 to 500"),
        ("findings?limit=%D9%A3", "limit", "1 to 500"),
        ("findings?fields=id,colour", "fields", "subject_arn"),
        ("findings?fields=id,", "fields", "subject_arn"),
        ("findings?after=bm90IG9uZQ", "after", "next"),
        ("findings?before=WzFd", "before", "after"),
        ("findings?export=csv", "export", "limit"),
        ("findings?cols=title", "cols", "limit"),
        ("findings?access_token=iamdash_x", "access_token", "limit"),
        ("accounts?severity=high", "severity", "health"),
        ("coverage?q=iam", "q", "state"),
        ("trends?by=rule", "by", "days"),
        ("trends?days=31", "days", "30"),
        ("trends?sort=most", "sort", "days"),
        ("rules?limit=3", "limit", "practice"),
        ("rules/LP101?severity=high", "severity", ""),
        ("openapi.json?pretty=1", "pretty", ""),
    ],
)
def test_what_is_not_is_refused(asked: str, parameter: str, hint: str, account: Account, reader: Any) -> None:
    response = reader().get(f"/api/v1/{asked}")
    said = response.json()
    assert response.status_code == said["status"] == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert said["parameter"] == parameter
    assert hint in said["hint"]
    assert said["detail"]
    assert said["hint"]


@pytest.mark.parametrize(("path", "parameter"), [("trends/colour", "by"), ("rules/ZZ999", "code")])
def test_a_path_that_names_nothing_says_what_there_is(path: str, parameter: str, reader: Any) -> None:
    response = reader().get(f"/api/v1/{path}")
    assert (response.status_code, response.json()["parameter"]) == (404, parameter)
    assert "/api/v1/" in response.json()["hint"]


def test_a_cursor_of_another_order_is_refused(account: Account, other_account: Account, reader: Any) -> None:
    from collectors.models import Connection

    for one in (account, other_account):
        Connection.objects.create(account=one)
    client = reader()
    following = client.get("/api/v1/accounts?limit=1").json()["next"]
    assert client.get(following).json()["next"] is None
    damaged = following.replace("after=", "after=A")
    assert client.get(damaged).status_code == 400
