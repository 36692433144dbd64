"""Operators looked after by admins: what is made, changed and taken away, and that somebody is always left."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.urls import reverse

from collectors.models import Account, Connection
from findings.models import AccountGroup, AccountPlace, GroupMember
from iamdash.access.configured import oidc
from iamdash.access.models import Operator, Role
from tests.access.signing import PASSWORD, details, logged, operator, sign_in, signed, with_app
from tests.conftest import WebClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]
LIST, ADD = "/settings/operators/", "/settings/operators/add/"


@pytest.fixture(autouse=True)
def no_attempts_before() -> None:
    cache.clear()


@pytest.fixture
def admin() -> WebClient:
    return signed("root", role=Role.ADMIN)


@pytest.fixture
def other_account(account: Account, other_account: Account) -> Account:
    """Both are connected, so that pages of accounts show them."""
    for one in (account, other_account):
        Connection.objects.create(account=one)
    return other_account


def page(one: Operator) -> str:
    return reverse("settings-operator", args=[one.pk])


def test_a_made_operator_signs_in_with_the_password_that_was_shown_once(admin: WebClient, account: Account) -> None:
    posted = {"username": "ada", "role": "analyst", "accounts": [account.pk], "with_password": "on"}
    shown = admin.post(ADD, posted)
    password = re.search(r'id="password">([^<]+)<', shown.content.decode())
    assert password
    assert "no-store" in shown["Cache-Control"]
    ada = Operator.objects.get(username="ada")
    assert (ada.role, ada.scope) == ("analyst", [account.pk])
    assert sign_in(WebClient(), "ada", password[1]).status_code == 302
    assert details("operator-made") == {
        "role": "analyst", "all_accounts": False, "accounts": [account.aws_id], "groups": [], "active": True,
    }  # fmt: skip
    assert password[1] not in str(logged()) + str(details("operator-made"))


@pytest.mark.parametrize(
    ("posted", "said"),
    [
        ({"username": "ROOT"}, "Another operator has this name"),
        ({"username": "a b"}, "Enter a valid username"),
        ({"username": "a\u202eb"}, "letters, digits"),
        ({"role": "owner"}, "Select a valid choice"),
        ({"all_accounts": ""}, "Say which accounts"),
        ({"email": "Taken@example.org"}, "Another operator has this address"),
        ({"account_groups": ["6f1c1b7e-0000-4000-8000-000000000000"]}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_and_makes_nothing(posted: dict[str, Any], said: str, admin: WebClient) -> None:
    operator("taken", email="taken@example.org")
    response = admin.post(ADD, {"username": "ada", "role": "viewer", "all_accounts": "on"} | posted)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert Operator.objects.count() == 2


def test_a_change_holds_from_the_next_request_on(admin: WebClient, account: Account, other_account: Account) -> None:
    client = signed("ada", all_accounts=False)
    ada = Operator.objects.get(username="ada")
    ada.accounts.set([account, other_account])
    assert other_account.name in client.get("/accounts/").content.decode()
    assert admin.post(page(ada), {"role": "admin", "accounts": [account.pk], "is_active": "on"}).status_code == 302
    assert other_account.name not in client.get("/accounts/").content.decode()
    assert details("operator-changed") == {
        "role": ["viewer", "admin"], "accounts": [[account.aws_id, other_account.aws_id], [account.aws_id]],
    }  # fmt: skip
    admin.post(page(ada), {"role": "admin", "accounts": [account.pk]})
    assert client.get("/accounts/").status_code == 302
    assert sign_in(WebClient(), "ada").url == reverse("account_inactive")


@pytest.mark.parametrize(
    "posted",
    [{"role": "viewer", "all_accounts": "on", "is_active": "on"}, {"role": "admin", "all_accounts": "on"}],
    ids=["another role", "deactivated"],
)
def test_the_last_admin_of_all_accounts_stays(posted: dict[str, Any], admin: WebClient) -> None:
    operator("scoped", role=Role.ADMIN, all_accounts=False)
    operator("off", role=Role.ADMIN, is_active=False)
    root = Operator.objects.get(username="root")
    response = admin.post(page(root), posted)
    assert response.status_code == 422
    assert "Somebody must be left" in response.content.decode()
    root.refresh_from_db()
    assert (root.role, root.is_active) == ("admin", True)
    operator("second", role=Role.ADMIN)
    assert admin.post(page(root), posted).status_code == 302


def test_who_lost_the_second_factor_is_let_in_again_and_signed_out(admin: WebClient) -> None:
    client = signed("ada")
    with_app(client)
    ada = Operator.objects.get(username="ada")
    assert "Take second factors away" in admin.get(page(ada)).content.decode()
    admin.post(reverse("settings-operator-mfa", args=[ada.pk]))
    assert not Authenticator.objects.exists()
    assert client.get("/").status_code == 302
    assert sign_in(client, "ada").url == "/"
    assert details("operator-mfa-reset")["removed"] == 2


def test_a_new_password_ends_what_the_old_one_opened(admin: WebClient) -> None:
    client = signed("ada")
    ada = Operator.objects.get(username="ada")
    assert "shown this once" in admin.post(reverse("settings-operator-password", args=[ada.pk])).content.decode()
    assert client.get("/").status_code == 302
    assert sign_in(client, "ada", PASSWORD).status_code == 200


@pytest.mark.parametrize("name", ["settings-operator-mfa", "settings-operator-password", "settings-operator-sessions"])
def test_who_changes_operators_confirms_who_they_are(name: str, admin: WebClient, settings: Any) -> None:
    ada = operator()
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    response = admin.post(reverse(name, args=[ada.pk]))
    assert response.url.startswith(reverse("account_reauthenticate"))
    assert not [entry for entry in logged() if entry[1] == "ada"]


def test_whom_groups_let_in_is_not_given_rights_by_hand(admin: WebClient, settings: Any) -> None:
    env = {"IAMDASH_OIDC_ISSUER": "https://id.example.org", "IAMDASH_OIDC_CLIENT_ID": "x"}
    settings.SSO = {"openid_connect": oidc(env, "x")}
    ada = operator(sso_managed=True)
    admin.post(page(ada), {"role": "admin", "all_accounts": "on", "is_active": "on", "sso_managed": "on"})
    ada.refresh_from_db()
    assert (ada.role, ada.sso_managed) == ("viewer", True)
    admin.post(page(ada), {"is_active": "on"})
    ada.refresh_from_db()
    assert ada.sso_managed is False


def grouped(name: str, *members: Account, **selectors: Any) -> AccountGroup:
    group = AccountGroup.objects.create(name=name, set_by="x", **selectors)
    for account in members:
        GroupMember.objects.create(group=group.key, account=account, set_by="x")
    return group


def test_the_accounts_of_a_group_are_those_it_holds_now(account: Account, other_account: Account) -> None:
    group = grouped("team", account, tags=["team=pay"])
    client = signed("ada", all_accounts=False, account_groups=[group.key])

    def seen() -> set[str]:
        text = client.get("/accounts/").content.decode()
        return {one.name for one in (account, other_account) if one.name in text}

    assert seen() == {account.name}
    place = AccountPlace.objects.create(account=other_account, tags=None, unknown="tags were not read")
    assert seen() == {account.name}
    place.tags, place.unknown = {"team": "pay"}, ""
    place.save()
    assert seen() == {account.name, other_account.name}
    GroupMember.objects.all().delete()
    assert seen() == {other_account.name}
    AccountGroup.objects.all().delete()
    assert seen() == set()


def test_looking_up_groups_leaves_no_rights_behind(account: Account, other_account: Account) -> None:
    group = grouped("team", account)
    client = signed("ada", role=Role.ADMIN, all_accounts=False, account_groups=[group.key])
    assert client.get(f"/accounts/{other_account.aws_id}/").status_code == 404
    assert client.get(f"/accounts/{account.aws_id}/").status_code == 200
    assert client.post(f"/accounts/{other_account.aws_id}/collect/").status_code == 404


def test_the_list_shows_who_there_is(admin: WebClient, account: Account) -> None:
    grouped("team <b>")
    operator("off", is_active=False)
    assert "all accounts" in admin.get(LIST).content.decode()
    assert [row.username for row in admin.get(LIST).context["list"].table.data.data] == ["root"]
    gone = admin.get(LIST, {"tab": "deactivated"})
    assert [row.username for row in gone.context["list"].table.data.data] == ["off"]
    assert "deactivated" in gone.content.decode()


def test_many_operators_are_found_paged_and_exported(admin: WebClient, django_assert_max_num_queries: Any) -> None:
    for n in range(60):
        operator(f"person-{n:02}", email=f"p{n}@example.org", role=Role.ANALYST)
    with django_assert_max_num_queries(24):
        shown = admin.get(LIST)
    assert (shown.context["list"].total, len(shown.context["list"].table.data.data)) == (61, 50)
    assert (
        len(admin.get(shown.request["PATH_INFO"] + shown.context["list"].next_url).context["list"].table.data.data)
        == 11
    )
    assert admin.get(LIST, {"q": "p7@example"}).context["list"].total == 1
    assert admin.get(LIST, {"role": "analyst"}).context["list"].total == 60
    assert admin.get(LIST, {"factor": "none"}).context["list"].total == 61
    lines = admin.get(LIST, {"export": "csv"}).body.decode().splitlines()
    assert lines[0] == "name,email,active,role,sso_managed,sees,second_factors,signs_in_by,break_glass,last_sign_in"
    assert len(lines) == 62
    assert "pbkdf2" not in "".join(lines)
    assert "argon2" not in "".join(lines)


def test_accounts_are_counted_once_however_often_somebody_is_linked(admin: WebClient, account: Account) -> None:
    one = operator("twice")
    one.accounts.add(account)
    for provider in ("sso", "saml"):
        SocialAccount.objects.create(user=one, provider=provider, uid="x")
    (row,) = admin.get(LIST, {"q": "twice"}).context["list"].table.data.data
    assert (row.n, row.linked) == (1, True)


def test_commands_let_in_who_no_page_lets_in(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("operator", "make", "root")
    password = capsys.readouterr().out.split()[-1]
    client = WebClient()
    assert sign_in(client, "root", password).status_code == 302
    call_command("operator", "password", "root")
    assert client.get("/").status_code == 302
    call_command("operator", "reset-mfa", "root")
    call_command("operator", "break-glass", "root")
    call_command("operator", "deactivate", "root")
    call_command("operator", "list")
    assert "root: admin, break-glass, deactivated" in capsys.readouterr().out
    assert [action for action, _, _ in logged()][:3] == ["operator-made", "sign-in", "operator-password-reset"]
    for wrong in (["password"], ["password", "nobody"], ["make", "ROOT"]):
        with pytest.raises(CommandError):
            call_command("operator", *wrong)
