"""Groups and owners of accounts: who may, what they hold, and lists by them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from collectors.models import Account
from findings.engine.decided import settings_of
from findings.models import AccountGroup, AccountOwner, AccountPlace, DecidedSetting, GroupMember, JudgementRequest
from iamdash.access.models import Role
from tests.pages.acted import said
from tests.pages.making import BACKWARDS, SCRIPT, finding
from tests.pages.test_findings import options, titles
from tests.pages.test_settings import PROD, SANDBOX, asked, connect, decided, placed

pytestmark = pytest.mark.django_db
Client = Callable[..., Any]
REDS = {"name": "Reds", "tags": "team=red"}


@pytest.fixture
def two(account: Account, other_account: Account) -> tuple[Account, Account]:
    placed(account, PROD, tags={"team": "red", "owner": "anna@example.com"})
    placed(other_account, SANDBOX, tags={"team": "blue"})
    for each in (account, other_account):
        connect(each)
    return account, other_account


@pytest.fixture
def admin(sign_in: Client) -> Any:
    return sign_in(Role.ADMIN)


def group(name: str = "Reds", **more: Any) -> AccountGroup:
    return AccountGroup.objects.create(name=name, set_by="anna", **{"tags": ["team=red"], **more})


def owner(name: str, scope: str = "all", target: str = "", account: Account | None = None) -> AccountOwner:
    return AccountOwner.objects.create(name=name, scope=scope, target=target, account=account, set_by="anna")


def rows(response: Any) -> list[Any]:
    return list(response.context["list"].table.data.data)


def test_no_group_yet(sign_in: Client, two: Any) -> None:
    assert "There is no group that holds an account of yours" in said(sign_in().get("/accounts/groups/"))
    assert "Nobody is noted as the owner of an account An admin can say who is." in said(
        sign_in().get("/accounts/owners/")
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"name": ""}, "required"),
        ({"name": "Blues"}, "Another group has this name."),
        ({"name": BACKWARDS}, "signs that can be seen"),
        ({"tags": ""}, "Say which accounts belong to it"),
        ({"tags": "team"}, "'team' is no tag. Write it as key=value."),
        ({"tags": SCRIPT}, "no tag"),
        ({"ous": "ou-9"}, "not one of the available choices"),
        ({"accounts": "999"}, "not one of the available choices"),
    ],
)
def test_a_wrong_group_is_told(admin: Any, two: Any, change: dict[str, str], why: str) -> None:
    group("Blues")
    response = admin.post("/accounts/groups/add/", REDS | change)
    assert response.status_code == 422
    assert why in said(response)
    assert SCRIPT not in response.content.decode()
    assert AccountGroup.objects.count() == 1


def test_a_group_is_made_of_ous_tags_and_hands(admin: Any, two: tuple[Account, Account]) -> None:
    page = said(admin.post("/accounts/groups/add/", REDS, follow=True))
    assert "Reds holds 1 account." in page
    assert "Reds tag team=red 1 account, findings payments-prod nobody" in page
    page = said(admin.post("/accounts/groups/add/", {"name": "x", "ous": "ou-2", "accounts": two[0].pk}, follow=True))
    assert "x OU sandbox (ou-2), 1 account by hand 2 accounts, findings payments-prod, sandbox" in page


def test_who_is_in_a_group_may_be_unknown(sign_in: Client, account: Account) -> None:
    group()
    page = said(sign_in().get("/accounts/groups/"))
    assert "of 1 it is unknown: their OUs or tags were not read" in page


def test_a_changed_group_keeps_what_is_decided_for_it_and_judges_who_comes_or_goes(
    admin: Any, two: tuple[Account, Account]
) -> None:
    red, blue = two
    made = group()
    decided(20, "group", str(made.key))
    assert settings_of(red).unused_days == 20
    admin.post(f"/accounts/groups/{made.key}/", REDS | {"name": "All", "accounts": [red.pk, blue.pk]})
    assert asked() == {blue.pk}
    assert settings_of(blue).unused_days == 20
    assert 'value="All"' in admin.get(f"/accounts/groups/{made.key}/").content.decode()
    before = said(admin.get("/accounts/groups/?tab=ended"))
    assert "Reds tag team=red none any more nobody just now by anna ended just now by admin" in before
    assert "All" in [row.name for row in rows(admin.get("/accounts/groups/"))]
    JudgementRequest.objects.all().delete()
    admin.post(f"/accounts/groups/{made.key}/end/")
    assert asked() == {red.pk, blue.pk}
    assert settings_of(blue).unused_days == 90
    assert not DecidedSetting.objects.filter(ended_at=None).exists()
    assert "Unused after 20 days, for group All from" in said(admin.get("/settings/"))
    assert not GroupMember.objects.filter(ended_at=None).exists()
    assert admin.post(f"/accounts/groups/{made.key}/end/").status_code == 404


def test_a_group_without_settings_judges_nobody_anew(admin: Any, two: Any) -> None:
    admin.post("/accounts/groups/add/", REDS)
    admin.post(f"/accounts/groups/{AccountGroup.objects.get().key}/end/")
    assert asked() == set()


def test_operators_of_some_accounts_see_the_groups_of_those(sign_in: Client, two: tuple[Account, Account]) -> None:
    made = group(ous=["ou-2"])
    group("Secret", tags=["team=blue"])
    client = sign_in(Role.ADMIN, [two[0]])
    page = said(client.get("/accounts/groups/"))
    assert "Reds" in page
    assert "1 account, findings payments-prod" in page
    assert "Secret" not in page
    assert client.get(f"/accounts/groups/{made.key}/").status_code == 403
    assert client.get(f"/accounts/groups/{AccountGroup.objects.get(name='Secret').key}/").status_code == 403


def test_lists_by_group_and_owner(sign_in: Client, two: tuple[Account, Account]) -> None:
    red, blue = two
    finding(red, title="in red")
    finding(blue, title="in blue")
    client = sign_in()
    assert options(client.get("/findings/"), "group") == {}
    assert options(client.get("/findings/"), "owner") == {}
    key = str(group().key)
    owner(SCRIPT, "ou", "ou-1")
    page = client.get("/findings/")
    assert options(page, "group") == {key: 1}
    assert options(page, "owner") == {SCRIPT: 1, "-": 1}
    assert SCRIPT not in page.content.decode()
    assert titles(client.get(f"/findings/?group={key}")) == ["in red"]
    assert titles(client.get("/findings/?owner=-")) == ["in blue"]
    page = said(client.get(f"/findings/?group={key}"))
    assert "Remove the filter Group: Reds" in page
    accounts = client.get(f"/accounts/?group={key}")
    assert [row.record.name for row in accounts.context["list"].table.rows] == ["payments-prod"]
    assert options(accounts, "owner") == {SCRIPT: 1}
    assert f'"owner": "{SCRIPT}"' in client.get("/accounts/?export=jsonl").body.decode()
    for wrong in ("group=x", "owner=nobody-such", "group=00000000-0000-0000-0000-000000000000"):
        assert f"ignored: {wrong.replace('=', ' = ')}" in said(client.get(f"/findings/?{wrong}"))


def test_groups_are_found_narrowed_and_exported(admin: Any, two: tuple[Account, Account]) -> None:
    red, _ = two
    reds, blues = group(), group("Blues", tags=["team=blue"], ous=["ou-2"])
    GroupMember.objects.create(account=red, group=reds.key, set_by="anna")
    owner("Anna", "group", str(blues.key))
    for query, expected in (
        ("", ["Blues", "Reds"]), ("sort=-name", ["Reds", "Blues"]), ("q=RED", ["Reds"]), ("by=ou", ["Blues"]),
        ("by=hand", ["Reds"]), ("by=tag", ["Blues", "Reds"]), ("owned=yes", ["Blues"]), ("owned=no", ["Reds"]),
        ("settings=some", []), (f"account={red.aws_id}", ["Reds"]), ("ou=ou-2", ["Blues"]), ("tab=ended", []),
    ):  # fmt: skip
        assert [row.name for row in rows(admin.get(f"/accounts/groups/?{query}"))] == expected, query
    told, _ = json.loads(admin.get("/accounts/groups/?export=json").body)
    assert told["key"] == str(blues.key)
    assert (told["ous"], told["tags"], told["accounts"], told["owner"]) == (["ou-2"], ["team=blue"], 1, "Anna")


def test_owners_are_found_narrowed_and_exported(admin: Any, two: tuple[Account, Account]) -> None:
    red, blue = two
    held = group()
    owner("all <b>"), owner("red", "group", str(held.key)), owner("sandbox", "ou", "ou-2")
    owner("one", "account", "", blue)
    for query, expected in (
        ("", ["all <b>", "one", "red", "sandbox"]), ("of=ou&of=group", ["red", "sandbox"]), ("q=0000002", ["one"]),
        (f"account={red.aws_id}", ["all <b>", "red"]), ("ou=ou-2", ["all <b>", "one", "sandbox"]), ("tab=ended", []),
    ):  # fmt: skip
        assert [row.name for row in rows(admin.get(f"/accounts/owners/?{query}"))] == expected, query
    page = admin.get("/accounts/owners/?ou=ou-2").content.decode()
    assert "all &lt;b&gt;" in page
    for link, n in (("/accounts/", 2), (f"/accounts/?group={held.key}", 1), (f"/accounts/?q={blue.aws_id}", 1)):
        assert f'href="{link}" hx-boost' in admin.get("/accounts/owners/").content.decode(), link
        assert admin.get(link).context["list"].total == n
    lines = csv.DictReader(io.StringIO(admin.get("/accounts/owners/?of=group&export=csv").body.decode()))
    assert [(one["name"], one["target"], one["of"], one["accounts"]) for one in lines] == [
        ("red", str(held.key), "group Reds", "1")
    ]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"whom": "all", "name": ""}, "Say who it is."),
        ({"whom": "tag", "name": "a", "tag": "team"}, "'team' is no tag. Write it as key=value."),
        ({"whom": "own-tag", "tag": "owner=x"}, "Write the key of the tag alone"),
        ({"whom": "own-tag", "tag": ""}, "Write the key of the tag alone"),
        ({"whom": "ou:ou-9", "name": "a"}, "not one of the available choices"),
        ({"whom": "all", "name": BACKWARDS}, "signs that can be seen"),
        ({"whom": "all", "name": "a", "contact": "a@b@c"}, "valid email"),
    ],
)
def test_a_wrong_owner_is_told(admin: Any, two: Any, given: dict[str, str], why: str) -> None:
    response = admin.post("/accounts/owners/add/", given)
    assert response.status_code == 422
    assert why in said(response)
    assert not AccountOwner.objects.exists()


def test_the_nearest_owner_stands_on_lists_and_on_the_account_s_page(admin: Any, two: tuple[Account, Account]) -> None:
    for given in (
        {"whom": "all", "name": "platform", "contact": "#platform"},
        {"whom": "tag", "tag": "team=blue", "name": "Blue team", "contact": "blue@example.com"},
        {"whom": "own-tag", "tag": "owner"},
    ):
        assert admin.post("/accounts/owners/add/", given).status_code == 302
    page = said(admin.get("/accounts/owners/"))
    assert "platform #platform all accounts 2 accounts" in page
    assert "as tagged what the account says in its tag owner 1 account" in page
    shown = said(admin.get("/accounts/"))
    assert "payments-prod 000000000001 anna@example.com" in shown
    assert "sandbox 000000000002 Blue team" in shown
    assert "Owner: Blue team, blue@example.com (from tag team=blue )." in said(admin.get(f"/accounts/{two[1].aws_id}/"))
    blue = AccountOwner.objects.get(name="Blue team")
    assert "no longer noted" in said(admin.post(f"/accounts/owners/{blue.pk}/end/", follow=True))
    assert "sandbox 000000000002 platform" in said(admin.get("/accounts/"))
    before = said(admin.get("/accounts/owners/?tab=ended"))
    assert "Blue team blue@example.com accounts with the tag team=blue none any more just now by admin" in before


def test_an_admin_of_some_accounts_names_their_owners_only(sign_in: Client, two: tuple[Account, Account]) -> None:
    shared, theirs = owner("platform", "ou", "ou-2"), owner("blue", "account", "", two[1])
    client = sign_in(Role.ADMIN, [two[0]])
    for whom in ("all", "tag", "own-tag", "ou:ou-1", f"account:{two[1].aws_id}"):
        given = {"whom": whom, "name": "me", "tag": "a=b"}
        assert client.post("/accounts/owners/add/", given).status_code == 422
    assert client.post("/accounts/owners/add/", {"whom": f"account:{two[0].aws_id}", "name": "me"}).status_code == 302
    assert client.post(f"/accounts/owners/{shared.pk}/end/").status_code == 403
    begins = client.get("/accounts/owners/add/?whom=ou:ou-2").content.decode()
    assert "platform" not in begins, "nobody of theirs is in that OU"
    assert client.post(f"/accounts/owners/{theirs.pk}/end/").status_code == 404


def test_pages_take_a_fixed_number_of_queries(sign_in: Client, two: Any, django_assert_max_num_queries: Any) -> None:
    for n in range(12):
        made = group(f"g{n}")
        owner(f"o{n}", "group", str(made.key))
        account = Account.objects.create(aws_id=f"{n + 10:012d}", name=f"a{n}")
        connect(account)
        placed(account, PROD, tags={"team": "red"})
    client = sign_in(Role.ADMIN)
    client.get("/accounts/")
    with django_assert_max_num_queries(20):
        client.get("/accounts/owners/")
    with django_assert_max_num_queries(23):
        client.get("/accounts/groups/")
    with django_assert_max_num_queries(24):
        client.get("/accounts/")
    assert AccountPlace.objects.count() == 14
