"""From the heat of services to the calls behind a cell, and back to a bucket; and no page of activity wider than a telephone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from collectors.models import Account
from tests.builders import role
from tests.findings.engine.inventory import put
from tests.pages.acted import acted, changed, judged, named, put_together, used, watch

Open = Callable[..., Page]
APP = role("a-role-with-a-name-as-long-as-IAM-lets-it-be-for-a-role-64-letters"[:64])
BUCKET = "a-bucket-with-a-name-as-long-as-S3-lets-it-be-63-letters-in-all"[:63]


@pytest.fixture
def account(transactional_db: None) -> Account:
    account = Account.objects.create(aws_id="000000000001", name="payments-prod")
    put(account, APP)
    watch(account, since=40)
    for days in (0, 9, 20):
        used(account, APP, "s3 GetObject", days=days)
    used(account, APP, "ec2 RunInstances", days=9)
    named(account, APP, "s3 PutBucketPolicy", f"arn:aws:s3:::{BUCKET}")
    changed(
        account, APP, "AttachRolePolicy", "role", APP.name, details={"policy_arn": f"arn:aws:iam::aws:policy/{BUCKET}"}
    )
    judged(acted(account, APP, "session", days=9))
    put_together(account)
    return account


def test_from_a_cell_to_its_calls_and_to_a_bucket(account: Account, open_browser: Open) -> None:
    page = open_browser(start="/activity/", color_scheme="dark")
    parts = page.get_by_role("navigation", name="Activity")
    parts.get_by_role("link", name="Services by week").click()
    expect(page.locator("figure .plot .point")).to_have_count(26)  # two services in thirteen weeks
    page.get_by_text("The numbers").click()
    row = page.get_by_role("row", name=re.compile("^ec2"))
    expect(row).to_contain_text("unknown")
    row.get_by_role("link", name="10").click()
    expect(page.locator("#list-count")).to_contain_text("1 entry")
    expect(page.get_by_role("row", name=re.compile("RunInstances"))).to_be_visible()
    parts.get_by_role("link", name="Resources").click()
    page.get_by_role("link", name=BUCKET).click()
    expect(page.get_by_role("heading", level=2, name=BUCKET)).to_be_visible()
    page.get_by_text("Have them recorded").click()
    expect(page.locator("#record")).to_contain_text("put-event-selectors")


def test_no_page_of_activity_is_wider_than_a_telephone(account: Account, open_browser: Open) -> None:
    page = open_browser(start="/activity/", viewport={"width": 390, "height": 800})
    principal = f"/principals/{account.aws_id}/{APP.unique_id}/weeks/"
    parts = ("", "did/", "days/", "weeks/", "resources/", "buckets/", f"buckets/?bucket={BUCKET}", "changes/")
    for path in (principal, *(f"/activity/{part}" for part in parts)):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
