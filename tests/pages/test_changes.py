"""Changes to IAM: who changed what, when, from where, and how."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from collectors.models import Account, Coverage
from collectors.records import LOOKUP
from tests.builders import arn, policy, role, user
from tests.findings.engine.inventory import put
from tests.pages.acted import acted, changed, judged, said, watch
from tests.pages.making import BACKWARDS, FORMULA, SCRIPT, ago

pytestmark = pytest.mark.django_db
Client = Callable[..., Any]
APP, DEPLOY, BOB, SECRETS = role("app"), role("deploy"), user("bob"), policy("secrets")


def shown(response: Any) -> list[str]:
    return [row.record.name for row in response.context["list"].table.rows]


@pytest.fixture
def busy(account: Account) -> Account:
    put(account, APP, DEPLOY, BOB, SECRETS)
    watch(account)
    changed(
        account, BOB, "AttachRolePolicy", days=1, details={"policy_arn": SECRETS.arn}, console=True, agent="browser"
    )
    changed(account, DEPLOY, "CreatePolicy", "policy", "secrets", days=2, session_name="ci", agent="terraform on macOS")
    changed(account, DEPLOY, "UpdateRole", days=3, invoked_by="cloudformation.amazonaws.com", agent="aws-service")
    changed(
        account, BOB, "CreateAccessKey", "user", "bob", days=20, error="AccessDenied", denied=True, key_id="AKIABOB"
    )
    changed(
        account,
        "sso.amazonaws.com",
        "DeleteRole",
        "role",
        "old",
        days=40,
        invoked_by="sso.amazonaws.com",
        error="NoSuchEntity",
    )
    return account


def test_newest_first_with_who_how_and_of_what(sign_in: Client, busy: Account) -> None:
    response = sign_in().get("/activity/changes/")
    assert shown(response) == ["AttachRolePolicy", "CreatePolicy", "UpdateRole", "CreateAccessKey", "DeleteRole"]
    page, html = said(response), response.content.decode()
    assert f"iam; policy arn {SECRETS.arn}" in page
    assert "Console 192.0.2.7 : browser" in page
    assert "Infrastructure as code 192.0.2.7 : terraform on macOS" in page
    assert "role · session ci" in page
    assert "CreateAccessKey denied" in page
    assert "failed: NoSuchEntity" in page
    for url in (f"principals/{busy.aws_id}/{APP.unique_id}", f"policies/{busy.aws_id}/{SECRETS.unique_id}"):
        assert f'href="/{url}/"' in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("tab=console", ["AttachRolePolicy"]),
        ("tab=denied", ["CreateAccessKey"]),
        ("how=code", ["CreatePolicy", "UpdateRole"]),
        ("how=service", ["DeleteRole"]),
        ("how=program", ["CreateAccessKey"]),
        ("actor=role", ["CreatePolicy", "UpdateRole"]),
        ("outcome=done&days=7", ["AttachRolePolicy", "CreatePolicy", "UpdateRole"]),
        ("outcome=denied", ["CreateAccessKey"]),
        ("outcome=failed", ["DeleteRole"]),
        ("event=UpdateRole&event=CreatePolicy", ["CreatePolicy", "UpdateRole"]),
        ("target=user", ["CreateAccessKey"]),
        ("days=30&target=role", ["AttachRolePolicy", "UpdateRole"]),
        (f"of={BOB.unique_id}", ["AttachRolePolicy", "CreateAccessKey"]),
        ("on=000000000001:role:app", ["AttachRolePolicy", "UpdateRole"]),
        ("on=000000000002:role:app", []),
        (f"on=000000000001:policy:{SECRETS.arn}", ["AttachRolePolicy", "CreatePolicy"]),
        ("on=x", []),
        ("q=AKIABOB", ["CreateAccessKey"]),
        ("q=192.0.2.7&target=policy", ["CreatePolicy"]),
        ("q=role/deploy", ["CreatePolicy", "UpdateRole"]),
        ("q=OLD", ["DeleteRole"]),
        ("account=000000000009", []),
    ],
)
def test_search_and_facets(sign_in: Client, busy: Account, query: str, expected: list[str]) -> None:
    assert shown(sign_in().get(f"/activity/changes/?{query}")) == expected


def test_counts_of_facets_are_what_choosing_shows(sign_in: Client, busy: Account) -> None:
    client = sign_in()
    for view in client.get("/activity/changes/").context["list"].facets:
        for option in view.options:
            assert client.get(f"/activity/changes/{option.url}").context["list"].total == option.option.n, option


def test_each_way_is_one_of_four_and_said_as_it_is_counted(sign_in: Client, busy: Account) -> None:
    client = sign_in()
    page = client.get("/activity/changes/")
    for label in ("Console", "Infrastructure as code", "An AWS service", "CLI, SDK or program"):
        (option,) = [o for view in page.context["list"].facets for o in view.options if o.option.label == label]
        rows = [
            json.loads(line) for line in client.get(f"/activity/changes/{option.url}&export=jsonl").body.splitlines()
        ]
        assert {row["how"] for row in rows} == {label}
        assert len(rows) == option.option.n


def test_who_was_behind_its_session_is_said(sign_in: Client, busy: Account) -> None:
    judged(acted(busy, DEPLOY, "ci", days=2))
    judged(acted(busy, DEPLOY, "ci", days=9))
    lines = sign_in().get("/activity/changes/?export=jsonl").body.splitlines()
    assert [json.loads(line)["behind"] for line in lines] == [None, "a person", None, None, None]


@pytest.mark.parametrize(
    ("path", "about"),
    [
        (f"/principals/000000000001/{APP.unique_id}/", "000000000001:role:app"),
        (f"/principals/000000000001/{BOB.unique_id}/", "000000000001:user:bob"),
        (f"/policies/000000000001/{SECRETS.unique_id}/", f"000000000001:policy:{arn('policy', 'secrets')}"),
    ],
)
def test_pages_lead_to_their_changes(sign_in: Client, busy: Account, path: str, about: str) -> None:
    html = sign_in().get(path).content.decode()
    quoted = about.replace(":", "%3A").replace("/", "%2F")
    assert f"/activity/changes/?on={quoted}" in html


def test_where_names_are_looked_up_only_these_are_known(
    sign_in: Client, account: Account, other_account: Account
) -> None:
    Coverage.objects.create(
        account=account, source="event_lookup", api=LOOKUP, state="complete", observed_at=ago(days=0)
    )
    client = sign_in()
    page = said(client.get("/activity/changes/"))
    assert "No change to IAM was seen" in page
    assert "Of 1 of 2 accounts, changes to IAM and to trails were looked up by name" in page
    changed(account, BOB, "CreateUser")
    assert "Of 1 account no trail is read" in said(client.get("/activity/changes/"))
    Coverage.objects.update(state="denied")
    assert "no trail is read" not in said(client.get("/activity/changes/"))


def test_exports_and_old_ones(sign_in: Client, account: Account) -> None:
    changed(account, BOB, FORMULA, "role", FORMULA)
    changed(account, BOB, "Old", days=91)
    (row,) = csv.DictReader(io.StringIO(sign_in().get("/activity/changes/?export=csv").body.decode(), newline=""))
    assert row["target_name"] == f"'{FORMULA}"


def test_hostile_names_are_said(sign_in: Client, account: Account) -> None:
    for text in (SCRIPT, BACKWARDS, "\x1b[31mred"):
        changed(
            account, text, text, "role", text, details={text: text}, network=text, agent=f"other: {text}", error=text,
            source=text, session_name=text, key_id=text[:32],
        )  # fmt: skip
    html = sign_in().get("/activity/changes/").content.decode()
    assert SCRIPT not in html
    assert "&lt;script&gt;" in html
    assert "\u202e" not in html
    assert "\x1b" not in html


def test_other_accounts_changes_are_not_there(sign_in: Client, busy: Account, other_account: Account) -> None:
    client = sign_in(accounts=[other_account])
    for query in ("", f"?of={BOB.unique_id}", "?on=000000000001:role:app", "?q=bob"):
        assert shown(client.get(f"/activity/changes/{query}")) == []
    assert client.get("/activity/changes/?export=jsonl").body == b""


def test_a_list_takes_a_fixed_number_of_queries(sign_in: Client, busy: Account, django_assert_num_queries: Any) -> None:
    client = sign_in()
    client.get("/activity/changes/")
    for n in range(20):
        changed(busy, one := role(f"r{n}"), "UpdateRole", "role", one.name)
    with django_assert_num_queries(QUERIES):
        client.get("/activity/changes/")


# Transaction, role and read-only: 4; session and operator: 2; ids, tabs, rows: 3; who called, what was changed, verdicts: 4;
# names of networks: 2; facets: 7; what was watched and looked up: 3; frame: 2; the test client's own role: 2.
QUERIES = 29
