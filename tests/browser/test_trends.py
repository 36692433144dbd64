"""Trends and the report in Chromium: drawn in both themes, from a point to its findings, and printed without navigation."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from collectors.models import Account, Connection
from findings.models import AccountDay
from tests.pages.making import finding

Open = Callable[..., Page]


@pytest.fixture
def account(transactional_db: None) -> Account:
    """Judged each week for a quarter; it got better."""
    account = Account.objects.create(
        aws_id="000000000001", name="an-account-with-a-name-as-long-as-names-are-in-practice"
    )
    Connection.objects.create(account=account)
    today = timezone.now().date()
    for week in range(12, -1, -1):
        AccountDay.objects.create(
            account=account, day=today - timedelta(weeks=week), gap=7 if week < 12 else 0, critical=2, high=3 + week,
            n_opened=2, n_resolved=3, score=70_000 - 1_000 * week, decided=0, unknown=9_000, rules=90,
            lost={"KY102": [21_000 + 1_000 * week, 0, 9_000]},
        )  # fmt: skip
    finding(account, "KY102", severity=4, title="Key AKIA... was last rotated long ago")
    return account


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_a_point_to_its_findings(account: Account, open_browser: Open, scheme: str) -> None:
    page = open_browser(start="/trends/", color_scheme=scheme)
    expect(page.locator(".answer")).to_have_text("Yes, it is getting better.")
    expect(page.locator("figure[data-chart] .main-svg").first).to_be_visible()
    score = page.locator("figure#score-by-day")
    expect(score.locator("circle.dot")).to_have_count(13)
    expect(score.locator("path.dashed")).to_have_attribute("d", re.compile("^M"))
    score.locator("circle.dot").last.click()
    expect(page.locator("#list-count")).to_contain_text("1 finding")
    page.go_back()
    page.get_by_role("link", name="By account").click()
    expect(page.get_by_role("table")).to_contain_text(account.name)


def test_the_report_prints(account: Account, open_browser: Open) -> None:
    page = open_browser(start="/trends/report/", color_scheme="dark", viewport={"width": 700, "height": 990})
    expect(page.locator("figure#score-by-day svg")).to_be_visible()
    page.emulate_media(media="print")
    for hidden in (".nav", ".top", ".periods"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator("figure#score-by-day svg")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("/trends/report/", "/trends/", "/trends/?by=account"):
        page.goto(path)
        assert page.evaluate(wide) <= 0, path
