"""Working on many findings as an analyst does: a family accepted, taken back, some assigned."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from collectors.models import Account
from findings.models import Finding
from iamdash.access.models import Role
from tests.pages.making import covered, finding

Open = Callable[..., Page]


@pytest.fixture
def family(transactional_db: None) -> list[Finding]:
    rows = []
    for n in (1, 2):
        account = Account.objects.create(aws_id=f"{n:012d}", name=f"member-{n}")
        covered(account)
        told = {"fix_at": "prod (ou-ab12-34567890)"}
        rows.append(finding(account, "GR104", title=f"No guard in {n}", subject_type="account", evidence=told))
        rows.append(finding(account, title=f"Role of {n} is unused"))
    return rows


def statuses() -> list[str]:
    return list(Finding.objects.order_by("pk").values_list("status", flat=True))


def test_accept_a_family_undo_and_assign(family: list[Finding], open_browser: Open) -> None:
    page = open_browser(Role.ANALYST)
    page.get_by_role("link", name="No guard in 1").click()
    page.get_by_role("link", name="Accept", exact=True).click()
    page.get_by_label("The family: GR104").check()
    page.get_by_label("For", exact=True).select_option("all")
    page.get_by_label("Why").fill("until the OU is split")
    page.get_by_role("button", name="Show what it hides").click()
    expect(page.get_by_text("It hides 2 findings now")).to_be_visible()
    assert statuses() == ["open"] * 4
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.locator("h1")).to_contain_text("GR104")
    assert statuses() == ["accepted", "open", "accepted", "open"]

    page.goto("/findings/")
    page.get_by_label("All of this page").check()
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_text("2 findings: Medium 2")).to_be_visible()
    page.get_by_label("To", exact=True).fill("team-a")
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_text("2 findings are now of team-a.")).to_be_visible()
    assert Finding.objects.filter(assignee="team-a").count() == 2
    page.get_by_role("link", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("It is as it was before.")).to_be_visible()
    assert not Finding.objects.exclude(assignee="").exists()
