"""Who did what, day by day, and on which resources: the lists of CloudTrail's use."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from collectors.models import Account, UsageDaily
from collectors.records import TRAIL
from tests.builders import role, user
from tests.findings.engine.inventory import put
from tests.pages.acted import acted, judged, named, said, used, watch
from tests.pages.making import BACKWARDS, FORMULA, SCRIPT, ago

pytestmark = pytest.mark.django_db
Client = Callable[..., Any]
APP, BOB = role("app"), user("bob")
LISTS = ["did", "days", "resources", "buckets", "changes"]
LOGS, KEY = "arn:aws:s3:::logs", "arn:aws:kms:eu-west-1:000000000001:key/1"


def names(response: Any) -> list[str]:
    """The rows: who and what."""
    rows = (row.record for row in response.context["list"].table.rows)
    return [f"{row.principal.arn.rpartition('/')[2] or row.principal.unique_id} {row.event.name}" for row in rows]


@pytest.fixture
def busy(account: Account) -> Account:
    put(account, APP, BOB)
    watch(account)
    used(account, APP, "s3 PutObject", days=1, n=50)
    used(account, APP, "s3 PutObject", days=20)
    used(account, APP, "iam CreateAccessKey", days=10, n=4, denied=4)
    used(account, BOB, "ec2 RunInstances", days=40, key="AKIABOB", n=7, denied=2)
    named(account, APP, "s3 PutObject", f"{LOGS}/2026/*", days=1)
    named(account, BOB, "kms Decrypt", KEY, days=9, denied=10)
    return account


@pytest.mark.parametrize("name", LISTS)
def test_what_was_not_read_is_unknown_and_what_to_do_is_told(sign_in: Client, account: Account, name: str) -> None:
    client = sign_in()
    page = said(client.get(f"/activity/{name}/"))
    assert (
        "who did what: CloudTrail's events are not read" if name == "changes" else "Unknown: CloudTrail is not read"
    ) in page
    assert "s3:ListBucket and s3:GetObject on the prefix" in page
    watch(account, "denied")
    assert f"{TRAIL} was denied; it needs the permission {TRAIL}" in said(client.get(f"/activity/{name}/"))
    account.delete()
    assert "No account is connected" in said(client.get(f"/activity/{name}/"))


@pytest.mark.parametrize("name", LISTS)
def test_silence_says_since_when_it_was_watched(sign_in: Client, account: Account, name: str) -> None:
    watch(account)
    page = said(sign_in().get(f"/activity/{name}/"))
    assert "CloudTrail is read since 2 mo ago" in page
    assert "Unknown" not in page


def test_rows_of_a_source_that_was_denied_since_are_not_all(sign_in: Client, account: Account) -> None:
    watch(account, "denied")
    used(account, APP, "s3 PutObject")
    for name in ("did", "days"):
        assert f"There may be more: {TRAIL} was denied" in said(sign_in().get(f"/activity/{name}/"))


def test_who_did_what_with_the_last_time_and_what_was_denied(sign_in: Client, busy: Account) -> None:
    response = sign_in().get("/activity/did/")
    assert names(response) == ["app PutObject", "app CreateAccessKey", "bob RunInstances"]
    page = said(response)
    assert "every call was denied" in page
    assert "7 2 denied" in page
    html = response.content.decode()
    assert f'href="/principals/{busy.aws_id}/{APP.unique_id}/"' in html
    assert f"/activity/days/?of={APP.unique_id}&amp;event=s3.amazonaws.com%3APutObject" in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("did/?tab=denied", ["app CreateAccessKey"]),
        ("did/?outcome=denied", ["app CreateAccessKey", "bob RunInstances"]),
        ("did/?outcome=allowed", ["app PutObject", "bob RunInstances"]),
        ("did/?days=7", ["app PutObject"]),
        ("did/?sort=-n", ["app PutObject", "bob RunInstances", "app CreateAccessKey"]),
        ("did/?sort=first", ["bob RunInstances", "app CreateAccessKey", "app PutObject"]),
        ("did/?q=createaccess", ["app CreateAccessKey"]),
        ("did/?q=iam:CreateAccessKey", ["app CreateAccessKey"]),
        ("did/?q=ec2", ["bob RunInstances"]),
        ("did/?q=user/bob", ["bob RunInstances"]),
        (f"did/?of={BOB.unique_id}", ["bob RunInstances"]),
        ("did/?source=s3.amazonaws.com", ["app PutObject"]),
        ("did/?event=s3.amazonaws.com:PutObject", ["app PutObject"]),
        ("did/?event=s3.amazonaws.com", []),
        ("did/?account=000000000009", []),
        ("days/", ["app PutObject", "app CreateAccessKey", "app PutObject", "bob RunInstances"]),
        ("days/?days=7", ["app PutObject"]),
        ("days/?key=AKIABOB", ["bob RunInstances"]),
        ("days/?how=console", []),
        (f"days/?day={ago(days=1):%Y-%m-%d}", ["app PutObject"]),
        (f"days/?week={ago(days=45):%Y-%m-%d}", ["bob RunInstances"]),
        ("resources/", ["app PutObject", "bob Decrypt"]),
        ("resources/?q=key/1", ["bob Decrypt"]),
        (f"resources/?on={KEY}", ["bob Decrypt"]),
        ("resources/?outcome=allowed", ["app PutObject"]),
        ("buckets/", ["app PutObject"]),
    ],
)
def test_search_and_facets(sign_in: Client, busy: Account, query: str, expected: list[str]) -> None:
    assert names(sign_in().get(f"/activity/{query}")) == expected


@pytest.mark.parametrize(
    "query", ["day=2026-13-01", "day=20261101", "week=0001-01-01", "source=%00", "key=" + "x" * 1025]
)
def test_what_means_nothing_is_said(sign_in: Client, busy: Account, query: str) -> None:
    response = sign_in().get(f"/activity/days/?{query}")
    assert len(names(response)) == 4
    assert "ignored" in said(response)


@pytest.mark.parametrize("name", [name for name in LISTS if name != "changes"])
def test_counts_of_facets_are_what_choosing_shows(sign_in: Client, busy: Account, name: str) -> None:
    client = sign_in()
    for view in client.get(f"/activity/{name}/").context["list"].facets:
        for option in view.options:
            assert client.get(f"/activity/{name}/{option.url}").context["list"].total == option.option.n, option


def test_a_session_leads_to_what_was_done_on_its_day(sign_in: Client, busy: Account) -> None:
    judged(acted(busy, BOB, days=40, key="AKIABOB"))
    client = sign_in()
    day = f"{ago(days=40):%Y-%m-%d}"
    url = f"/activity/days/?of={BOB.unique_id}&day={day}&key=AKIABOB"
    assert url.replace("&", "&amp;") in client.get("/activity/").content.decode()
    response = client.get(url)
    assert names(response) == ["bob RunInstances"]
    assert "other sessions of this principal" in said(response)


def test_pages_go_on_where_they_ended(sign_in: Client, account: Account) -> None:
    """Also by a key of several columns, and where many rows are of one moment."""
    for n in range(60):
        used(account, APP, f"s3 Call{n}", days=1)
        named(account, APP, "s3 GetObject", f"{LOGS}{n}", last_at=ago(days=1).replace(microsecond=0))
    UsageDaily.objects.update(last_at=ago(days=1))
    client = sign_in()
    for name in ("did", "days", "resources"):
        first = client.get(f"/activity/{name}/")
        second = client.get(f"/activity/{name}/{first.context['list'].next_url}")
        pages = [[row.record.pk for row in page.context["list"].table.rows] for page in (first, second)]
        assert [len(page) for page in pages] == [50, 10]
        assert len(set(pages[0] + pages[1])) == 60
        back = client.get(f"/activity/{name}/{second.context['list'].previous_url}")
        assert [row.record.pk for row in back.context["list"].table.rows] == pages[0]
        assert client.get(f"/activity/{name}/?after=x").status_code == 400


def test_exports(sign_in: Client, busy: Account) -> None:
    client = sign_in()
    used(busy, role(FORMULA), f"s3 {FORMULA}", days=0)
    rows = list(csv.DictReader(io.StringIO(client.get("/activity/did/?export=csv").body.decode(), newline="")))
    assert [row["event_name"] for row in rows] == [f"'{FORMULA}", "PutObject", "CreateAccessKey", "RunInstances"]
    assert (rows[2]["calls"], rows[2]["denied"], rows[2]["used_at"]) == ("4", "4", "")
    (line,) = client.get("/activity/days/?export=jsonl&key=AKIABOB").body.splitlines()
    assert json.loads(line)["how"] == "Program or key"
    (line,) = client.get("/activity/buckets/?export=jsonl").body.splitlines()
    assert json.loads(line)["resource"] == f"{LOGS}/2026/*"


def test_hostile_names_are_said(sign_in: Client, account: Account) -> None:
    for text in (SCRIPT, BACKWARDS, "\x1b[31mred"):
        used(account, text, f"s3 {text}")
        named(account, text, f"s3 {text}", f"arn:aws:s3:::{text}")
    client = sign_in()
    for name in ("did", "days", "resources", "buckets"):
        html = client.get(f"/activity/{name}/").content.decode()
        assert SCRIPT not in html
        assert "&lt;script&gt;" in html
        assert "\u202e" not in html
        assert "\x1b" not in html


def test_other_accounts_are_not_there(sign_in: Client, busy: Account, other_account: Account) -> None:
    client = sign_in(accounts=[other_account])
    for name in ("did", "days", "resources", "buckets"):
        for query in (
            "",
            f"?of={APP.unique_id}",
            "?q=app",
            "?event=s3.amazonaws.com:PutObject",
            f"?account={busy.aws_id}",
        ):
            assert names(client.get(f"/activity/{name}/{query}")) == []
        assert client.get(f"/activity/{name}/?export=jsonl").body == b""


@pytest.mark.parametrize(("name", "queries"), [("did", 18), ("days", 18), ("resources", 18), ("buckets", 19)])
def test_a_list_takes_a_fixed_number_of_queries(
    sign_in: Client, busy: Account, django_assert_num_queries: Any, name: str, queries: int
) -> None:
    client = sign_in()
    client.get(f"/activity/{name}/")
    for n in range(20):
        used(busy, one := role(f"r{n}"), f"s3 Call{n}")
        named(busy, one, f"s3 Call{n}", f"{LOGS}{n}")
    with django_assert_num_queries(queries):
        client.get(f"/activity/{name}/")
