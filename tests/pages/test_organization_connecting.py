"""Connecting a whole organization: what is missing, the tree to choose from, and what is told before it is decided."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from collectors.models import (
    Account,
    Connection,
    Coverage,
    OrganizationConnection,
)
from iamdash.access.models import Role
from tests.builders import unit
from tests.collectors.organized import ORGANIZATION, TREE, decide, listed, manager, number, tell
from tests.conftest import WebClient
from tests.pages import joined
from tests.pages.joined import BOARD, CONNECT, GOOD, INDEX, statuses, tick
from tests.pages.making import SCRIPT
from tests.pages.test_overview import text

pytestmark = pytest.mark.django_db
management, admin = joined.management, joined.admin


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
