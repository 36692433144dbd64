"""The dashboard without a mouse: in order, visibly, and out of everything again; zoomed, and without motion."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from iamdash.access.models import Role
from tests.browser.filled import inventory

Open = Callable[..., Page]
pytestmark = pytest.mark.django_db
FOCUS = """
() => {
  const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
  const ring = parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== "none" || style.boxShadow !== "none";
  const path = at.id || [...document.querySelectorAll(at.tagName)].indexOf(at);
  return { where: `${at.tagName} ${path}`, ring, seen: box.width > 0 && box.height > 0, body: at === document.body };
}
"""
SHOWN = "document.activeElement.closest('details.menu')?.open"
MOVING = """
[...document.querySelectorAll("*")].filter((one) => {
  const style = getComputedStyle(one);
  return [style.transitionDuration, style.animationDuration].some((long) => long.split(",").some((one) => parseFloat(one) > 0));
}).length
"""


@pytest.fixture(scope="module")
def site_of_one(kept: None) -> str:
    return inventory().aws_id


@pytest.mark.parametrize("start", ["/findings/", "/principals/000000000001/AROAAPP/"])
def test_tab_leads_through_a_page_and_out_of_it(site_of_one: str, open_browser: Open, start: str) -> None:
    page = open_browser(Role.ANALYST, start)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    seen = []
    for _ in range(400):
        page.keyboard.press("Tab")
        now = page.evaluate(FOCUS)
        if now["body"] or (seen and now["where"] == seen[0]):
            break
        assert now["ring"], f"no visible focus on {now['where']}"
        assert now["seen"], f"focus on what nobody sees: {now['where']}"
        assert now["where"] not in seen[:-1], f"caught at {now['where']}"
        seen.append(now["where"])
    else:
        pytest.fail("Tab never comes to an end")
    assert len(seen) > 20


def test_skip_menus_and_sections_by_keys_alone(site_of_one: str, open_browser: Open) -> None:
    page = open_browser(Role.ANALYST)
    page.goto("/principals/000000000001/AROAAPP/#raw")
    expect(page.locator("#raw-json"), "the fragment opens its section").to_be_visible()
    page.locator("#findings > summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#findings table")).to_be_hidden()
    page.goto("/findings/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.locator(".facet > summary").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    assert page.evaluate(SHOWN)
    page.keyboard.press("Escape")
    expect(page.locator(".facet > summary").first).to_be_focused()
    assert not page.evaluate(SHOWN)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_nothing_moves_for_who_asks_for_less_motion(site_of_one: str, open_browser: Open) -> None:
    page = open_browser(Role.ANALYST, "/", reduced_motion="reduce")
    for path in ("/", "/findings/", "/principals/000000000001/AROAAPP/"):
        page.goto(path)
        assert page.evaluate(MOVING) == 0, path


def test_a_fold_is_opened_by_a_link_to_what_is_in_it(site_of_one: str, open_browser: Open) -> None:
    page = open_browser(
        Role.ANALYST, "/principals/000000000001/AROAAPP/", permissions=["clipboard-read", "clipboard-write"]
    )
    expect(page.locator("#raw-json")).to_be_hidden()
    page.get_by_role("navigation", name="On this page").get_by_role("link", name="JSON").click()
    expect(page.locator("#raw-json")).to_be_visible()
    page.get_by_role("button", name="Copy the ARN").click()
    expect(page.locator("#said")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "arn:aws:iam::000000000001:role/app"


def test_two_versions_side_by_side_and_on_a_telephone_one_below_the_other(site_of_one: str, open_browser: Open) -> None:
    page = open_browser(start="/policies/")
    page.goto("/policies/000000000001/ANPARELEASE/#version-v2")
    gone, added = page.locator("#version-v2 del").first, page.locator("#version-v2 ins").first
    expect(added).to_be_visible()
    left, right = gone.bounding_box(), added.bounding_box()
    assert left is not None
    assert right is not None
    assert right["x"] >= left["x"] + left["width"] - 1
    page.set_viewport_size({"width": 320, "height": 700})
    below = added.bounding_box()
    assert below is not None
    assert below["x"] < 60
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
