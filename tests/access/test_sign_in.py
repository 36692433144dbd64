"""Signing in by password and second factor, what is asked of whom, and the sessions that come of it; over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.urls import reverse

from iamdash.access.configured import oidc
from iamdash.access.models import AuditEntry, Role
from tests.access.signing import PASSWORD, code, details, logged, operator, sign_in, signed, with_app
from tests.conftest import WebClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]
OVERVIEW, SECURITY = ("/", "/sign-in/security/")


@pytest.fixture(autouse=True)
def no_attempts_before() -> Iterator[None]:
    """Rate limits count over tests."""
    cache.clear()
    yield
    cache.clear()


def test_a_password_is_enough_where_nothing_more_is_asked_for() -> None:
    client = signed()
    assert client.get(OVERVIEW).status_code == 200
    assert "asks for a second factor" not in client.get(SECURITY).content.decode()
    assert logged() == [("sign-in", "ada", "done")]
    assert details("sign-in") == {"methods": ["password"]}


def test_a_sign_in_begins_a_session_of_its_own() -> None:
    """Who planted a session in somebody's browser is not signed in with them."""
    operator()
    planted, client, stranger = SessionStore(), WebClient(), WebClient()
    planted.create()
    for each in (client, stranger):
        each.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key
    assert sign_in(client).status_code == 302
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != planted.session_key
    assert client.get(OVERVIEW).status_code == 200
    assert stranger.get(OVERVIEW).status_code == 302


@pytest.mark.parametrize(
    ("following", "leads"),
    [
        ("/findings/?tab=all", "/findings/?tab=all"),
        ("https://evil.example/", OVERVIEW),
        ("//evil.example/", OVERVIEW),
        ("/\\evil.example", OVERVIEW),
        ("\t//evil.example", OVERVIEW),
        ("https://testserver@evil.example/", OVERVIEW),
        ("javascript:alert(1)", OVERVIEW),
    ],
)
def test_after_signing_in_or_out_nobody_is_led_elsewhere(following: str, leads: str) -> None:
    operator()
    client = WebClient()
    response = client.post("/sign-in/", {"login": "ada", "password": PASSWORD, "next": following})
    assert (response.status_code, response.url) == (302, leads)
    gone = client.post("/sign-in/out/", {"next": following})
    assert (gone.status_code, "evil" in gone.url, "javascript" in gone.url) == (302, False, False)


@pytest.mark.parametrize(
    ("name", "said"), [("ada", "ada"), (PASSWORD, "an unknown name"), ("a\x00b", "an unknown name")]
)
def test_a_failed_sign_in_is_logged_and_names_known_operators_only(name: str, said: str) -> None:
    operator()
    response = sign_in(WebClient(), name, "not it")
    assert response.status_code == 200
    assert [entry for entry in logged() if entry[0] == "sign-in-failed"] == (
        [] if "\0" in name else [("sign-in-failed", said, "refused")]
    )
    assert not AuditEntry.objects.filter(detail__contains="not it").exists()


def test_guessing_ends_soon() -> None:
    operator()
    client = WebClient()
    for _ in range(5):
        sign_in(client, "ada", "not it")
    assert "Too many failed" in sign_in(client).content.decode()
    assert client.get(OVERVIEW).status_code == 302


def test_too_many_requests_say_so() -> None:
    client = WebClient()
    answers = [sign_in(client, f"nobody-{n}", "x").status_code for n in range(40)]
    assert answers[-1] == 429
    assert "Too many attempts" in sign_in(client).content.decode()


def test_a_code_is_asked_for_after_the_password() -> None:
    client = signed()
    secret = with_app(client)
    client.post(reverse("account_logout"))
    assert sign_in(client)["Location"] == reverse("mfa_authenticate")
    assert client.get(OVERVIEW).status_code == 302
    assert client.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    assert client.get(OVERVIEW).status_code == 302
    assert client.post(reverse("mfa_authenticate"), {"code": code(secret, 1)}).status_code == 302
    assert client.get(OVERVIEW).status_code == 200
    assert [action for action, _, _ in logged()] == [
        "sign-in", "authenticator-added", "recovery-codes-made", "sign-out", "second-factor-failed", "sign-in",
    ]  # fmt: skip
    assert details("sign-in") == {"methods": ["password", "mfa totp"]}


def test_a_recovery_code_opens_once_and_is_shown_once() -> None:
    client = signed()
    with_app(client)
    shown = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    assert len(shown) == 10
    assert shown[0] not in client.get(reverse("mfa_view_recovery_codes")).content.decode()
    for works in (True, False):
        client.post(reverse("account_logout"))
        sign_in(client)
        client.post(reverse("mfa_authenticate"), {"code": shown[0]})
        assert (client.get(OVERVIEW).status_code == 200) is works
    assert "9 not used" not in client.get(SECURITY).content.decode()


def test_secrets_of_second_factors_are_sealed() -> None:
    client = signed()
    secret = with_app(client)
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert secret not in str(list(AuditEntry.objects.values()))


def test_who_has_no_second_factor_gets_only_to_the_page_that_makes_one(settings: Any) -> None:
    settings.MFA_REQUIRED = "password"
    client = signed(role=Role.ADMIN)
    for path in (OVERVIEW, "/findings/?export=csv", "/settings/tokens/", "/settings/operators/"):
        response = client.get(path)
        assert (response.status_code, response["Location"]) == (302, SECURITY)
    assert client.post("/settings/tokens/add/")["Location"] == SECURITY
    assert client.get(OVERVIEW, headers={"HX-Request": "true"})["HX-Redirect"] == SECURITY
    assert "asks for a second factor" in client.get(SECURITY).content.decode()
    with_app(client)
    assert client.get(OVERVIEW).status_code == 200


def test_the_last_second_factor_stays_where_one_is_asked_for(settings: Any) -> None:
    settings.MFA_REQUIRED = "password"
    client = signed()
    with_app(client)
    client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(type="totp").exists()
    settings.MFA_REQUIRED = ""
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.exists()


def test_what_changes_who_gets_in_asks_again_after_a_while(settings: Any) -> None:
    client = signed()
    assert client.get(reverse("mfa_activate_totp")).status_code == 200
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    assert client.get(reverse("mfa_activate_totp"))["Location"].startswith(reverse("account_reauthenticate"))
    assert client.get(reverse("account_reauthenticate")).status_code == 200
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
    assert client.get(reverse("mfa_activate_totp")).status_code == 200


@pytest.mark.parametrize(
    ("fields", "opens"), [({"break_glass": True}, True), ({}, False), ({"role": Role.ADMIN}, False)]
)
def test_where_single_sign_on_is_the_only_way_passwords_open_to_the_one_behind_the_glass(
    fields: dict[str, Any], opens: bool, settings: Any
) -> None:
    known = oidc({"IAMDASH_OIDC_ISSUER": "https://id.example.org", "IAMDASH_OIDC_CLIENT_ID": "x"}, "secret")
    settings.SSO_ONLY, settings.SSO = True, {"openid_connect": known}
    operator(**fields)
    client = WebClient()
    assert "Sign in with single sign-on" in client.get(reverse("account_login")).content.decode()
    assert sign_in(client).status_code == (302 if opens else 403)
    assert client.get(OVERVIEW).status_code == (200 if opens else 302)


def test_who_is_let_in_by_groups_does_not_get_around_them_by_a_password() -> None:
    operator(sso_managed=True)
    client = WebClient()
    assert sign_in(client).status_code == 403
    assert logged() == [("sign-in-failed", "ada", "refused")]


def test_nobody_gives_themselves_a_first_password() -> None:
    one = operator()
    one.set_unusable_password()
    one.save()
    client = WebClient()
    client.force_login(one)
    posted = {"password1": "another long password", "password2": "another long password"}
    assert client.post(reverse("account_set_password"), posted).status_code == 403
    one.refresh_from_db()
    assert not one.has_usable_password()


def test_sessions_are_listed_and_ended() -> None:
    here = signed()
    there = WebClient(headers={"User-Agent": "<script>alert(1)</script>"})
    sign_in(there)
    page = here.get(SECURITY).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert len(here.get(SECURITY).context["sessions"]) == 2
    other = UserSession.objects.get(session_key=there.session.session_key)
    assert here.post(reverse("session-end", args=[other.pk])).status_code == 302
    assert there.get(OVERVIEW).status_code == 302
    assert here.get(OVERVIEW).status_code == 200


def test_nobody_ends_a_session_of_somebody_else() -> None:
    signed("eve")
    theirs = UserSession.objects.get()
    assert signed().post(reverse("session-end", args=[theirs.pk])).status_code == 404
    assert UserSession.objects.filter(pk=theirs.pk).exists()


@pytest.mark.parametrize(("posted", "here_too"), [({}, False), ({"all": "1"}, True)])
def test_signing_out_everywhere(posted: dict[str, str], here_too: bool) -> None:
    here, there = signed(), WebClient()
    sign_in(there)
    here.post(reverse("sessions-end"), posted)
    assert there.get(OVERVIEW).status_code == 302
    assert (here.get(OVERVIEW).status_code == 302) is here_too
    assert ("session-ended", "ada", "done") in logged()


@pytest.mark.parametrize(
    ("current", "back"),
    [
        ("http://testserver/findings/?tab=all", "?next=%2Ffindings%2F%3Ftab%3Dall"),
        ("https://evil.example/findings/", "?next=%2Ffindings%2F"),
        ("https://evil.example//evil.example/x", ""),
        ("", ""),
    ],
)
def test_a_part_of_a_page_leads_to_the_sign_in_and_back_to_the_page(current: str, back: str, db: None) -> None:
    response = WebClient().get("/findings/?q=x", headers={"HX-Request": "true", "HX-Current-URL": current})
    assert (response.status_code, response["HX-Redirect"]) == (200, reverse("account_login") + back)
    assert response.content == b""
