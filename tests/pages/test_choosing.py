"""One control in the frame for whose data is shown: what it offers, where it leads, and pages that cannot narrow by it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from collectors.models import Account, Connection, Coverage
from findings.models import AccountPlace
from iamdash.access.models import Role
from iamdash.pages.context import health
from tests.access.routes import ROUTES
from tests.access.things import things
from tests.pages.acted import said
from tests.pages.making import HOSTILE, ago, covered
from tests.pages.test_settings import PROD, SANDBOX, placed

pytestmark = pytest.mark.django_db
Client = Callable[..., Any]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def two(account: Account, other_account: Account) -> tuple[Account, Account]:
    """payments-prod in ou-1 (prod), sandbox in ou-2."""
    placed(account, PROD, tags={})
    placed(other_account, SANDBOX, tags={})
    return account, other_account


def options(response: Any) -> dict[str, str]:
    """Label -> where it leads."""
    found = re.findall(
        r'<a class="option" href="([^"]*)"[^>]*><span class="label">(.*?)</span>', response.content.decode()
    )
    return {re.sub("<.*?>", "", label): html.unescape(url) for url, label in found}


def current(response: Any) -> list[str]:
    return re.findall(r'aria-current="true"><span class="label">(?:<bdi>)?(.*?)<', response.content.decode())


def test_it_offers_all_accounts_ous_and_accounts(sign_in: Client, two: Any) -> None:
    web = sign_in()
    response = web.get("/choose/", {"at": "/findings/?severity=high&after=x&account=1"}, headers=HTMX)
    assert "<html" not in response.content.decode()
    assert options(response) == {
        "All accounts": "/findings/?severity=high",
        "OU prod (ou-1)": "/findings/?severity=high&ou=ou-1",
        "OU sandbox (ou-2)": "/findings/?severity=high&ou=ou-2",
        "payments-prod": "/findings/?severity=high&account=000000000001",
        "sandbox": "/findings/?severity=high&account=000000000002",
    }
    assert current(response) == ["All accounts"]
    whole = web.get("/choose/", {"at": "/findings/"})
    assert 'href="/findings/?ou=ou-1"' in whole.content.decode()


def test_an_account_leads_up_to_the_ous_around_it(sign_in: Client, two: Any) -> None:
    response = sign_in().get("/choose/", {"at": "/", "account": two[0].aws_id}, headers=HTMX)
    assert "Around it OU prod (ou-1) 1 account OUs" in said(response)
    assert current(response) == ["payments-prod"]
    assert current(sign_in().get("/choose/", {"at": "/", "ou": "ou-2"}, headers=HTMX)) == ["OU sandbox (ou-2)"]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("sand", ["OU sandbox (ou-2)", "sandbox"]),
        ("PAY", ["payments-prod"]),
        ("0000-0000-0002", ["sandbox"]),
        ("ou-1", ["OU prod (ou-1)"]),
        ("%", []),
        ("-", ["OU prod (ou-1)", "OU sandbox (ou-2)", "payments-prod"]),
        ("<b>", []),
    ],
)
def test_what_is_typed_is_found(sign_in: Client, two: Any, q: str, expected: list[str]) -> None:
    response = sign_in().get("/choose/", {"at": "/", "q": q}, headers=HTMX)
    assert list(options(response)) == expected
    assert f"{len(expected)} found" in said(response)
    assert "<b>" not in response.content.decode()


def test_of_a_thousand_accounts_some_are_offered_and_all_are_found(
    sign_in: Client, django_assert_max_num_queries: Any
) -> None:
    made = Account.objects.bulk_create(Account(aws_id=f"{n:012d}", name=f"team-{n}") for n in range(1, 1001))
    AccountPlace.objects.bulk_create(
        AccountPlace(account=one, ous=["r-1", f"ou-x{one.pk % 40}"], names=["Root", "n"], tags={}) for one in made
    )
    web = sign_in()
    with django_assert_max_num_queries(14):
        response = web.get("/choose/", {"at": "/"}, headers=HTMX)
    assert len(options(response)) == 1 + 10 + 10
    assert "and 990 more: type to find" in said(response)
    assert "and 30 more: type to find" in said(response)
    assert "team-777" in options(web.get("/choose/", {"at": "/", "q": "m-777"}, headers=HTMX))
    page = web.get("/findings/").content.decode()
    assert "team-7" not in page.partition("<main")[0]
    assert "<select" not in page.partition("<main")[0]


@pytest.mark.parametrize(
    "at", ["//evil.example/", "https://evil.example/", "javascript:alert(1)", "/nowhere/", "", "\\\\x", "x" * 9000]
)
def test_it_leads_to_pages_of_ours_alone(sign_in: Client, two: Any, at: str) -> None:
    found = options(sign_in().get("/choose/", {"at": at}, headers=HTMX))
    assert {urlsplit(url).path for url in found.values()} == {"/"}
    assert "evil" not in sign_in().get("/choose/", {"at": at}).content.decode()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_text(sign_in: Client, account: Account, text: str) -> None:
    Account.objects.update(name=text[:128])
    for path in (f"/findings/?account={account.aws_id}", "/choose/", "/choose/?q=<script>"):
        assert "<script>alert" not in sign_in().get(path).content.decode()


def test_operators_of_some_accounts_are_offered_these(sign_in: Client, two: Any) -> None:
    found = options(sign_in(Role.VIEWER, [two[0]]).get("/choose/", {"at": "/"}, headers=HTMX))
    assert list(found) == ["All accounts", "OU prod (ou-1)", "payments-prod"]


def at(response: Any) -> str:
    found = re.search(r'name="at" value="([^"]*)"', response.content.decode())
    assert found
    return html.unescape(found.group(1))


def test_a_page_keeps_what_it_was_asked_and_a_things_page_leads_to_its_list(sign_in: Client, two: Any) -> None:
    AccountPlace.objects.all().delete()
    web, there = sign_in(), things(two[0])
    assert at(web.get("/findings/?severity=high&ou=ou-1&days=30")) == "/findings/?severity=high&days=30"
    assert at(web.get(f"/findings/{there.finding}/?severity=high&days=30")) == "/findings/?days=30"
    assert at(web.get(f"/principals/{there.aws_id}/{there.principal}/")) == "/principals/"
    assert at(web.get("/choose/?at=/keys/%3Fq%3Dx&account=000000000001")) == "/keys/?q=x"
    assert at(web.get("/nowhere/")) == "/"


def test_the_datas_age_is_of_what_is_chosen(sign_in: Client, two: Any) -> None:
    for one, age in zip(two, (1, 9), strict=True):
        Connection.objects.create(account=one)
        Coverage.objects.filter(pk=covered(one).pk).update(complete_at=ago(days=age))
    assert health(accounts={two[1].pk}).accounts == 1
    assert "Data from 9 d ago" in said(sign_in().get("/rules/?ou=ou-2"))
    assert "Data from 1 d ago, oldest from 9 d ago" in said(sign_in().get("/rules/"))


MENUS = re.compile(r"<select.*?</select>|<details class=\"menu.*?</details>", re.DOTALL)  # what else could be chosen
OF_MANY = [name for name, route in ROUTES.items() if route.method == "get" and not route.args and "api" not in name]


@pytest.mark.parametrize("choice", ["account", "ou"])
def test_a_page_shows_what_was_chosen_alone_or_says_that_it_does_not(sign_in: Client, choice: str) -> None:
    """The other account's things have its number in their names."""
    one, other = (Account.objects.create(aws_id=f"00000000000{n}", name=f"team {n}") for n in (1, 2))
    for each in (one, other):
        things(each)
        AccountPlace.objects.filter(account=each).update(ous=["r-1", f"ou-{each.aws_id}"], names=["Root", "x"])
    web, asked = sign_in(Role.ADMIN), {"account": one.aws_id} if choice == "account" else {"ou": f"ou-{one.aws_id}"}
    wrong = []
    for name in OF_MANY:
        text = web.get(reverse(name), asked, follow=True).content.decode()
        main = MENUS.sub("", text.partition("<main")[2].partition("</main>")[0])
        if f"role-of-{other.aws_id}" in main and "not narrowed to" not in main:
            wrong.append(name)
    assert " ".join(wrong) == ""


def test_what_was_chosen_is_in_the_links_of_every_page(sign_in: Client, two: Any) -> None:
    AccountPlace.objects.all().delete()
    for one in two:
        things(one)
    web, wrong = sign_in(Role.ADMIN), []
    for name in OF_MANY:
        text = web.get(reverse(name), {"ou": "ou-1"}, follow=True).content.decode()
        link = re.search(r'<nav class="nav".*?href="(/findings/[^"]*)"', text, re.DOTALL)
        if link and parse_qs(urlsplit(html.unescape(link.group(1))).query) != {"ou": ["ou-1"]}:
            wrong.append(name)
    assert " ".join(wrong) == ""
