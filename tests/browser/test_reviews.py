"""A reviewer works with the keyboard through what is theirs; no page of a review is wider than a telephone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from collectors.models import Account
from findings.models import Review, ReviewDecision, ReviewItem
from iamdash.access.models import Role
from tests.pages.reviewing import item, review

Open = Callable[..., Page]
LONG = "a-role-with-a-name-as-long-as-IAM-lets-it-be-for-a-role-64-letters"[:64]


@pytest.fixture
def made(transactional_db: None) -> Review:
    account = Account.objects.create(aws_id="000000000001", name="payments-prod")
    made = review(account)
    for name, worst in ((LONG, 5), ("other", 2)):
        item(made, account, name, worst=worst)
    return made


def test_with_the_keyboard_from_one_item_to_the_next(made: Review, open_browser: Open) -> None:
    page = open_browser(Role.ANALYST, f"/reviews/{made.pk}/", viewport={"width": 390, "height": 800})
    page.get_by_role("link", name="Review the next one").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(LONG)
    page.keyboard.press("2")
    expect(page.get_by_label("Revoke")).to_be_checked()
    page.keyboard.press("w")
    page.keyboard.type("nobody knows it")
    page.get_by_role("button", name="Decide, and go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("other")
    page.locator("h1").focus()
    page.keyboard.press("n")  # there is no other one
    expect(page.get_by_text("Nothing else is left for you to decide.")).to_be_visible()
    page.get_by_role("link", name="All items").click()
    page.get_by_text("Decide many at once").click()
    page.get_by_label("Choose other").check()
    page.get_by_label("Why").fill("needed")
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(page.get_by_text("Keep: 1 item.")).to_be_visible()
    assert set(ReviewDecision.objects.values_list("verdict", "reason")) == {
        ("revoke", "nobody knows it"),
        ("keep", "needed"),
    }
    one = ReviewItem.objects.earliest("pk")
    for path in ("", f"{made.pk}/", f"{made.pk}/items/?tab=all", f"{made.pk}/items/{one.pk}/"):
        page.goto(f"/reviews/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name=re.compile("Main|iamdash", re.IGNORECASE)).first).to_be_hidden()


def test_a_review_is_closed_once_what_that_means_was_said(made: Review, open_browser: Open) -> None:
    """Without a script, on a telephone."""
    page = open_browser(Role.ADMIN, "/reviews/", viewport={"width": 390, "height": 800}, java_script_enabled=False)
    page.get_by_role("link", name=made.title).click()
    page.get_by_role("link", name="Close the review").click()
    expect(page.get_by_role("note")).to_contain_text("2 of 2 items stay undecided for good.")
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Close the review").click()
    expect(page.get_by_role("note")).to_be_visible()  # the page that is measured is the new one
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert Review.objects.get().closed_at is None
    page.get_by_role("button", name="Close the review").click()
    expect(page.get_by_text("Closed. What was revoked is still watched.")).to_be_visible()
    expect(page.get_by_role("link", name="Close the review")).to_have_count(0)
    page.get_by_role("link", name="Access reviews").click()
    expect(page.get_by_role("heading", name="No review is under way")).to_be_visible()
    page.get_by_role("link", name="Closed").click()
    expect(page.get_by_role("link", name=made.title)).to_be_visible()
