"""From the told tree to the board, by the pages alone."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from collectors import joining
from iamdash.access.models import Role
from tests.builders import unit
from tests.collectors.organized import ORGANIZATION, TREE, listed, manager, number, tell
from tests.pages.joined import covered

Open = Callable[..., Page]


def test_an_organization_is_chosen_previewed_connected_and_watched(transactional_db: None, open_browser: Open) -> None:
    deep = (*TREE, unit("ou-deep", "ou-pay", name="payments with a rather long name"))
    members = [listed(n, "ou-pay", name=f"payments-{n}") for n in range(1, 9)]
    tell(manager(), *members, listed(20, "ou-deep", name="deep"), listed(21, "ou-dev", state="SUSPENDED"), tree=deep)
    page = open_browser(Role.ADMIN, "/accounts/organization/")
    page.get_by_role("link", name=f"Connect {ORGANIZATION}").click()
    page.get_by_label("Root").uncheck()
    page.get_by_label("ou-prod").check()
    page.get_by_label("Leave these accounts out").fill(number(8))
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".notice[role=status]")).to_contain_text("8 accounts would be connected")
    expect(page.get_by_label("ou-prod")).to_be_checked()
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", name="What to deploy")).to_be_visible()
    expect(page.locator("#members-template")).to_contain_text("${OrganizationSecret}-${AWS::AccountId}")
    joining.join_all()
    covered(1)
    covered(2, "denied", permission="sts:AssumeRole", detail="AccessDenied: not authorized to perform: sts:AssumeRole")
    covered(3, "denied", "iam:ListRoles", permission="iam:ListRoles")
    page.get_by_role("link", name="Status of its accounts").click()
    expect(page.get_by_role("heading", name=f"Organization {ORGANIZATION}")).to_be_visible()
    page.get_by_role("link", name="To do").click()
    expect(page.locator("#list-count")).to_contain_text("2 accounts")
    expect(page.get_by_role("row", name="payments-3")).to_contain_text("Grant iam:ListRoles")
