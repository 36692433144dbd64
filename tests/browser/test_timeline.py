"""From a role's timeline to a change that unfolds, and to its documents before and after; readable on a telephone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from collectors import records
from collectors.models import Account, Version
from tests.builders import role
from tests.findings.engine.inventory import put
from tests.pages.acted import changed, put_together, watch

Open = Callable[..., Page]


def inline(action: str) -> tuple[str, dict[str, Any]]:
    body = {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "Data", "Effect": "Allow", "Action": action, "Resource": "*"}],
    }
    return records.digest(body), body


APP = role("app", inline={"data": inline("s3:GetObject")[0]})
CI = role("ci")
WIDER = records.from_json(records.Role, records.to_json(APP) | {"inline": {"data": inline("s3:*")[0]}})


@pytest.fixture
def account(transactional_db: None) -> Account:
    account = Account.objects.create(aws_id="000000000001", name="payments-prod")
    put(account, APP, CI)
    for digest, body in map(inline, ("s3:GetObject", "s3:*")):
        account.document_set.create(digest=digest, body=body)
    seen = timezone.now() - timedelta(days=1)
    Version.objects.update(seen_from=seen - timedelta(hours=6))
    put(account, WIDER, CI)
    Version.objects.filter(unique_id=APP.unique_id, seen_to=None).update(seen_from=seen)
    Version.objects.exclude(seen_to=None).update(seen_to=seen)
    watch(account)
    changed(account, "ci.example", "PutRolePolicy", days=1.1, details={"policy_name": "data"}, agent="terraform")
    for n in range(5):
        changed(account, "ci.example", "CreateUser", "user", f"robot-{n}", days=1.1 - n / 5000, agent="terraform")
    put_together(account)
    return account


def test_from_a_role_to_its_change_and_its_documents(account: Account, open_browser: Open) -> None:
    page = open_browser(start=f"/principals/{account.aws_id}/{APP.unique_id}/", viewport={"width": 390, "height": 800})
    section = page.locator("#timeline")
    expect(section).to_contain_text("inline policy data changed")
    expect(section).to_contain_text(re.compile(r"gained \d+ actions of s3"))
    section.get_by_role("link", name=re.compile("before and after")).click()
    expect(page.locator("#documents .diff ins")).to_contain_text('"Action": "s3:*"')
    expect(page.locator("#documents .diff del")).to_contain_text('"Action": "s3:GetObject"')
    expect(page.locator("#calls")).to_contain_text("PutRolePolicy")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link", name="Changes", exact=True).first.click()
    expect(page.locator("#list-count")).to_contain_text("1 change")
    row = page.get_by_role("row", name=re.compile("app"))
    expect(row.get_by_text("robot-4")).to_be_hidden()
    row.get_by_text("and 3 more").click()
    expect(row.get_by_text("robot-4").first).to_be_visible()
