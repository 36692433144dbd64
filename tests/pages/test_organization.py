"""Connecting a whole organization, and the board that says how far each of its accounts has come."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from collectors import joining
from collectors.models import (
    Account,
    Connection,
    ConnectionTest,
    Coverage,
    OrganizationConnection,
)
from collectors.onboarding import Status
from findings.config.export import export
from findings.config.sections import sections
from findings.config.whom import Places
from findings.models import DecidedSetting, Finding, RuleState, Unknown
from iamdash.access.models import AuditEntry, Role
from tests.builders import unit
from tests.collectors.organized import ORGANIZATION, TREE, decide, listed, manager, number, tell
from tests.conftest import AS_OF, WebClient, db_role
from tests.pages.making import HOSTILE, SCRIPT, finding
from tests.pages.shown import text

pytestmark = pytest.mark.django_db
INDEX = "/accounts/organization/"
BOARD = f"{INDEX}{ORGANIZATION}/"
CONNECT = f"{INDEX}connect/000000000009/"
GOOD = {
    "units": ["r-1"],
    "tags": "",
    "left_out": "",
    "joining": "on",
    "role_name": "iamdash-readonly",
    "hub_role_arn": "",
}


@pytest.fixture
def management(db: None) -> Account:
    return manager()


@pytest.fixture
def admin(sign_in: Any) -> WebClient:
    return sign_in(Role.ADMIN)  # type: ignore[no-any-return]


def tick() -> None:
    with db_role("iamdash_worker"):
        joining.join_all()


def covered(n: int, state: str = "complete", api: str = "iam:GetAccountSummary", **more: Any) -> None:
    now = timezone.now()
    complete = {"complete_at": now} if state == "complete" else {}
    account = Account.objects.get(aws_id=number(n))
    Coverage.objects.create(
        account=account, source="account", api=api, state=state, observed_at=now, **(complete | more)
    )


def rows(client: WebClient, **query: Any) -> dict[str, Any]:
    """By account id without its zeros."""
    table = client.get(BOARD, query).context["list"].table
    return {row.unique_id.lstrip("0"): row for row in table.data.data}


def statuses(client: WebClient, **query: Any) -> dict[str, str]:
    return {aws_id: row.status for aws_id, row in rows(client, **query).items()}


# What is said where nothing is there.


def test_without_any_account_the_first_step_and_the_permissions_are_named(admin: WebClient, sign_in: Any) -> None:
    shown = text(admin.get(INDEX))
    assert "Begin with the organization's management account" in shown
    assert "organizations:ListAccounts" in shown
    assert "Connect an account" in shown
    assert "An admin who sees all accounts can connect one" in text(sign_in(Role.VIEWER).get(INDEX))


def test_a_missing_permission_is_named_exactly(management: Account, admin: WebClient) -> None:
    Coverage.objects.create(
        account=management, source="organizations", api="organizations:ListRoots", state="denied",
        observed_at=timezone.now(), permission="organizations:ListRoots",
    )  # fmt: skip
    assert "organizations:ListRoots is denied in management: grant organizations:ListRoots" in text(admin.get(INDEX))


def test_an_organization_that_members_name_leads_to_its_management_account(admin: WebClient) -> None:
    member = manager(number(5))
    tell(member, tree=())
    member.organizationaccount_set.all().delete()
    shown = text(admin.get(INDEX))
    assert f"{ORGANIZATION}: 1 connected account is in it. Its management account is 000000000009" in shown


def test_an_account_that_told_nothing_cannot_connect(management: Account, admin: WebClient) -> None:
    assert "told of no organization yet" in text(admin.get(CONNECT, follow=True))
    assert admin.post(CONNECT, GOOD).status_code == 302
    assert not OrganizationConnection.objects.exists()


# Connecting.


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"units": []}, "Choose at least one OU"),
        ({"units": ["ou-of-nobody"]}, "Choose at least one OU"),
        ({"tags": "stage"}, "stage is no tag. Write it as key=value."),
        ({"tags": "=prod"}, "=prod is no tag"),
        ({"tags": "k=" + "v" * 257}, "is no tag"),
        ({"left_out": "123"}, "12 digits"),
        ({"left_out": "000000000001\n<script>"}, "12 digits"),
        ({"role_name": "a role"}, "A role name has"),
        ({"hub_role_arn": "arn:aws:iam::1:role/x"}, "A role&#x27;s ARN is"),
        ({"hub_role_arn": "arn:aws:iam::000000000009:user/x"}, "A role&#x27;s ARN is"),
        ({"hub_role_arn": "arn:aws-cn:iam::000000000009:role/x"}, "in the partition aws."),
    ],
)
def test_a_wrong_answer_is_told_and_nothing_is_decided(
    management: Account, admin: WebClient, change: dict[str, Any], message: str
) -> None:
    tell(management, listed(1))
    response = admin.post(CONNECT, GOOD | change)
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not OrganizationConnection.objects.exists()


def test_a_preview_counts_and_decides_nothing(management: Account, admin: WebClient) -> None:
    Connection.objects.create(account=Account.objects.create(aws_id=number(3), name="mine"))
    tell(
        management,
        listed(1, tags={"stage": "prod"}),
        listed(2, "ou-pay", tags=None),
        listed(3),
        listed(4, state="SUSPENDED"),
        listed(5, "ou-dev"),
    )
    assert "2 accounts would be connected" not in text(admin.get(CONNECT))  # all of it: three
    assert "3 accounts would be connected" in text(admin.get(CONNECT))
    shown = text(admin.post(CONNECT, GOOD | {"units": ["ou-prod"], "tags": "stage=prod", "preview": "1"}))
    assert "1 account would be connected" in shown
    assert "2 connected by hand stay as they are" in shown
    assert "1 suspended or being closed" in shown
    assert "1 cannot be told yet" in shown
    assert "1 left out or not chosen" in shown
    assert not OrganizationConnection.objects.exists()


def test_the_tree_counts_accounts_and_survives_cycles_and_orphans(management: Account, admin: WebClient) -> None:
    tree = (*TREE, unit("ou-a", "ou-b", name="a"), unit("ou-b", "ou-a", name="b"), unit("ou-o", "ou-gone", name=SCRIPT))
    tell(management, listed(1, "ou-pay"), listed(2, "ou-prod"), listed(3, "ou-o"), tree=tree)
    page = admin.get(CONNECT)
    totals = {node.unique_id: node.total for node in page.context["tree"]}
    assert totals == {"r-1": 3, "ou-o": 1, "ou-a": 0}
    assert SCRIPT not in page.content.decode()


def test_connecting_leads_to_the_templates_and_the_accounts_join(management: Account, admin: WebClient) -> None:
    tell(management, listed(1), listed(2, state="CLOSED"))
    response = admin.post(CONNECT, GOOD, follow=True)
    decided = OrganizationConnection.objects.get()
    assert decided.set_by == admin.operator.username  # type: ignore[attr-defined]
    assert len(decided.secret) >= 27
    template = json.loads(response.context["members_text"])
    assert template["Parameters"]["OrganizationSecret"]["Default"] == decided.secret
    tick()
    assert Account.objects.filter(connection__organization=decided).count() == 1
    assert admin.get(CONNECT).url == BOARD
    assert "Who else can tell" not in text(admin.get(INDEX))


def test_a_change_says_what_stops_and_keeps_the_secret(management: Account, admin: WebClient) -> None:
    tell(management, listed(1), listed(2, "ou-dev"))
    decided = decide(management)
    tick()
    changed = GOOD | {"units": ["ou-prod"], "left_out": "0000-0000-0001", "role_name": "reader"}
    shown = text(admin.post(f"{BOARD}change/", changed | {"preview": "1"}))
    assert "2 that are connected now would no longer be collected" in shown
    assert admin.post(f"{BOARD}change/", changed).status_code == 302
    now = OrganizationConnection.objects.get()
    assert (now.secret, now.units, now.left_out) == (decided.secret, ["ou-prod"], [number(1)])
    tick()
    assert statuses(admin) == {"9": "by_hand", "1": "left_out", "2": "not_chosen"}
    assert "Choose at least one OU" in admin.post(f"{BOARD}change/", {}).content.decode()


def test_a_worker_outside_the_organization_is_told_before_every_account_refuses(
    management: Account, admin: WebClient, settings: Any
) -> None:
    settings.COLLECTOR_ARN = "arn:aws:iam::777777777777:role/worker"
    tell(management, listed(1))
    decided = decide(management)
    assert "account 777777777777 is none of its accounts" in text(admin.get(f"{BOARD}templates/"))
    assert "account 777777777777 is none of its accounts" in text(admin.get(BOARD))
    OrganizationConnection.objects.update(hub_role_arn=f"arn:aws:iam::{number(1)}:role/hub")
    shown = admin.get(f"{BOARD}templates/")
    assert "none of its accounts" not in text(shown)
    hub = json.loads(shown.context["hub_text"])["Resources"]["Role"]["Properties"]
    assert hub["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"AWS": settings.COLLECTOR_ARN}
    assert decided.hub_external_id in shown.context["hub_text"]
    assert decided.hub_external_id not in shown.context["members_text"]


def test_a_role_of_the_same_name_is_told_before_the_stack_fails(management: Account, admin: WebClient) -> None:
    by_hand, other_name = manager(number(1)), manager(number(2))
    Connection.objects.filter(account=other_name).update(role_name="reader")
    tell(management, listed(1), listed(2), listed(3))
    decide(management)
    tick()
    shown = text(admin.get(f"{BOARD}templates/"))
    assert "The stack fails in 1 account:" in shown
    assert f",Accounts={by_hand.aws_id},AccountFilterType=DIFFERENCE to --deployment-targets" in shown
    assert f"{other_name.name} ({other_name.aws_id})" not in shown
    assert statuses(admin)["1"] == statuses(admin)["2"] == "by_hand"
    assert text(admin.get(BOARD)).count("The StackSet fails here") == 1
    Connection.objects.filter(account=by_hand).update(role_name="reader")
    assert "The stack fails" not in text(admin.get(f"{BOARD}templates/"))
    assert "The StackSet fails here" not in text(admin.get(BOARD))


def test_who_tells_as_a_delegated_administrator_deploys_as_one(admin: WebClient) -> None:
    delegated = manager(number(1))
    tell(delegated, listed(1))
    decide(delegated)
    tick()
    shown = admin.get(f"{BOARD}templates/")
    assert "--call-as DELEGATED_ADMIN" in shown.context["stack_set_text"]
    assert "deploy the same template as a stack of its own" in text(shown)
    assert statuses(admin) == {"1": "by_hand", "9": "first"}


def test_another_account_can_tell_of_the_organization_in_its_place(management: Account, admin: WebClient) -> None:
    delegated = manager(number(1))
    for teller in (management, delegated):
        tell(teller, listed(1), listed(2))
    decided = decide(management)
    tick()
    assert "It could tell in place of the one that does." in text(admin.get(INDEX))
    assert admin.post(f"{INDEX}connect/{number(1)}/", GOOD).status_code == 302
    now = OrganizationConnection.objects.get()
    assert (now.account, now.secret) == (delegated, decided.secret)
    tick()
    assert statuses(admin) == {"1": "by_hand", "2": "first", "9": "by_hand"}
    tell(management, organization="o-otherother")
    assert "Connect o-otherother" in text(admin.get(INDEX))


def test_an_account_that_moved_tells_of_its_former_organization_until_another_does(
    management: Account, admin: WebClient
) -> None:
    tell(management, listed(1))
    decide(management)
    tell(management, listed(1), organization="o-otherother")
    response = admin.post(CONNECT, GOOD)
    assert response.status_code == 422
    assert f"tells of {ORGANIZATION} here" in response.content.decode()


# The board.


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


# Disconnecting.

END, AGAIN = f"{BOARD}disconnect/", f"{BOARD}reconnect/"


def ended(management: Account, admin: WebClient, then: str = "freeze") -> Any:
    """An organization of two accounts, of which one is suspended, that is disconnected."""
    tell(management, listed(1), listed(2))
    decide(management)
    tick()
    tell(management, listed(1), listed(2, state="SUSPENDED"))
    tick()
    response = admin.post(END, {"n": "2", "then": then}, follow=True)
    tick()
    return response


def test_a_preview_says_what_becomes_of_the_accounts_and_ends_nothing(management: Account, admin: WebClient) -> None:
    tell(management, listed(1), listed(2), listed(3))
    decide(management)
    tick()
    tell(management, listed(1), listed(2, state="SUSPENDED"), listed(3))
    Connection.objects.filter(account__aws_id=number(3)).update(enabled=False)
    tick()
    Finding.objects.create(
        account=Account.objects.get(aws_id=number(1)), code="LP201", practice="LP", severity=4, subject_type="role",
        subject_id="AROA1", subject_name="x", title="x", evidence={}, first_opened_at=AS_OF, opened_at=AS_OF,
    )  # fmt: skip
    shown = text(admin.get(END))
    for words in (
        "3 accounts joined by this organization.",
        "1 is collected now: it freezes or stays connected",
        "2 are not collected now, and stay so.",
        "Nothing is deleted: 1 open finding and all history stay",
    ):
        assert words in shown
    assert admin.post(END, {"n": "3"}).status_code == admin.post(END, {"n": "3", "then": "delete"}).status_code == 422
    assert "these are the numbers now" in text(admin.post(END, {"n": "2", "then": "freeze"}))
    assert not OrganizationConnection.objects.exclude(disconnected_at=None).exists()


@pytest.mark.parametrize(
    ("then", "one", "said"),
    [
        ("freeze", Status.PAUSED, "Nothing is collected of those that joined by it"),
        ("keep", Status.FIRST, "Those that joined by it are collected on."),
    ],
)
def test_disconnecting_is_told_logged_and_taken_back_by_one_click(
    management: Account, admin: WebClient, then: str, one: Status, said: str
) -> None:
    ended(management, admin, then)
    secret = OrganizationConnection.objects.get().secret
    assert (statuses(admin)["1"], statuses(admin)["2"]) == (one, "frozen")
    assert said in text(admin.get(BOARD))
    assert "disconnected" in text(admin.get(INDEX))
    assert "Disconnected an organization" in text(admin.get("/settings/audit/"))
    assert f'"kept": {str(then == "keep").lower()}' in AuditEntry.objects.get(action="organization-disconnected").detail
    assert "is disconnected already" in text(admin.get(END, follow=True))
    assert "Connected again, as it was" in text(admin.post(AGAIN, follow=True))
    tick()
    assert (statuses(admin)["1"], statuses(admin)["2"]) == (Status.FIRST, "frozen")
    assert OrganizationConnection.objects.get().secret == secret
    admin.post(AGAIN)
    assert AuditEntry.objects.filter(action="organization-reconnected").count() == 1


def test_choosing_anew_connects_it_again_too(management: Account, admin: WebClient) -> None:
    ended(management, admin)
    assert "Connect o-abcdefghij again" in text(admin.get(f"{BOARD}change/"))
    admin.post(f"{BOARD}change/", GOOD | {"left_out": number(1)})
    tick()
    assert statuses(admin) == {"9": "by_hand", "1": "left_out", "2": "frozen"}
    assert OrganizationConnection.objects.get().disconnected_at is None


def test_its_teller_may_connect_another_one_and_then_cannot_tell_of_it_again(
    management: Account, admin: WebClient
) -> None:
    ended(management, admin)
    tell(management, listed(1), organization="o-otherother")
    assert admin.post(CONNECT, GOOD).status_code == 302
    assert "management tells of another organization now" in text(admin.post(AGAIN, follow=True))
    assert OrganizationConnection.objects.filter(disconnected_at=None).get().organization_id == "o-otherother"


def exported() -> str:
    return export(sections(Places()))


def test_settings_as_code_stay_as_they_are(management: Account, admin: WebClient) -> None:
    tell(management, listed(1))
    DecidedSetting.objects.create(name="unused_days", value=30, scope="ou", target="ou-prod", reason="x", set_by="ann")
    before = exported()
    assert "ou-prod" in str(before)
    ended(management, admin)
    assert exported() == before
