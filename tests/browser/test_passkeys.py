"""Passkeys in Chromium with an authenticator of its own: added, signed in with alone, as a second factor, renamed, removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from playwright.sync_api import Page, expect

from iamdash.access.models import AuditEntry
from tests.browser.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)
SECURITY = "/sign-in/security/"


@pytest.fixture
def with_authenticator(open_browser: Callable[..., Page]) -> Page:
    """Signed in, on a machine that has an authenticator whose owner agrees to everything."""
    cache.clear()
    page = open_browser(start=SECURITY)
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options: dict[str, Any] = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


def add(page: Page, name: str, *, alone: bool) -> None:
    page.goto(SECURITY)
    page.get_by_role("link", name="Add one").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Sign in with it alone").set_checked(alone)
    page.get_by_role("button", name="Add", exact=True).click()


def sign_out(page: Page) -> None:
    page.goto("/sign-in/out/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/**")


def test_a_passkey_opens_alone_and_is_taken_away(with_authenticator: Page) -> None:
    page = with_authenticator
    add(page, "laptop <b>", alone=True)
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    sign_out(page)
    page.goto("/sign-in/?next=/keys/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/keys/")
    assert AuditEntry.objects.filter(action="sign-in").count() == 2
    page.goto(SECURITY)
    expect(page.get_by_text("laptop <b>")).to_be_visible()
    page.get_by_role("link", name="Rename").click()
    page.get_by_label("Name").fill("phone")
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("link", name="Remove phone").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Add one")).to_be_visible()
    assert not Authenticator.objects.exists()


def test_a_security_key_is_asked_for_after_the_password(with_authenticator: Page) -> None:
    page = with_authenticator
    add(page, "key", alone=False)
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    sign_out(page)
    page.goto("/sign-in/?next=/keys/")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Use your passkey or security key").click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/keys/")
    assert Authenticator.objects.filter(type="webauthn", last_used_at__isnull=False).exists()


def test_a_browser_without_the_passkey_says_so_and_goes_nowhere(open_browser: Callable[..., Page]) -> None:
    cache.clear()
    page = open_browser(start=SECURITY)
    sign_out(page)
    page.evaluate(
        "() => { navigator.credentials.get = () => Promise.reject(new DOMException('no', 'NotAllowedError')) }"
    )
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("told no")
    assert "/sign-in/" in page.url
