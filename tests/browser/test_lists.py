"""The frame and the lists by hand: the box that finds everything, columns, and a view that is saved and opened again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from collectors.models import Account
from findings.models import NamedNetwork
from findings.vocabulary import Severity
from iamdash.access.models import Role
from tests.pages.conftest import Made
from tests.pages.making import covered, finding

Open = Callable[..., Page]


@pytest.fixture
def made(transactional_db: None) -> Made:
    cache.clear()
    made = Made(Account.objects.create(aws_id="000000000001", name="payments-prod"))
    covered(made.account)
    for name in ("deploy", "deploy-of-all", "reader"):
        made.role(name, risk=1)
    for n in range(3):
        finding(made.account, severity=Severity.HIGH, title=f"Fault {n}", subject_name=f"role-{n}")
    return made


LONG = "Data from 12 min ago, oldest from 28 d ago, 12 accounts partial, 3 not collected yet"
SAME_ROW = """(words) => {
  document.querySelector(".health a").textContent = words;
  const box = (name) => document.querySelector(name).getBoundingClientRect();
  return box(".operator").top < box(".find").bottom;
}"""


def test_a_long_line_of_the_datas_age_leaves_the_buttons_their_row(made: Made, open_browser: Open) -> None:
    page = open_browser(viewport={"width": 1280, "height": 900})
    assert page.evaluate(SAME_ROW, LONG)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_box_finds_and_remembers(made: Made, open_browser: Open) -> None:
    page = open_browser()
    box = page.get_by_role("combobox", name="Search everything")
    expect(box).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("deploy")
    options = page.get_by_role("listbox").get_by_role("option")
    expect(options.first).to_contain_text("deploy")
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#find-said")).to_have_text("3 results")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == options.nth(1).get_attribute("id")
    expect(box).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("deploy")
    page.keyboard.press("/")
    expect(page.get_by_role("option", name="deploy")).to_be_visible()
    page.keyboard.type("no-such-thing")
    expect(page.locator("#find-said")).to_have_text("1 result")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nothing has this name")).to_be_visible()


def test_columns_and_a_view_of_ones_own(made: Made, open_browser: Open) -> None:
    page = open_browser(Role.ANALYST)
    page.locator(".inline-facet").get_by_role("link", name="High").click()
    expect(page.locator(".chips")).to_contain_text("High")
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Column ARN").check()
    page.get_by_label("Column Account").uncheck()
    page.get_by_role("button", name="Show", exact=True).last.click()
    expect(page.get_by_role("columnheader", name="ARN")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Account")).to_have_count(0)
    page.get_by_role("link", name="Save view", exact=True).click()
    page.get_by_label("Name").fill("The worst")
    page.get_by_label("Open the list with it").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The view The worst is saved.")).to_be_visible()
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Findings").click()
    expect(page.locator(".views summary")).to_contain_text("The worst")
    expect(page.get_by_role("columnheader", name="ARN")).to_be_visible()
    page.locator(".inline-facet").get_by_role("link", name="Low").click()
    expect(page.locator(".views summary")).to_contain_text("(changed)")
    page.locator(".views summary").click()
    page.get_by_role("link", name="Save changes to The worst").click()
    expect(page.get_by_text("It will show:")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".views summary")).not_to_contain_text("(changed)")


def test_a_number_of_one_list_leads_to_the_page_of_another(made: Made, open_browser: Open) -> None:
    """And not into the place of the first, below its heading: an answer that could be a list alone is none here."""
    made.run("account", finished=False)
    page = open_browser(start="/accounts/")
    page.locator("#list").get_by_role("link", name="3 high").click()
    expect(page.locator("h1")).to_have_text("Findings")
    expect(page.locator("#list-count")).to_contain_text("3 findings")
    page.goto("/runs/")
    page.locator("#list a.lead").click()
    expect(page.locator("h1")).to_have_text("Run of payments-prod")


@pytest.mark.parametrize("script", [True, False])
def test_a_row_is_ended_by_its_own_button(made: Made, open_browser: Open, script: bool) -> None:
    for n, cidr in enumerate(("10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16")):
        NamedNetwork.objects.create(cidr=cidr, name=f"vpn-{n}", set_by="anna")
    page = open_browser(Role.ADMIN, "/networks/", java_script_enabled=script)
    page.locator(".inline-facet").get_by_role("link", name="VPN").click()
    page.wait_for_url("**kind=vpn")
    page.get_by_role("button", name="End the name of 10.2.0.0/16").click()
    expect(page.get_by_text("10.2.0.0/16 is no longer named vpn-1.")).to_be_visible()
    assert set(NamedNetwork.objects.filter(ended_at=None).values_list("cidr", flat=True)) == {
        "10.1.0.0/16",
        "10.3.0.0/16",
    }
    page.get_by_role("link", name="Named before").click()
    expect(page.locator("#list-count")).to_contain_text("1 network")
    expect(page.locator("#list tbody")).to_contain_text("ended just now by ada")


def test_a_list_prints_its_rows_and_nothing_to_press(made: Made, open_browser: Open) -> None:
    page = open_browser(Role.ANALYST, viewport={"width": 800, "height": 900})
    row = page.locator("#list tbody tr").first
    expect(row.locator("input[name=pick]")).to_be_visible()
    page.emulate_media(media="print")
    expect(row).to_be_visible()
    for button in ("#work button", "#list summary", "#list input", ".nav"):
        expect(page.locator(f"{button}:visible")).to_have_count(0)
    heads = page.locator("#list thead th:visible")
    assert heads.count() == row.locator(":scope > :visible").count()
