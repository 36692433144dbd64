"""From a role to smaller policies to the mark, as an analyst does it; on a phone, in the dark and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from collectors.models import Account
from iamdash.access.models import Role
from tests.pages.test_right_sizing import ONE, PAGE, advised, app, hold

Open = Callable[..., Page]


@pytest.fixture
def sized(transactional_db: None) -> Account:
    account = Account.objects.create(aws_id="000000000001", name="payments-prod")
    one = app()
    hold(account, one, advised(one, s3=3, ec2=None, iam=None))
    return account


def test_an_analyst_reads_copies_and_marks(sized: Account, open_browser: Open) -> None:
    page = open_browser(Role.ANALYST, ONE, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="See the smaller policies").click()
    expect(page.locator("del").filter(has_text="ec2:RunInstances")).to_be_visible()
    page.get_by_text("AWS CLI", exact=False).first.click()
    page.locator('button[data-copy="cli"]').click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("set -euo pipefail")
    page.get_by_role("button", name="Mark as applied").click()
    expect(page.get_by_text("Identity policies: marked as applied")).to_be_visible()


@pytest.mark.parametrize("options", [{"color_scheme": "light"}, {"color_scheme": "dark"}], ids=["light", "dark"])
def test_it_fits_a_phone_without_javascript(sized: Account, open_browser: Open, options: dict[str, Any]) -> None:
    phone = {"width": 390, "height": 844}
    page = open_browser(Role.ANALYST, PAGE, viewport=phone, java_script_enabled=False, **options)
    page.get_by_text("Terraform").first.click()
    expect(page.locator("#terraform")).to_be_visible()
    expect(page.locator('button[data-copy="terraform"]')).to_be_hidden()
    page.get_by_label("sqs").check()
    page.get_by_role("button", name="Give up what is ticked").click()
    expect(page.get_by_text("You give up sqs.")).to_be_visible()
    page.get_by_role("button", name="Mark as applied").click()
    expect(page.get_by_text("Identity policies: marked as applied")).to_be_visible()
    assert page.locator("html").evaluate("root => root.scrollWidth") <= phone["width"]
