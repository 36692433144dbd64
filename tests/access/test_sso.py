"""Single sign-on against a real OpenID Connect provider on loopback: who comes in, as whom, and who does not."""

from __future__ import annotations

import html
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.urls import reverse
from oidc_provider_mock import _storage

from collectors.models import Account
from findings.models import AccountGroup, GroupMember
from iamdash.access.models import AuditEntry, Operator, Role
from iamdash.access.sso import claims
from tests.access.providing import provider, told, use
from tests.access.signing import details, logged, operator
from tests.conftest import WebClient

# The provider runs in a thread, and what it warns of is its own: as an error it would be its answer.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files"), pytest.mark.filterwarnings("ignore")]
LOGIN = "/sign-in/oidc/sso/login/"
GROUPS = "iam-admins=admin:*, payments=viewer:000000000001+team payments"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider() as running:
        yield running


@pytest.fixture
def sso(issuer: str, settings: Any, db: None) -> Iterator[str]:
    cache.clear()
    use(settings, issuer, GROUPS)
    yield issuer
    cache.clear()


def come(client: WebClient, sub: str, follow: str = "") -> Any:
    """As a browser: from our form to the provider, who signs `sub` in, and back. The answer to the way back."""
    away = client.post(LOGIN, {"next": follow} if follow else {})
    assert away.status_code == 302
    back = requests.post(away["Location"], data={"sub": sub}, allow_redirects=False, timeout=10)
    return client.get(back.headers["Location"].removeprefix("http://testserver"))


def test_an_operator_is_found_by_a_verified_address_and_then_by_the_id_alone(sso: str) -> None:
    one = operator(email="Ada@example.org", role=Role.ANALYST)
    sub = told(sso, "u-1", email="ada@EXAMPLE.org", email_verified=True)
    client = WebClient()
    assert come(client, sub, "/findings/")["Location"] == "/findings/"
    assert client.get("/").status_code == 200
    assert SocialAccount.objects.get().user_id == one.pk
    told(sso, "u-1", email="other@example.org", email_verified=True)
    assert come(WebClient(), sub).status_code == 302
    one.refresh_from_db()
    assert one.role == Role.ANALYST
    assert ("sso-linked", "ada", "done") in logged()
    assert details("sign-in") == {"methods": ["socialaccount"]}


def test_an_operator_is_found_by_the_id_that_an_admin_gave(sso: str) -> None:
    one = operator(sso_id="u-2")
    assert come(WebClient(), told(sso, "u-2")).status_code == 302
    assert SocialAccount.objects.get().user_id == one.pk


@pytest.mark.parametrize(
    ("sub", "claims", "why"),
    [
        ("s-1", {}, "Nobody made you an operator"),
        ("s-2", {"email": "ada@example.org"}, "Nobody made you"),
        ("s-3", {"email": "ada@example.org", "email_verified": False}, "Nobody made you"),
        ("s-4", {"email": "ada@example.org", "email_verified": "yes"}, "Nobody made you"),
        ("s-5", {"email": ["ada@example.org"], "email_verified": True}, "Nobody made you"),
        ("s-6", {"email": "off@example.org", "email_verified": True}, "was deactivated"),
        ("s-7", {"email": "taken@example.org", "email_verified": True}, "Nobody made you"),
        ("s-8", {"groups": ["strangers"]}, "Nobody made you"),
        ("s-9", {"groups": {"iam-admins": True}}, "Nobody made you"),
    ],
)
def test_who_is_not_admitted_is_told_why_and_makes_nothing(sub: str, claims: Any, why: str, sso: str) -> None:
    operator(email="ada@example.org")
    operator("off", email="off@example.org", is_active=False)
    SocialAccount.objects.create(user=operator("taken", email="taken@example.org"), provider="sso", uid="z")
    client = WebClient()
    response = come(client, told(sso, sub, **claims))
    assert response.status_code == 403
    assert why in response.content.decode()
    assert client.get("/").status_code == 302
    assert Operator.objects.count() == 3
    assert logged() == [("sign-in-refused", sub, "refused")]


@pytest.mark.parametrize(("email", "counts"), [("ada@example.org", True), ("owner@example.org", False), (None, True)])
def test_what_the_token_calls_verified_is_its_own_address_alone(email: str | None, counts: bool) -> None:
    """The answer to a question may name another address, and say nothing of whether that was verified."""
    token = {"sub": "u-1", "email": "ada@example.org", "email_verified": True}
    answer = {"sub": "u-1"} | ({"email": email} if email else {})
    assert bool(claims({"id_token": token, "userinfo": answer}).get("email_verified")) is counts


def test_groups_give_a_role_and_accounts_at_each_sign_in(sso: str, account: Account, other_account: Account) -> None:
    group = AccountGroup.objects.create(name="team payments", set_by="x")
    GroupMember.objects.create(group=group.key, account=other_account, set_by="x")
    client = WebClient()
    assert come(client, told(sso, "g-1", preferred_username="grace", groups=["payments", "x"])).status_code == 302
    grace = Operator.objects.get()
    assert (grace.username, grace.role, grace.all_accounts) == ("grace", "viewer", False)
    assert grace.scope == [account.pk, other_account.pk]
    assert not grace.has_usable_password()
    told(sso, "g-1", groups=["payments", "iam-admins"])
    come(WebClient(), "g-1")
    grace.refresh_from_db()
    assert (grace.role, grace.scope) == ("admin", "*")
    told(sso, "g-1", groups=[])
    refused = come(WebClient(), "g-1")
    assert "given a role here any more" in refused.content.decode()
    assert AuditEntry.objects.filter(action="operator-made", actor="grace").exists()


def test_a_name_that_is_taken_is_not_taken_over(sso: str) -> None:
    operator("grace")
    come(WebClient(), told(sso, "g-2", preferred_username="grace", groups=["iam-admins"]))
    assert Operator.objects.filter(username__startswith="grace").count() == 2
    assert Operator.objects.get(username="grace").sso_managed is False


def test_an_answer_that_nobody_asked_for_is_refused(sso: str) -> None:
    operator(sso_id="u-3")
    away = WebClient().post(LOGIN)
    back = requests.post(away["Location"], data={"sub": told(sso, "u-3")}, allow_redirects=False, timeout=10)
    stranger = WebClient()
    response = stranger.get(back.headers["Location"].removeprefix("http://testserver"))
    assert "Single sign-on failed" in response.content.decode()
    assert stranger.get("/").status_code == 302


def test_the_way_to_the_provider_is_a_form_with_its_token_and_proof_of_the_code(sso: str) -> None:
    assert WebClient().get(LOGIN).status_code == 200
    assert WebClient(enforce_csrf_checks=True).post(LOGIN).status_code == 403
    away = WebClient().post(LOGIN)["Location"]
    assert away.startswith(sso)
    assert "code_challenge_method=S256" in away


def test_saying_no_at_the_provider_is_no_error(sso: str) -> None:
    client = WebClient()
    away = client.post(LOGIN)
    state = parse_qs(urlsplit(away["Location"]).query)["state"][0]  # which this provider leaves out of its no
    back = requests.post(away["Location"], data={"action": "deny"}, allow_redirects=False, timeout=10)
    said = client.get(f"{back.headers['Location'].removeprefix('http://testserver')}&state={state}", follow=True)
    assert said.status_code == 200
    assert "You did not sign in" in said.content.decode()


def test_a_provider_that_is_down_is_said(sso: str, settings: Any) -> None:
    use(settings, "http://127.0.0.1:9")
    response = WebClient().post(LOGIN)
    assert response.status_code < 500
    assert "Single sign-on failed" in response.content.decode()


AGAIN = "/sign-in/oidc/sso/login/?auth_params=prompt%3Dlogin%26max_age%3D0"


@pytest.mark.parametrize(
    ("minutes", "asks"),
    [
        (None, False),  # the provider does not say when it asked: the sign-in was just now
        (1, False),
        (60, True),  # it let somebody through whom it knew
    ],
)
def test_who_has_nothing_but_single_sign_on_confirms_by_it(
    minutes: int | None, asks: bool, sso: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(minutes: int | None) -> None:
        when = None if minutes is None else int(time.time()) - 60 * minutes
        monkeypatch.setattr(_storage.AuthorizationCode, "get_auth_time", lambda _: when)

    client, page = WebClient(), reverse("mfa_activate_totp")
    asked(minutes)
    come(client, told(sso, "r-1", groups=["iam-admins"]))
    first = client.get(page)
    assert (first.status_code == 302) is asks
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    led = client.get(page)
    assert led["Location"].startswith(reverse("sso_confirm"))
    shown = client.get(led["Location"]).content.decode()
    assert html.escape(AGAIN) in shown
    assert f'name="next" value="{page}"' in shown
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
    asked(0)
    away = client.post(AGAIN, {"next": page})["Location"]
    assert "prompt=login" in away
    assert "max_age=0" in away
    back = requests.post(away, data={"sub": "r-1"}, allow_redirects=False, timeout=10)
    assert client.get(back.headers["Location"].removeprefix("http://testserver"))["Location"] == page
    assert client.get(page).status_code == 200


IN = {"groups": ["payments"]}


@pytest.mark.parametrize(
    ("sub", "claims"),
    [
        (
            "h-1",
            IN | {"name": "a\0b", "preferred_username": "a\0b", "email": "a\0@example.org", "email_verified": True},
        ),
        ("h-2", IN | {"name": "\ud800", "preferred_username": "\ud800", "email": "\ud800@example.org"}),
        ("h-3", IN | {"preferred_username": "u" * 5_000, "name": "n" * 100_000}),
        ("h-4", IN | {"email": "e" * 5_000 + "@example.org", "email_verified": True}),
        ("h-5", IN | {"email": "<script>alert(1)</script>@example.org\r\nBcc: x@y", "email_verified": True}),
        ("h" * 300, IN),
        ("h-6\0", IN),
        ("h-7", IN | {"preferred_username": {"a": 1}, "email": ["a@example.org"], "name": [None]}),
        ("h-8", IN | {"preferred_username": "<script>alert(1)</script>\u202e", "name": "=cmd()"}),
        ("h-9", {"groups": {"iam-admins": True}}),
        ("h-10", {"groups": [["iam-admins"], {"iam-admins": 1}, None, 7]}),
        ("h-11", {"groups": "payments", "email": None, "email_verified": "yes"}),
        ("h-12", IN | {"auth_time": "1" * 400}),
        ("h-13", IN | {"auth_time": 10**400}),
    ],
)
def test_hostile_claims_are_refused_or_text(sub: str, claims: Any, sso: str, account: Account) -> None:
    came = come(WebClient(), told(sso, sub, **claims))
    assert came.status_code in (302, 401, 403)
    made = Operator.objects.filter(sso_managed=True)
    assert set(made.values_list("role", "all_accounts")) <= {("viewer", False)}
    if came.status_code == 302:
        text = WebClient()
        text.force_login(made.get())
        assert "<script>alert" not in text.get("/").content.decode()
