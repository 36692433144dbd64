"""Changes: who changed what, when, from where, and how; one list of all that collections, Config and CloudTrail saw."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from collectors import records
from collectors.models import Account, Connection, Coverage, Version
from collectors.records import LOOKUP
from findings.models import Change, FindingEvent
from tests.builders import policy, role, user
from tests.findings.engine.inventory import put
from tests.pages import center
from tests.pages.acted import acted, changed, judged, put_together, said, told, watch
from tests.pages.making import BACKWARDS, FORMULA, SCRIPT, ago, finding

pytestmark = pytest.mark.django_db
Client = Callable[..., Any]
APP, DEPLOY, BOB, SECRETS = role("app"), role("deploy"), user("bob"), policy("secrets")
LIST = "/activity/changes/"


def shown(response: Any) -> list[str]:
    return [
        ", ".join(row.record.events) or row.record.entry.parts[0].row.name
        for row in response.context["list"].table.rows
    ]


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
    put_together(account)
    return account


def test_newest_first_with_who_how_and_of_what(sign_in: Client, busy: Account) -> None:
    response = sign_in().get(LIST)
    assert shown(response) == ["AttachRolePolicy", "CreatePolicy", "UpdateRole", "CreateAccessKey", "DeleteRole"]
    page, html = said(response), response.content.decode()
    assert "app role AttachRolePolicy secrets" in page
    assert "In the console 192.0.2.7: browser" in page
    assert "Infrastructure as code 192.0.2.7: terraform on macOS" in page
    assert "role · session ci" in page
    assert "CreateAccessKey, refused" in page
    assert "DeleteRole, failed: NoSuchEntity" in page
    assert f'href="/principals/{busy.aws_id}/{APP.unique_id}/"' in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("tab=hand", ["AttachRolePolicy", "CreateAccessKey"]),
        ("tab=denied", ["CreateAccessKey"]),
        ("tab=untold", []),
        ("how=code", ["CreatePolicy", "UpdateRole"]),
        ("how=service", ["DeleteRole"]),
        ("how=hand", ["CreateAccessKey"]),
        ("actor=role", ["CreatePolicy", "UpdateRole"]),
        ("outcome=done&days=7", ["AttachRolePolicy", "CreatePolicy", "UpdateRole"]),
        ("outcome=failed", ["DeleteRole"]),
        ("event=UpdateRole&event=CreatePolicy", ["CreatePolicy", "UpdateRole"]),
        ("what=key", ["CreateAccessKey"]),
        ("agent=browser", ["AttachRolePolicy"]),
        ("seen=trail&target=user", ["CreateAccessKey"]),
        ("days=30&target=role", ["AttachRolePolicy", "UpdateRole"]),
        (f"of={BOB.unique_id}", ["AttachRolePolicy", "CreateAccessKey"]),
        ("on=000000000001:role:app", ["AttachRolePolicy", "UpdateRole"]),
        (f"on=000000000001:role:{APP.unique_id}", ["AttachRolePolicy", "UpdateRole"]),
        ("on=000000000002:role:app", []),
        ("on=x", []),
        ("q=AKIABOB", ["CreateAccessKey"]),
        ("q=192.0.2.7&target=policy", ["CreatePolicy"]),
        ("q=role/deploy", ["CreatePolicy", "UpdateRole"]),
        ("q=OLD", ["DeleteRole"]),
        ("q=UpdateRole", ["UpdateRole"]),
        ("account=000000000009", []),
    ],
)
def test_search_and_facets(sign_in: Client, busy: Account, query: str, expected: list[str]) -> None:
    assert shown(sign_in().get(f"{LIST}?{query}")) == expected


def test_counts_of_facets_are_what_choosing_shows(sign_in: Client, busy: Account) -> None:
    client = sign_in()
    for view in client.get(LIST).context["list"].facets:
        for option in view.options:
            if option.option.n:
                assert client.get(f"{LIST}{option.url}").context["list"].total == option.option.n, option


def test_who_was_behind_its_session_is_said(sign_in: Client, busy: Account) -> None:
    judged(acted(busy, DEPLOY, "ci", days=2))
    judged(acted(busy, DEPLOY, "ci", days=9))
    lines = sign_in().get(f"{LIST}?export=jsonl").body.splitlines()
    assert [json.loads(line)["behind"] for line in lines] == [None, "a person", None, None, None]


@pytest.mark.parametrize(
    ("path", "about"),
    [
        (f"/principals/000000000001/{APP.unique_id}/", f"000000000001:role:{APP.unique_id}"),
        (f"/policies/000000000001/{SECRETS.unique_id}/", f"000000000001:policy:{SECRETS.unique_id}"),
        ("/accounts/000000000001/", ""),
    ],
)
def test_pages_tell_their_changes_and_lead_to_all(sign_in: Client, busy: Account, path: str, about: str) -> None:
    Connection.objects.create(account=busy)
    html = sign_in().get(path).content.decode()
    quoted = about.replace(":", "%3A")
    assert (f"{LIST}?on={quoted}" if about else f"{LIST}?account=000000000001&amp;days=30") in html


def test_between_two_collections(sign_in: Client, account: Account) -> None:
    """A tag that only collections saw; the page says when it may have been, and that nobody is named."""
    put(account, APP)
    seen = timezone.now().replace(hour=16, minute=0) - timedelta(days=1)
    Version.objects.update(seen_from=seen - timedelta(hours=6))
    put(account, records.from_json(records.Role, records.to_json(APP) | {"tags": {"team": "b"}}))
    Version.objects.filter(seen_to=None).update(seen_from=seen)
    Version.objects.exclude(seen_to=None).update(seen_to=seen)
    put_together(account)
    page = said(sign_in().get(f"/principals/{account.aws_id}/{APP.unique_id}/"))
    assert "tag team added: b" in page
    assert f"between {seen - timedelta(hours=6):%a %Y-%m-%d} 10:00 and 16:00" in page
    assert "unknown: CloudTrail was not read for this time" in page


def test_permission_sets_have_their_names(sign_in: Client, account: Account) -> None:
    center.told(account, center.permission_set("Dev"))
    known, unknown = center.arn("Dev"), center.arn("gone")
    for kind, name in (
        ("permission_set", known), ("permission_set", unknown), ("account_assignment", f"{known}/{account.aws_id}"),
        ("account_assignment", f"{unknown}/999999999999"),
    ):  # fmt: skip
        told(account, kind, name, name)
    rows = json.loads(sign_in().get(LIST, {"export": "json"}).body)
    names = [row["changed"][0]["name"] for row in rows]
    assert set(names) == {"Dev", "ps-gone", f"Dev in {account.name}", "ps-gone in 999999999999"}


def test_between_two_days(sign_in: Client, busy: Account) -> None:
    first, last = (ago(days=back).date().isoformat() for back in (3, 2))
    response = sign_in().get(LIST, {"from": first, "until": last, "how": "code"})
    assert shown(response) == ["CreatePolicy", "UpdateRole"]
    assert shown(sign_in().get(LIST, {"from": first, "until": ""})) == [
        "AttachRolePolicy",
        "CreatePolicy",
        "UpdateRole",
    ]
    page = response.content.decode()
    assert f'name="from" value="{first}"' in page
    assert '<input type="hidden" name="how" value="code">' in page
    assert shown(sign_in().get(LIST, {"from": "yesterday"}))[0] == "AttachRolePolicy"


EFFECT = {
    "n": 2,
    "levels": {"Write": 2},
    "services": ["s3"],
    "examples": ["s3:PutObject"],
    "on": ["2 on arn:aws:s3:::x/*"],
}

SAID = (
    "gained 2 actions of s3 (Write 2)", "lost 2 actions", "s3:PutObject", "may assume it now: arn:aws:iam::1:root",
    "may no longer assume it: lambda", "unknown: no policy", "Role app is unused",
)  # fmt: skip


def test_effect_trust_and_findings(sign_in: Client, account: Account) -> None:
    put(account, APP)
    told_of = {
        "gained": EFFECT,
        "lost": EFFECT,
        "admits": ["arn:aws:iam::1:root"],
        "shuts": ["lambda"],
        "unknown": "no policy",
    }
    one = told(account, "role", APP.unique_id, "app", told=told_of, opened=1)
    found = finding(account, subject_id=APP.unique_id, subject_name="app", title="Role app is unused")
    FindingEvent.objects.create(account=account, finding=found, at=one.at, kind="opened", change=one)
    for path in (LIST, f"{LIST}{one.pk}/", f"/principals/{account.aws_id}/{APP.unique_id}/"):
        page = said(sign_in().get(path))
        for text in SAID:
            assert text in page, (path, text)


def test_documents_before_and_after(sign_in: Client, account: Account) -> None:
    first = {"Statement": [{"Sid": "Same", "Effect": "Allow"}, {"Sid": "Old", "Effect": "Allow", "Action": "s3:Get*"}]}
    second = {"Statement": [{"Sid": "Same", "Effect": "Allow"}, {"Sid": "Old", "Effect": "Allow", "Action": SCRIPT}]}
    for body in (first, second):
        account.document_set.create(digest=records.digest(body), body=body)
    line = {"what": "policy", "text": "changed", "before": records.digest(first), "after": records.digest(second)}
    lost = {"what": "policy", "text": "inline policy x changed", "before": records.digest(first), "after": "gone"}
    one = told(account, "policy", "ANPA1", "p", lines=[line, lost])
    response = sign_in().get(f"{LIST}{one.pk}/")
    html, page = response.content.decode(), said(response)
    assert "a statement that stayed" in page
    assert SCRIPT not in html
    assert "-  &quot;Action&quot;: &quot;s3:Get*&quot;" in html
    assert "unknown: the document was not collected" in page
    assert [[row.state for row in diff.rows] for diff in response.context["diffs"]] == [["same", "changed"], []]


def test_a_deploy_unfolds(sign_in: Client, account: Account) -> None:
    for n in range(5):
        changed(account, DEPLOY, "CreateUser", "user", f"u{n}", days=3 + n / 3000, agent="terraform")
    put_together(account)
    response = sign_in().get(LIST)
    (row,) = response.context["list"].table.rows
    assert (row.record.n_entities, row.record.n_calls) == (5, 5)
    assert "and 2 more" in said(response)
    calls = said(sign_in().get(f"{LIST}{row.record.pk}/"))
    assert "u4 and 4 more" in calls
    assert calls.count("CreateUser") >= 10


def test_findings_alone_have_their_tab(sign_in: Client, account: Account) -> None:
    told(
        account,
        "role",
        "AROA1",
        "app",
        how="time",
        what=["finding"],
        lines=[{"what": "finding", "text": "LP101 opened"}],
    )
    client = sign_in()
    assert shown(client.get(LIST)) == []
    assert shown(client.get(f"{LIST}?tab=findings")) == ["app"]
    assert "No change was seen" in said(client.get(LIST))


def test_without_an_account_the_first_step_is_named(db: None, sign_in: Client) -> None:
    page = sign_in().get(LIST).content.decode()
    assert "No account is connected" in page
    assert 'href="/accounts/">Connect an account' in page
    assert "No change was seen" not in page


def test_where_names_are_looked_up_only_these_are_known(
    sign_in: Client, account: Account, other_account: Account
) -> None:
    Coverage.objects.create(
        account=account, source="event_lookup", api=LOOKUP, state="complete", observed_at=ago(days=0)
    )
    client = sign_in()
    page = said(client.get(LIST))
    assert "No change was seen" in page
    assert "Of 1 of 2 accounts, changes to IAM and to trails were looked up by name" in page
    told(account, "user", "AIDA1", "bob")
    assert "Of 1 account no trail is read" in said(client.get(LIST))
    Coverage.objects.update(state="denied")
    assert "no trail is read" not in said(client.get(LIST))


def test_exports_and_old_ones(sign_in: Client, account: Account) -> None:
    changed(account, BOB, FORMULA, "role", FORMULA, network=FORMULA)
    changed(account, BOB, "Old", days=91)
    put_together(account)
    (row,) = csv.DictReader(io.StringIO(sign_in().get(f"{LIST}?export=csv").body.decode(), newline=""))
    assert row["network"] == f"'{FORMULA}"
    assert json.loads(row["changed"])[0]["name"] == FORMULA


def test_hostile_names_are_said(sign_in: Client, account: Account) -> None:
    for n, text in enumerate((SCRIPT, BACKWARDS, "\x1b[31mred")):
        changed(
            account, text, text, "role", text, details={text: text, "policy_arn": text}, network=text,
            agent=f"other: {text}", error=text, source=text, session_name=text, key_id=text[:32], days=n + 1,
        )  # fmt: skip
    put_together(account)
    client = sign_in()
    for path in (LIST, f"{LIST}{Change.objects.earliest('at').pk}/", f"{LIST}{Change.objects.latest('at').pk}/"):
        html = client.get(path).content.decode()
        assert SCRIPT not in html
        assert "\u202e" not in html
        assert "\x1b" not in html
    assert "&lt;script&gt;" in client.get(LIST).content.decode()


def test_other_accounts_changes_are_not_there(sign_in: Client, busy: Account, other_account: Account) -> None:
    client = sign_in(accounts=[other_account])
    for query in ("", f"?of={BOB.unique_id}", "?on=000000000001:role:app", "?q=bob"):
        assert shown(client.get(f"{LIST}{query}")) == []
    assert client.get(f"{LIST}?export=jsonl").body == b""
    assert client.get(f"{LIST}{Change.objects.first().pk}/").status_code == 404  # type: ignore[union-attr]


def test_a_list_takes_a_fixed_number_of_queries(
    sign_in: Client, busy: Account, django_assert_max_num_queries: Any
) -> None:
    client = sign_in()
    client.get(LIST)
    for n in range(20):
        changed(busy, one := role(f"r{n}"), "UpdateRole", "role", one.name, days=n)
    put_together(busy)
    with django_assert_max_num_queries(QUERIES):
        client.get(LIST)
    with django_assert_max_num_queries(58):  # of all its sections, and that its documents were read
        client.get(f"/principals/{busy.aws_id}/{APP.unique_id}/")


# Transaction, role and read-only: 4; session and operator: 2; ids, tabs, rows: 3; entities, pages, calls, findings, callers,
# verdicts: 7; names of networks: 2; facets: 10; what was watched and looked up: 3; frame: 2; the test client's own role: 2.
QUERIES = 35


def test_what_collections_saw_at_once_is_one_row_that_unfolds(account: Account, sign_in: Client) -> None:
    """A finding after it, or another kind of thing, keeps a row by itself; an export has each."""
    alone = {"how": "untold", "untold": "CloudTrail is not read"}
    many = [told(account, "account_assignment", f"a{n}", f"Dev in {n}", **alone) for n in range(3)]
    more = [
        told(account, "account_assignment", "a9", "Ops in 9", opened=1, **alone),
        told(account, "user", "b", "bob", **alone),
    ]
    Change.objects.update(at=ago(days=3), since=ago(days=4), exact=False)
    page = sign_in().get(LIST)
    assert shown(page) == ["bob", "Ops in 9", "Dev in 2"]
    assert "5 changes" in said(page)
    assert "and 2 more like it" in said(page)
    assert all(f"{LIST}{one.pk}/" in page.content.decode() for one in many + more)
    assert len(sign_in().get(LIST, {"export": "jsonl"}).body.splitlines()) == 5
    Connection.objects.get_or_create(account=account, defaults={"kind": "ambient"})
    assert said(sign_in().get(f"/accounts/{account.aws_id}/")).count("more like it") == 1


def test_a_change_that_is_not_told_any_more_leads_to_the_list(sign_in: Any) -> None:
    response = sign_in().get("/activity/changes/12345/")
    assert response.status_code == 404
    assert b'href="/activity/changes/"' in response.content
    assert b"This change is not told any more" in response.content
