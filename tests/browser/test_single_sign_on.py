"""To the identity provider and back in Chromium: its page's policy lets the form go there, and the session survives the way."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from tests.access.providing import provider, told, use
from tests.access.signing import operator

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("static_files"),
    pytest.mark.filterwarnings("ignore"),
]


def allow(settings: Any, origins: tuple[str, ...]) -> None:
    """Forms lead there, as settings.py says of what the environment names."""
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives | {"form-action": ["'self'", *origins]}}


def test_the_way_there_and_back(live_server: LiveServer, chromium: Browser, settings: Any) -> None:
    cache.clear()
    operator(sso_id="u-1")
    with provider() as issuer:
        allow(settings, use(settings, issuer).origins)
        page = chromium.new_page(base_url=live_server.url)
        page.goto("/keys/")
        page.get_by_role("button", name="Sign in with single sign-on").click()
        page.locator("[name=sub]").first.fill(told(issuer, "u-1"))
        page.get_by_role("button", name="Authorize").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("keys", ignore_case=True)
        page.close()


def test_the_way_there_and_back_by_saml(live_server: LiveServer, chromium: Browser, settings: Any) -> None:
    """The provider's page is of another site (127.0.0.1): its form brings no session of ours (SameSite), the next step does."""
    idp = pytest.importorskip("tests.access.saml_providing", reason="the extra saml is not installed")
    cache.clear()
    operator(sso_id="u-1")
    with idp.provider() as base:
        allow(settings, idp.use(settings, base).origins)
        page = chromium.new_page(base_url=live_server.url)
        page.goto("/keys/")
        page.get_by_role("button", name="Sign in with SAML").click()
        page.get_by_role("button", name="It is me").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("keys", ignore_case=True)
        page.close()
