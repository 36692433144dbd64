"""From a policy to who can do what it says, why, and how that role could get more; and no page wider than a telephone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from collectors import records
from collectors.models import Account
from iamdash.pages import indexes
from tests.builders import policy, role, trust
from tests.findings.engine.inventory import judge, put
from tests.findings.worlds import EVERYTHING, allow, document
from tests.pages.test_principals import store_documents

Open = Callable[..., Page]
PASSER = document(allow(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"]))
LAMBDA = trust(Service="lambda.amazonaws.com")
OUTSIDE = trust(AWS="arn:aws:iam::999999999999:root")
LONG = "a-role-with-a-name-as-long-as-IAM-lets-it-be-for-a-role-64-letters"[:64]


@pytest.fixture
def account(transactional_db: None) -> Account:
    indexes._entries.clear()
    account = Account.objects.create(aws_id="000000000001", name="payments-prod")
    passer = policy("release-functions", document=records.digest(PASSER), attachment_count=1)
    store_documents(account, PASSER, LAMBDA, OUTSIDE, EVERYTHING)
    put(
        account,
        passer,
        role("releaser", attached=(passer.arn,)),
        role("deployer", inline={"all": records.digest(EVERYTHING)}, trust=records.digest(LAMBDA)),
        role(LONG, trust=records.digest(OUTSIDE)),
    )
    judge(account)
    return account


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_a_policy_to_an_administrator(account: Account, open_browser: Open, scheme: str) -> None:
    page = open_browser(start="/policies/", color_scheme=scheme)
    page.get_by_label("Policies that allow an action, or name an ARN").fill("lambda:InvokeFunction")
    page.keyboard.press("Enter")
    page.wait_for_url("**/policies/?*lambda*")  # the list came anew; a click before that would be lost
    expect(page.locator("#list-count")).to_contain_text("1 policy")
    page.get_by_role("link", name="release-functions").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("release-functions")
    page.get_by_role("link", name="lambda:InvokeFunction").click()
    expect(page.locator("#answer")).to_contain_text("2 of 3 principals")
    page.get_by_label("Action").fill("lambda:InvokeFunktion")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("alert")).to_contain_text("Did you mean lambda:InvokeFunction")
    page.go_back()
    page.get_by_role("link", name="Why? releaser").click()
    expect(page.locator("#answer")).to_have_text("Allowed")
    page.get_by_role("navigation", name="Where this is").get_by_role("link", name="releaser").click()
    expect(page.locator("#escalation")).to_contain_text("live")
    page.locator("#escalation").get_by_role("link", name="deployer").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("deployer")


def test_the_ways_of_a_big_account_come_by_themselves(
    account: Account, open_browser: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexes, "SMALL", 1)
    releaser = account.principal_set.get(name="releaser")
    page = open_browser(start=f"/principals/{account.aws_id}/{releaser.unique_id}/")
    expect(page.locator("#escalation")).to_contain_text("becomes an administrator")


def test_rows_by_keyboard(account: Account, open_browser: Open) -> None:
    page = open_browser(start="/external-access/")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name=LONG)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#trust")).to_contain_text("external")
    page.keyboard.press("g")
    page.keyboard.press("x")
    page.wait_for_url("**/external-access/")


def test_no_page_is_wider_than_a_telephone(account: Account, open_browser: Open) -> None:
    page = open_browser(start="/policies/", viewport={"width": 390, "height": 800})
    managed = account.policy_set.get()
    roles = [f"{account.aws_id}/{one.unique_id}/" for one in account.principal_set.all()]
    question = "?action=lambda:InvokeFunction&resource=arn:aws:lambda:eu-west-1:000000000001:function:" + "x" * 200
    paths = [
        "/policies/?allows=lambda:*",
        f"/policies/{account.aws_id}/{managed.unique_id}/",
        "/external-access/",
        f"/who-can/{question}",
    ]
    paths += [f"/principals/{role}" for role in roles] + [f"/who-can/{roles[0]}{question}"]
    for path in paths:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
