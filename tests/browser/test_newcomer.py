"""From an empty installation to the first finding, by the pages alone; AWS is the lab, and the worker's part is played here."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models.functions import Now
from playwright.sync_api import Page, expect

from collectors import access_policy
from collectors.models import Account, CollectRequest
from iamdash.access.models import Role
from tests.pages.conftest import Made
from tests.test_denied import collect_and_judge

Open = Callable[..., Page]


@pytest.mark.parametrize(("scheme", "script"), [("light", True), ("dark", False)], ids=["script", "none"])
def test_from_nothing_to_the_first_finding(
    transactional_db: None, aws: Any, open_browser: Open, scheme: str, script: bool
) -> None:
    chosen = aws.organization()["accounts"][0]
    page = open_browser(Role.ADMIN, "/", color_scheme=scheme, java_script_enabled=script)
    expect(page.get_by_role("heading", name="Connect the first account")).to_be_visible()
    page.get_by_role("link", name="Connect an account", exact=True).click()

    page.get_by_label("Account id").fill("123")
    page.get_by_label("Name", exact=True).fill(chosen["name"])
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("12 digits, leading zeros included")).to_be_visible()
    page.get_by_label("Account id").fill(chosen["id"])
    page.get_by_role("button", name="Register").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(f"Connect {chosen['name']}")
    expect(page.locator("[aria-current=step]")).to_contain_text("Make the role in the account")
    template = json.loads(page.locator("#cloudformation").inner_text())
    role = template["Resources"]["Role"]["Properties"]
    condition = role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]
    aws.deploy(
        [
            {
                "account": chosen["id"],
                "role_name": role["RoleName"],
                "external_id": condition["sts:ExternalId"],
                "policy": access_policy.read_only_policy(),
            }
        ]
    )
    page.get_by_role("button", name="Collect now").click()
    expect(page.get_by_text("The worker begins within 30 seconds")).to_be_visible()
    collect_and_judge(Account.objects.get())
    CollectRequest.objects.update(taken_at=Now())

    if not script:
        page.reload()
    page.get_by_role("link", name="Overview, with").click()  # it came by itself
    expect(page.get_by_role("heading", name="What next?")).to_be_visible()
    if script:
        expect(page.locator(".plot .bars, .plot .barlayer").first).to_be_attached()
    expect(page.locator(".chart figcaption").first).not_to_be_empty()
    page.locator(".card .figure a").first.click()
    expect(page.locator("#list-count")).to_contain_text("finding")
    page.locator("a.lead").first.click()
    expect(page.get_by_role("heading", name="How to fix")).to_be_visible()


def test_only_a_role_is_asked_for_its_name(transactional_db: None, open_browser: Open) -> None:
    page = open_browser(Role.ADMIN, "/accounts/add/?kind=bundle", java_script_enabled=False)
    expect(page.get_by_label("Role name")).to_be_hidden()
    page.get_by_label("Assume a role").check()
    expect(page.get_by_label("Role name")).to_have_value("iamdash-readonly")
    page.get_by_label("Bundles of files").check()
    page.get_by_label("Account id").fill("000000000001")
    page.get_by_label("Name", exact=True).fill("files")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_label("Bundle (zip, up to 50 MB)")).to_be_visible()


def test_a_run_under_way_shows_its_end_by_itself(transactional_db: None, open_browser: Open) -> None:
    made = Made(Account.objects.create(aws_id="000000000001", name="one"))
    run = made.run("account", state="running", finished=False, step="iam:GetAccountSummary")
    page = open_browser(Role.VIEWER, f"/runs/{run.pk}/")
    expect(page.locator("#progress")).to_contain_text("0 of 1 sources")
    run.job_set.update(state="done")
    type(run).objects.filter(pk=run.pk).update(finished_at=Now())
    expect(page.locator("#progress")).to_contain_text("1 of 1 sources")


def test_overview_without_javascript(transactional_db: None, open_browser: Open) -> None:
    made = Made(Account.objects.create(aws_id="000000000001", name="one"))
    made.state()
    made.finding()
    page = open_browser(Role.VIEWER, "/", java_script_enabled=False)
    expect(page.locator("[data-plot]").first).to_be_hidden()  # no room is kept for what nobody draws
    page.get_by_text("The numbers").first.click()
    expect(page.get_by_role("table").first).to_be_visible()
