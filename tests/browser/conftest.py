"""A real Chromium over the live server. Console errors and refused inline code fail the test that sees them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.test import modify_settings
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from iamdash.access.models import Operator, Role

PASSWORD = "a-long-enough-password"
PATIENCE = 20_000  # ms until an expectation has failed: a busy machine is no fault of a page
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FOUND = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = os.path.dirname(__file__)
    missing = pytest.mark.skip(
        reason="no Chromium on the PATH: apt-get install chromium (or another package with the command chromium)"
    )
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.browser)
            if FOUND is None:
                item.add_marker(missing)


@pytest.fixture(scope="session")
def site(static_files: None) -> Iterator[LiveServer]:
    """Our own server, with static files as in production: hashed, from WhiteNoise. pytest-django's `live_server` would empty the
    database after each test, which `kept` must not."""
    server = LiveServer("localhost", start=False)
    server.thread.static_handler = lambda application: application
    with modify_settings(ALLOWED_HOSTS={"append": "localhost"}):
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="module")
def kept(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database that all tests of a module share, who are marked django_db: what the server writes stays until the last of them.
    The operator is there, an analyst."""
    with django_db_blocker.unblock():
        Operator.objects.create_user("ada", PASSWORD, role=Role.ANALYST, all_accounts=True)
        yield
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as driver:
        # Playwright's event loop runs in this thread, so Django would refuse plain database calls in the tests.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        expect.set_options(timeout=PATIENCE)
        browser = driver.chromium.launch(executable_path=FOUND, args=list(QUIET))
        yield browser
        browser.close()
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def complains(message: ConsoleMessage) -> bool:
    """Chromium calls every answer of 400 and above an error; a form that was filled in wrongly is none."""
    return message.type in {"error", "warning"} and "422 (Unprocessable" not in message.text


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about; must be empty when the test ends."""
    return []


@pytest.fixture
def open_browser(site: LiveServer, chromium: Browser, complaints: list[str]) -> Iterator[Callable[..., Page]]:
    """open_browser(role, start, **context options) -> a page of an operator who signed in by the form.

    The operator sees all accounts; the page's addresses are relative.
    """
    contexts = []

    def make(role: Role = Role.VIEWER, start: str = "/findings/", **options: Any) -> Page:
        if not Operator.objects.filter(username="ada").exists():
            Operator.objects.create_user("ada", PASSWORD, role=role, all_accounts=True)
        contexts.append(chromium.new_context(base_url=site.url, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda m: complaints.append(m.text) if complains(m) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(start)
        page.get_by_label("Username").fill("ada")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"**{start}")
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []
