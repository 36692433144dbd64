"""To the identity provider and back in Chromium: its page's policy lets the form go there, and the session survives the way."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from tests.access.providing import provider, told, use
from tests.access.signing import operator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.filterwarnings("ignore")]


def test_the_way_there_and_back(live_server: LiveServer, chromium: Browser, settings: Any) -> None:
    cache.clear()
    operator(sso_id="u-1")
    with provider() as issuer:
        origins = use(settings, issuer).origins
        directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives | {"form-action": ["'self'", *origins]}}
        page = chromium.new_page(base_url=live_server.url)
        page.goto("/keys/")
        page.get_by_role("button", name="Sign in with single sign-on").click()
        page.locator("[name=sub]").first.fill(told(issuer, "u-1"))
        page.get_by_role("button", name="Authorize").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("keys", ignore_case=True)
        page.close()
