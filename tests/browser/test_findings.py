"""The list of findings as an operator uses it: filter, open, go back, keys, theme; with and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from collectors.models import Account
from findings.models import AccountPlace, Finding
from findings.vocabulary import Severity
from tests.pages.making import SCRIPT, covered, finding

Open = Callable[..., Page]


@pytest.fixture
def found(transactional_db: None) -> list[Finding]:
    account = Account.objects.create(aws_id="000000000001", name="payments-prod")
    covered(account)
    return [
        finding(account, severity=Severity.HIGH, title="The first fault", subject_name=SCRIPT),
        finding(account, severity=Severity.LOW, title="The second fault"),
        *(finding(account, severity=Severity.INFO, title=f"Fault {n}") for n in range(60)),
    ]


def test_filter_open_and_come_back(found: list[Finding], open_browser: Open) -> None:
    page = open_browser()
    expect(page.locator("#list-count")).to_contain_text("62 findings")
    page.evaluate("window.same = true")
    page.locator(".inline-facet").get_by_role("link", name="High").click()
    expect(page.locator("#list-count")).to_contain_text("1 finding")
    expect(page.locator("h1")).to_be_focused()
    assert page.url.endswith("/findings/?severity=high")
    assert page.evaluate("window.same"), "the page was not loaded again"
    page.get_by_role("link", name="The first fault").click()
    expect(page.locator("h1")).to_have_text("The first fault")
    page.go_back()
    expect(page.locator("#list-count")).to_contain_text("1 finding")
    page.go_back()
    expect(page.locator("#list-count")).to_contain_text("62 findings")
    expect(page.get_by_role("navigation", name="Main")).to_have_count(1)


def test_pages_and_search_by_keyboard(found: list[Finding], open_browser: Open) -> None:
    page = open_browser()
    page.get_by_role("link", name="Next", exact=True).click()
    expect(page.locator("#list tbody tr")).to_have_count(12)
    page.keyboard.press("s")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("second")
    page.keyboard.press("Enter")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="The second fault")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("The second fault")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/principals/")


def test_the_profile_switches_the_keys_off(found: list[Finding], open_browser: Open) -> None:
    page = open_browser()
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_role("link", name="Switch single-key shortcuts off").click()
    page.get_by_label("Single-key shortcuts").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your profile is kept.")).to_be_visible()
    page.goto("/findings/")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="The first fault")).not_to_be_focused()


def test_theme_is_remembered(found: list[Finding], open_browser: Open) -> None:
    page = open_browser(color_scheme="light")
    background = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    for _ in range(2):
        page.locator("#theme").click()
    assert page.evaluate(background) == "rgb(15, 20, 26)"
    page.reload()
    assert page.evaluate(background) == "rgb(15, 20, 26)"
    expect(page.locator("#theme")).to_have_attribute("aria-label", "Theme: dark")


def test_an_ended_session_leads_to_sign_in(found: list[Finding], open_browser: Open) -> None:
    page = open_browser()
    page.context.clear_cookies()
    page.get_by_role("link", name="Resolved").click()
    page.wait_for_url("**/sign-in/?next=**")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_one_control_for_whose_data_is_shown(found: list[Finding], open_browser: Open) -> None:
    """Typed to, with the keyboard alone; it keeps what the list was asked since the page was loaded."""
    account = found[0].account
    AccountPlace.objects.create(account=account, ous=["r-1", "ou-1"], names=["Root", "prod"], tags={})
    page = open_browser()
    page.locator(".inline-facet").get_by_role("link", name="Low").click()
    expect(page.locator("#list-count")).to_contain_text("1 finding")
    where = page.locator(".where")
    where.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#where")).to_be_focused()
    expect(where.get_by_role("link", name="All accounts")).to_have_attribute("aria-current", "true")
    page.keyboard.type("pro")
    expect(page.locator("#where-said")).to_have_text("2 found")
    expect(where.get_by_role("link", name="All accounts")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#where")).to_be_hidden()
    expect(where.locator("summary")).to_be_focused()
    page.keyboard.press("Enter")
    where.get_by_role("link", name="OU prod").click()
    page.wait_for_url("**/findings/?severity=low&ou=ou-1")
    expect(where.locator("summary")).to_contain_text("OU prod")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Principals").click()
    page.wait_for_url("**/principals/?ou=ou-1")
    where.locator("summary").click()
    where.get_by_role("link", name=account.name).click()
    page.wait_for_url(f"**/principals/?account={account.aws_id}")
    page.get_by_role("link", name="Remove the filter Account").click()
    page.wait_for_url(re.compile(r"/principals/\??$"))
    expect(where.locator("summary")).to_contain_text("All accounts")


def test_whose_data_is_shown_without_javascript(found: list[Finding], open_browser: Open) -> None:
    page = open_browser(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page.locator(".where summary").click()
    page.get_by_role("button", name="Find or see all").click()
    expect(page.locator("h1")).to_have_text("Whose data is shown?")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("main").get_by_role("link", name=found[0].account.name).click()
    page.wait_for_url(f"**/findings/?account={found[0].account.aws_id}")
    page.locator(".where summary").click()
    page.locator(".where").get_by_role("link", name="All accounts").click()
    page.wait_for_url("**/findings/")


def test_without_javascript(found: list[Finding], open_browser: Open) -> None:
    page = open_browser(java_script_enabled=False)
    page.locator(".inline-facet").get_by_role("link", name="Low").click()
    expect(page.locator("#list-count")).to_contain_text("1 finding")
    page.get_by_role("link", name="The second fault").click()
    expect(page.locator("h1")).to_have_text("The second fault")


def test_narrow_screens_do_not_scroll_sideways(found: list[Finding], open_browser: Open) -> None:
    page = open_browser(viewport={"width": 360, "height": 740})
    for path in ("/findings/", f"/findings/{found[0].pk}/", "/principals/", "/rules/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
