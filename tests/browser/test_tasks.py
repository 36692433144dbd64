"""Six tasks of a Monday morning, each within five clicks of the Overview. What is typed or chosen in a field is no click."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from collectors.models import Account
from findings.models import Finding
from iamdash.access.models import Role
from tests.browser.filled import inventory

Open = Callable[..., Page]
CLICKS = 5
pytestmark = pytest.mark.django_db


class Walk:
    """An analyst who begins at the Overview and counts."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def click(self, target: Locator) -> None:
        self.clicks += 1
        target.click()

    def link(self, name: str, within: str = "main", exact: bool = True) -> None:
        self.click(self.page.locator(within).get_by_role("link", name=name, exact=exact).first)

    def go(self, name: str) -> None:
        self.link(name, ".nav")

    def button(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=True))

    def heading(self, text: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(text)


@pytest.fixture(scope="module")
def account(kept: None) -> Account:
    return inventory()


@pytest.fixture
def walk(account: Account, open_browser: Open) -> Iterator[Walk]:
    one = Walk(open_browser(Role.ANALYST, "/"))
    yield one
    assert 0 < one.clicks <= CLICKS


def test_find_the_human_on_a_machine_role(walk: Walk) -> None:
    walk.go("Findings")
    walk.click(walk.page.locator("a.lead").filter(has_text="alice@example.com"))
    walk.heading("app")
    walk.link("app")
    expect(walk.page.locator("#did")).to_contain_text("alice@example.com")


def test_right_size_a_role(walk: Walk) -> None:
    walk.go("Principals")
    walk.link("app")
    walk.link("See the smaller policies", exact=False)
    expect(walk.page.locator("#diff del").filter(has_text="ec2:RunInstances")).to_be_visible()
    walk.click(walk.page.locator("#apply summary").filter(has_text="Terraform"))
    walk.button("Copy Terraform")
    expect(walk.page.locator("#said")).to_have_text("Copied")


def test_find_who_can_read_a_bucket(walk: Walk) -> None:
    walk.go("Who can")
    walk.page.get_by_label("Action").fill("s3:GetObject")
    walk.page.get_by_label("On the resource").fill("arn:aws:s3:::payroll/a/b")
    walk.button("Ask")
    expect(walk.page.get_by_role("link", name="app", exact=True)).to_be_visible()
    walk.link("Why? app")
    expect(walk.page.locator("#answer")).to_contain_text("Allowed")


def test_tell_whether_last_month_was_better(walk: Walk) -> None:
    walk.link("30 days", exact=False)
    expect(walk.page.locator(".answer").first).to_contain_text("etter")
    walk.link("All trends")
    expect(walk.page.locator(".answer")).to_contain_text("etter")
    walk.link("What changed", exact=False)
    walk.heading("What changed in")


def test_prove_a_control_of_cis_for_one_account(walk: Walk, account: Account) -> None:
    walk.click(walk.page.locator(".where summary"))
    walk.page.locator("#where").fill(account.aws_id)
    expect(walk.page.locator("#where-said")).to_have_text("1 found")
    walk.page.keyboard.press("Enter")
    walk.page.wait_for_url("**account=**")
    walk.go("Rules")
    walk.link("Frameworks", exact=False)
    walk.link("CIS AWS Foundations Benchmark v3", exact=False)
    walk.link("1.14", exact=False)
    expect(walk.page.locator("#evidence")).to_contain_text("KY102")


def test_accept_a_family_of_findings(walk: Walk) -> None:
    walk.go("Findings")
    walk.click(walk.page.locator("a.lead").filter(has_text="password").first)
    walk.link("Accept")
    family = walk.page.get_by_label("The family", exact=False)
    if family.count():
        family.check()
    walk.page.get_by_label("Why").fill("the robot moves to a role this month")
    walk.button("Show what it hides")
    expect(walk.page.get_by_text("Nothing is accepted yet")).to_be_visible()
    walk.button("Accept")
    expect(walk.page.get_by_role("heading", level=1)).not_to_contain_text("Accept findings")
    assert Finding.objects.filter(status=Finding.Status.ACCEPTED).exists()
