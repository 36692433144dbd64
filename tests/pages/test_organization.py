"""The board of a connected organization: how far each of its accounts has come, and who is shown what."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from collectors.models import (
    Account,
    Connection,
    ConnectionTest,
)
from collectors.onboarding import Status
from findings.models import RuleState, Unknown
from iamdash.access.models import Role
from tests.builders import unit
from tests.collectors.organized import ORGANIZATION, TREE, decide, listed, number, tell
from tests.conftest import AS_OF, WebClient
from tests.pages import joined
from tests.pages.joined import BOARD, INDEX, covered, rows, statuses, tick
from tests.pages.making import HOSTILE, SCRIPT, finding
from tests.pages.shown import text

pytestmark = pytest.mark.django_db
management, admin = joined.management, joined.admin


def test_the_board_tells_each_account_s_status_and_next_step(management: Account, admin: WebClient) -> None:
    tell(management, *(listed(n) for n in range(1, 8)), listed(11, state="SUSPENDED"), listed(12, state="NEW_STATE"))
    decide(management, left_out=[number(7)])
    tick()
    covered(1)
    covered(2)
    covered(2, "denied", "iam:ListRoles", permission="iam:ListRoles", detail="AccessDenied: no")
    covered(3, "denied", permission="sts:AssumeRole", detail="AccessDenied: not this one")
    covered(4, "denied", permission="sts:AssumeRole", detail="The hub role arn:x could not be assumed: AccessDenied")
    covered(5, "error", detail="ConnectionError")
    tell(management, *(listed(n) for n in range(1, 7)), listed(11, state="SUSPENDED"), listed(12, state="NEW_STATE"))
    Connection.objects.filter(account__aws_id=number(6)).update(enabled=False)
    assert statuses(admin) == {
        "9": "by_hand", "1": "collected", "2": "denied", "3": "waiting", "4": "waiting", "5": "partial",
        "6": "paused", "11": "frozen", "12": "undecided",
    }  # fmt: skip
    shown = text(admin.get(BOARD))
    for words in (
        "Grant iam:ListRoles",
        "let the StackSet deploy to this account. AccessDenied: not this one",
        "The hub role lets the worker not in: deploy its template.",
        "iam:GetAccountSummary gave no whole answer",
        "It is SUSPENDED: nothing is collected. It never joined.",
        "Organizations calls it NEW_STATE: it joins once it is ACTIVE.",
        "Kept as it is, with a role and an external id of its own.",
    ):
        assert words in shown
    assert statuses(admin, tab="todo") == {"2": "denied", "3": "waiting", "4": "waiting", "12": "undecided"}
    assert set(statuses(admin, status=["frozen", "paused"])) == {"6", "11"}
    assert set(statuses(admin, ou="r-1")) == {"9"}
    assert set(statuses(admin, q="account-3")) == {"3"}
    index = text(admin.get(INDEX))
    assert "2 waiting for the role" in index
    assert "1 denied" in index


def barred(n: int, permission: str, region: str = "") -> None:
    covered(n, "blocked_by_scp", permission, region=region, permission=permission, detail=f"AccessDenied: {permission}")


def test_the_board_tells_what_is_open_on_the_organization_itself(
    management: Account, other_account: Account, admin: WebClient
) -> None:
    tell(management, listed(1))
    decide(management)
    board = text(admin.get(BOARD))
    assert "What is open on the organization itself? 0 open" in board
    assert "unknown: it was not judged yet" in board
    of_it = {"subject_type": "organization", "subject_id": ORGANIZATION, "subject_name": ORGANIZATION}
    found = finding(
        other_account, "GR112", title="Root users are not managed centrally", **of_it
    )  # a delegate told of it
    finding(management, "GR112", title="Of another one", **of_it | {"subject_id": "o-other"})
    assert f'href="/findings/{found.pk}/"' in (page := admin.get(BOARD)).content.decode()
    assert "1 open" in text(page)
    assert "Of another one" not in text(page)
    found.delete()
    RuleState.objects.create(
        account=management, code="GR112", as_of=AS_OF, n_subjects=1, n_open=0, n_clear=0, n_unknown=1
    )
    Unknown.objects.create(
        account=management, code="GR112", subject_id=ORGANIZATION, reason="nobody may ask", since=AS_OF
    )
    assert "GR112 unknown: nobody may ask" in text(admin.get(BOARD))


def test_what_an_scp_bars_is_no_missing_grant_and_regions_that_it_closes_ask_nobody_to_act(
    management: Account, admin: WebClient
) -> None:
    tell(management, *(listed(n) for n in range(1, 6)))
    decide(management)
    tick()
    for n in (1, 2, 3):
        covered(n)
    barred(1, "iam:ListRoles")
    for region in ("us-east-1", "us-east-2"):
        barred(2, "config:DescribeConfigRules", region)
    barred(3, "iam:ListRoles")
    covered(3, "denied", "iam:ListUsers", permission="iam:ListUsers", detail="AccessDenied: no")
    barred(4, "sts:AssumeRole")
    covered(5)
    barred(5, "sts:AssumeRole")
    known = {"9": "by_hand", "1": "barred", "2": "partial", "3": "denied", "4": "waiting", "5": "barred"}
    assert statuses(admin) == known
    assert set(statuses(admin, tab="todo")) == {"1", "3", "4", "5"}
    shown = text(admin.get(BOARD))
    for words in (
        "A service control policy denies iam:ListRoles: let it spare the role.",
        "A service control policy closes us-east-1, us-east-2 to the role: what is there is not known.",
        "Grant iam:ListUsers. A service control policy denies iam:ListRoles: let it spare the role.",
        "A service control policy denies sts:AssumeRole to the worker: let it spare the role of the worker.",
        "The role was there and lets us in no more. AccessDenied: sts:AssumeRole",
    ):
        assert words in shown
    assert "Grant iam:ListRoles" not in shown
    assert "Grant config" not in shown


def test_what_froze_says_since_when_and_keeps_what_was_found(management: Account, admin: WebClient) -> None:
    tell(management, listed(1), listed(2), listed(3))
    decide(management, units=["ou-prod"])
    tick()
    covered(1)
    tell(management, listed(1, state="CLOSED"), listed(2, "ou-dev"))
    tick()
    assert statuses(admin) == {"9": "by_hand", "1": "frozen", "2": "not_chosen", "3": "frozen"}
    shown = text(admin.get(BOARD))
    assert "It is CLOSED: nothing is collected. Its history and findings stay as they were." in shown
    assert "It left the organization: nothing is collected." in shown
    assert "No longer chosen: nothing is collected, and its history stays." in shown
    assert all(rows(admin)[n].since for n in "123")
    page = text(admin.get(f"/accounts/{number(1)}/"))
    assert "Nothing is collected here since" in page
    assert "the account is CLOSED in its organization" in page
    assert "Suspended or being closed" in text(admin.get("/accounts/"))
    assert {a.name for a in admin.get("/accounts/", {"health": "held"}).context["list"].table.data.data} == {
        "account-1", "account-2", "account-3"
    }  # fmt: skip
    assert "is CLOSED in its organization" in text(admin.post(f"/accounts/{number(1)}/collect/", follow=True))


def test_a_teller_that_tells_of_another_organization_is_said_and_nothing_changes(
    management: Account, admin: WebClient
) -> None:
    tell(management, listed(1))
    decide(management)
    tick()
    tell(management, listed(2), organization="o-otherother")
    tick()
    assert f"no longer tells of {ORGANIZATION}" in text(admin.get(BOARD))
    assert Account.objects.filter(aws_id=number(1), membership__standing="chosen").exists()


def test_pausing_stops_and_resuming_goes_on(management: Account, admin: WebClient) -> None:
    tell(management, listed(1))
    decide(management)
    tick()
    admin.post(f"{BOARD}pause/")
    tick()
    assert statuses(admin)["1"] == Status.PAUSED
    assert "its organization" in text(admin.get(f"/accounts/{number(1)}/"))
    admin.post(f"{BOARD}pause/")
    tick()
    assert statuses(admin)["1"] == Status.FIRST


def test_the_proof_of_the_template_is_shown_and_can_be_asked_for(management: Account, admin: WebClient) -> None:
    tell(management, listed(1))
    decided = decide(management)
    assert "is proven once the first account is reached" in text(admin.get(BOARD))
    assert "No account joined yet" in text(admin.post(f"{BOARD}test/", follow=True))
    tick()
    assert admin.post(f"{BOARD}test/").url.startswith(f"/accounts/{number(1)}/")
    test = ConnectionTest.objects.get(template=decided.template)
    assert "is being proven in account-1" in text(admin.get(BOARD))
    check = {"what": "Assume the role without the external id", "ok": True, "detail": "", "permission": ""}
    for ok, said in ((True, "without the external id AWS refuses"), (False, "AWS did not refuse")):
        ConnectionTest.objects.filter(pk=test.pk).update(finished_at=timezone.now(), checks=[check | {"ok": ok}])
        assert said in text(admin.get(BOARD))
    ConnectionTest.objects.filter(pk=test.pk).update(checks=[check | {"what": "Assume arn", "ok": False}])
    assert "did not reach the account" in text(admin.get(BOARD))


def test_who_sees_one_account_sees_why_it_froze_and_nothing_of_the_others(management: Account, sign_in: Any) -> None:
    tell(management, listed(1), listed(2))
    decide(management)
    tick()
    tell(management, listed(1, state="SUSPENDED"), listed(2))
    tick()
    client = sign_in(Role.ADMIN, [Account.objects.get(aws_id=number(1))])
    shown = text(client.get(f"/accounts/{number(1)}/"))
    assert "is SUSPENDED in its organization" in shown
    assert ORGANIZATION not in shown
    assert "Suspended or being closed" in text(client.get("/accounts/"))
    assert client.get(BOARD).status_code == client.get(INDEX).status_code == 403


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST])
def test_only_admins_see_the_secret(management: Account, sign_in: Any, role: Role) -> None:
    tell(management, listed(1))
    decided = decide(management)
    tick()
    client = sign_in(role)
    for url in (INDEX, BOARD, f"/accounts/{number(1)}/"):
        assert decided.secret not in client.get(url).content.decode()


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_others_are_text(management: Account, admin: WebClient, name: str) -> None:
    tell(management, listed(1, name=name[:128]), tree=(*TREE, unit("ou-x", name=name[:128])))
    decide(management, units=["ou-x", "ou-prod"])
    tick()
    for url in (BOARD, f"{BOARD}change/", INDEX, f"{BOARD}?export=csv"):
        page = admin.get(url)
        body = getattr(page, "body", page.content if not page.streaming else b"").decode()
        assert SCRIPT not in body or "export" in url
        assert "\n=HYPERLINK" not in body


def test_the_board_s_queries_do_not_grow_and_it_pages_by_key(
    management: Account, admin: WebClient, django_assert_max_num_queries: Any
) -> None:
    tell(management, *(listed(n, name=f"account-{n:03}") for n in range(10, 130)))
    decide(management)
    tick()
    with django_assert_max_num_queries(30):
        first = admin.get(BOARD, {"sort": "status"})
    assert "121 accounts" in text(first)
    following = admin.get(BOARD + first.context["list"].next_url)
    seen = {r.unique_id for page in (first, following) for r in page.context["list"].table.data.data}
    assert len(seen) == 100


def test_an_export_holds_the_permission(management: Account, admin: WebClient) -> None:
    tell(management, listed(1))
    decide(management)
    tick()
    covered(1, "denied", "iam:ListRoles", permission="iam:ListRoles", complete_at=timezone.now() - timedelta(days=1))
    lines = [
        json.loads(line) for line in admin.get(BOARD, {"export": "jsonl", "q": "account-1"}).body.decode().splitlines()
    ]  # type: ignore[attr-defined]
    assert [(row["account"], row["status"], row["denied"]) for row in lines] == [(number(1), "denied", "iam:ListRoles")]
