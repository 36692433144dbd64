"""What was chosen stays from page to page: the OU and the period, as the account does."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from collectors.models import Account
from findings.models import AccountGuarding, AccountPlace, DecidedSetting, KindOverride, PrincipalPosture, Unknown
from iamdash.access.models import Operator, Role
from iamdash.pages.models import SavedView
from tests.pages.conftest import Made
from tests.pages.making import covered

UNIT = "ou-ab12-34567890"
pytestmark = pytest.mark.django_db


@pytest.fixture
def prod(made: Made, elsewhere: Made) -> Account:
    """The other account, in an OU. Both have a finding, an unknown check and a role at risk."""
    for one, unit, name in ((made, "ou-cd34-00000000", "Dev"), (elsewhere, UNIT, "Prod")):
        AccountPlace.objects.create(account=one.account, ous=["r-1", unit], names=["Root", name], tags={})
        one.finding(severity=5, subject=name)
        one.role(f"role-{name}", risk=300, critical=1)
        one.state(n_subjects=4, n_open=1, n_clear=1, n_unknown=2, reason=f"iam:GetUser was not read in {name}")
    return elsewhere.account


def links(response: Any) -> list[str]:
    return [html.unescape(one) for one in re.findall(r'href="(/[^"]*)"', response.content.decode())]


def asked(link: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(link).query)


def to(response: Any, path: str) -> dict[str, list[str]]:
    return asked(next(one for one in links(response) if urlsplit(one).path == path))


@pytest.mark.parametrize(
    "page", ["/", "/findings/", "/rules/", "/trends/", "/networks/", "/settings/", "/rules/LP101/"]
)
def test_ou_and_period_stay_in_the_navigation(prod: Account, sign_in: Any, page: str) -> None:
    response = sign_in().get(page, {"ou": UNIT, "days": "30"})
    for path in ("/", "/findings/", "/principals/", "/trends/", "/rules/", "/settings/"):
        assert to(response, path) == {"ou": [UNIT], "days": ["30"]}, path


@pytest.mark.parametrize("odd", ["prod", "ou-<b>", "r-1", "%00"])
def test_what_is_no_ou_or_period_is_not_carried_on(prod: Account, sign_in: Any, odd: str) -> None:
    response = sign_in().get("/settings/", {"ou": odd, "days": "31"})
    assert to(response, "/findings/") == {}


def test_an_ou_narrows_all_of_the_overview(prod: Account, sign_in: Any) -> None:
    web = sign_in()
    whole, part = web.get("/"), web.get("/", {"ou": UNIT})
    assert (whole.context["total"], whole.context["connected"]) == (2, 2)
    assert (part.context["total"], part.context["connected"]) == (1, 1)
    said = part.content.decode()
    assert "role-Prod" in said
    assert "role-Dev" not in said
    assert "not read in Prod" in said
    assert "not read in Dev" not in said
    assert [one.url for one in part.context["next"]]
    assert all("rule" in asked(one.url) for one in part.context["next"])
    assert "Prod" in said[said.index("<h1") : said.index("</h1>")]


def test_an_ou_and_an_account_outside_of_it_leave_nothing_and_say_so(made: Made, prod: Account, sign_in: Any) -> None:
    response = sign_in().get("/", {"ou": UNIT, "account": made.account.aws_id})
    assert (response.context["total"], response.context["connected"]) == (0, 0)
    assert not response.context["judged"]  # nothing looks fine
    assert "Remove the filter" in response.content.decode()


@pytest.mark.parametrize("path", ["/findings/", "/principals/", "/rules/unknown/"])
def test_an_ou_narrows_lists(prod: Account, sign_in: Any, path: str) -> None:
    for account in Account.objects.all():
        Unknown.objects.create(account=account, code="LP101", reason="r", since=timezone.now())
    web = sign_in()
    assert web.get(path).context["list"].total == 2
    rows = web.get(path, {"ou": UNIT}).context["list"].table.data.data
    assert [row.account for row in rows] == [prod]


def test_a_list_tells_what_was_checked_in_the_ou_only(prod: Account, sign_in: Any) -> None:
    checked = sign_in().get("/findings/", {"ou": UNIT}).context["checked"]
    assert checked.sums["accounts"] == 1


def test_an_ou_narrows_the_rules_and_a_rule(prod: Account, sign_in: Any) -> None:
    web = sign_in()
    for path in ("/rules/", "/rules/LP101/"):
        shown = web.get(path, {"ou": UNIT})
        standing = shown.context.get("standing") or next(
            one for _, rows in shown.context["groups"] for one in rows if one.rule.code == "LP101"
        )
        assert (standing.findings, standing.open, standing.unknown) == (1, 1, 2)
        assert "Remove the filter" in shown.content.decode()


def test_a_page_that_shows_all_accounts_says_so(prod: Account, sign_in: Any) -> None:
    web = sign_in()
    said = web.get("/settings/views/", {"ou": UNIT}).content.decode()
    assert "not narrowed to OU Prod" in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", said))
    for path in ("/settings/views/", "/findings/?ou=" + UNIT, "/networks/?ou=" + UNIT):
        assert "not narrowed" not in web.get(path).content.decode()


def test_pages_that_are_no_list_narrow_by_an_ou(prod: Account, sign_in: Any) -> None:
    for one in Account.objects.all():
        unit = AccountPlace.objects.get(account=one).ous[-1]
        AccountGuarding.objects.create(
            account=one, organization_id="o-1", organization_known=True, management=False, holders=1, bounded=0, unread=0,
            path=[["r-1", "Root"], [unit, "x"]], unit=unit, limited=False,
        )  # fmt: skip
        for scope, target in (("account", ""), ("ou", unit)):
            DecidedSetting.objects.create(
                name="unused_days", value=30, scope=scope, target=target, account=None if target else one, set_by="ann"
            )
        KindOverride.objects.create(account=one, principal_id="AROA1", kind="human", set_by="ann")
    web = sign_in(Role.ADMIN)

    def told(path: str, **asked: str) -> tuple[Any, Any]:
        web.get(path)
        both = web.get(path, asked), web.get(path, {**asked, "ou": UNIT})
        assert "not narrowed" not in both[1].content.decode(), path
        return both[0].context, both[1].context

    whole, part = told("/guardrails/")
    assert (whole["n_accounts"], part["n_accounts"]) == (2, 1)
    assert [unit.id for unit in part["roots"][0].below] == [UNIT]
    whole, part = told("/who-can/", action="s3:GetObject", resource="arn:aws:s3:::b/k")
    assert (whole["part"].accounts, part["part"].accounts) == (2, 1)
    assert part["where"].now == [("ou", UNIT)]  # which the form sends again
    whole, part = told("/settings/")
    assert (len(whole["decided"]), len(part["decided"])) == (4, 2)
    assert (len(whole["kinds"]), [one.account for one in part["kinds"]]) == (2, [prod])
    whole, part = told("/activity/weeks/")
    assert (len(whole["found"]), part["account"]) == (2, prod)
    whole, part = told("/principals/boundary/", q="app")
    assert (whole["account"], part["account"]) == (None, prod)
    assert [asked(url) for _, url in whole["accounts"]] == [
        {"q": ["app"], "account": [one.aws_id]} for one in Account.objects.order_by("name")
    ]
    whole, part = told("/guardrails/what-if/")
    assert (whole["form"].initial["place"], part["form"].initial["place"]) == ("all", UNIT)


@pytest.mark.parametrize(
    "path", ["/guardrails/", "/who-can/?action=s3:GetObject&resource=*", "/activity/weeks/", "/principals/boundary/"]
)
def test_where_nothing_is_in_what_was_chosen_no_account_is_asked_for(
    made: Made, prod: Account, sign_in: Any, path: str
) -> None:
    chosen = f"ou={UNIT}&account={made.account.aws_id}"
    said = sign_in().get(path + ("&" if "?" in path else "?") + chosen).content.decode()
    assert "None of the accounts that you see is in" in said
    assert "No account is connected" not in said


def test_a_list_keeps_what_it_cannot_narrow_by(prod: Account, sign_in: Any) -> None:
    """Its own links, to other sorts and pages, carry it on; what it keeps is no part of a saved view."""
    listed = sign_in().get("/findings/", {"ou": UNIT, "days": "30"}).context["list"]
    assert asked(listed.asked.url(sort="since"))["days"] == ["30"]
    assert listed.views.query == f"ou={UNIT}"


def test_a_link_to_another_account_leaves_the_ou(made: Made, prod: Account, sign_in: Any) -> None:
    response = sign_in().get("/", {"ou": UNIT})
    there = [asked(one) for one in links(response) if "account=" in one]
    assert there
    assert not any("ou" in one for one in there)


def test_a_view_is_opened_with_what_stays(prod: Account, sign_in: Any) -> None:
    web = sign_in()
    view = SavedView.objects.create(owner=Operator.objects.get(), list="findings", name="v", query="severity=high")
    response = web.get("/findings/", {"view": view.pk, "ou": UNIT, "days": "30"})
    assert asked(response["Location"]) == {"severity": ["high"], "view": [str(view.pk)], "ou": [UNIT], "days": ["30"]}


@pytest.mark.parametrize("path", ["/rules/", "/principals/", "/networks/"])
def test_a_period_costs_no_statement(prod: Account, sign_in: Any, path: str) -> None:
    web = sign_in()
    web.get(path)
    with CaptureQueriesContext(connection) as plain:
        web.get(path)
    with CaptureQueriesContext(connection) as chosen:
        web.get(path, {"days": "30"})
    assert len(plain) == len(chosen)


@pytest.mark.parametrize("path", ["/principals/", "/keys/", "/policies/", "/external-access/", "/activity/trails/"])
def test_a_list_tells_what_was_not_read_in_the_ou_only(prod: Account, sign_in: Any, path: str) -> None:
    """Whatever was read elsewhere: nothing of the OU's account was, and all of the other's."""
    other = Account.objects.exclude(pk=prod.pk).get()
    for api in (
        "iam:GetAccountAuthorizationDetails",
        "iam:GetCredentialReport",
        "iam:ListAccessKeys",
        "cloudtrail:DescribeTrails",
    ):
        covered(other, api=api)
    web = sign_in()
    asked = {"ou": UNIT, "q": "nothing has this name"}
    inside = web.get(path, asked).context
    assert inside["gap"], path
    assert "accounts" not in inside["gap"], path
    assert not web.get(path, asked | {"ou": "ou-cd34-00000000"}).context["gap"], path


def test_an_empty_list_counts_what_was_judged_in_the_ou_only(prod: Account, sign_in: Any) -> None:
    PrincipalPosture.objects.filter(account=prod).delete()
    web, asked = sign_in(), {"q": "nothing has this name"}
    assert web.get("/principals/", asked | {"ou": UNIT}).context["n_judged"] == 0
    assert web.get("/principals/", asked | {"ou": "ou-cd34-00000000"}).context["n_judged"] == 1
