from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.template import Context, Template
from django.template.loader import get_template
from django.utils import timezone

from collectors.models import Account, Coverage, Membership
from collectors.models.account import NOT_COLLECTED
from iamdash.access.models import Role
from iamdash.pages.context import health
from tests.pages.making import covered

Client = Callable[..., Any]


def html(response: Any) -> str:
    return response.content.decode()


def line(response: Any) -> str:
    found = re.search(r'<p class="health">(.*?)</p>', html(response), re.DOTALL)
    assert found
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", found[1])).strip()


def test_the_header_line_tells_age_and_health(sign_in: Client, account: Account, other_account: Account) -> None:
    client = sign_in()
    assert line(client.get("/rules/")) == "No data yet: the first collection has not finished"
    covered(account)
    assert line(client.get("/rules/")) == "Data from just now, 1 not collected yet"
    covered(other_account, state="denied")
    assert line(client.get("/rules/")) == "Data from just now, 1 account partial"
    covered(other_account, api="iam:ListAccessKeys")
    Coverage.objects.filter(account=account).update(complete_at=timezone.now() - timedelta(days=3))
    assert line(client.get("/rules/")) == "Data from just now, oldest from 3 d ago, 1 account partial"
    assert line(client.get(f"/rules/?account={account.aws_id}")) == "Data from 3 d ago"


def test_health_is_one_query_of_the_operators_accounts(
    sign_in: Client, account: Account, other_account: Account, django_assert_num_queries: Any
) -> None:
    covered(account)
    covered(other_account, state="denied")
    assert line(sign_in(accounts=[account]).get("/rules/")) == "Data from just now"
    with django_assert_num_queries(1):
        assert health().accounts == 2


@pytest.mark.parametrize("held", [{"paused": True}, *({"standing": one} for one in NOT_COLLECTED)])
def test_an_account_that_is_held_is_counted_alone_only(account: Account, other_account: Account, held: Any) -> None:
    covered(account)
    Membership.objects.create(account=account, name="a")
    Membership.objects.create(account=other_account, name="b", **held)
    assert (health().accounts, health().waiting) == (1, 0)
    alone = health(other_account.aws_id)
    assert (alone.accounts, alone.waiting, alone.unread, alone.newest) == (1, 1, 1, None)


def test_the_numbers_of_a_chart_are_cells_with_links_and_unknowns() -> None:
    cells = [(0, "/x"), (1234, ""), (1234567, '/x?a=1&b="><script>'), (None, "/x")]
    rows = [("<b>", cells)]
    shown = Template("{% load show %}{% number_rows rows %}").render(Context({"rows": rows}))
    assert '<tr><th scope="row">&lt;b&gt;</th>' in shown
    assert re.findall(r'<td class="number">(.*?)</td>', shown) == [
        "0", "1,234", '<a href="/x?a=1&amp;b=&quot;&gt;&lt;script&gt;">1,234,567</a>', '<span class="unknown">unknown</span>',
    ]  # fmt: skip


def test_the_choice_is_named_and_kept(sign_in: Client, account: Account, other_account: Account) -> None:
    page = html(sign_in(accounts=[account]).get(f"/rules/?account={account.aws_id}"))
    assert re.search(r'<details class="menu where">\s*<summary>.*<bdi>payments-prod</bdi>', page)
    assert other_account.aws_id not in page
    assert f'href="/findings/?account={account.aws_id}"' in page


@pytest.mark.parametrize("given", ["1", "x" * 12, "00000000000'", "%00"])
def test_what_is_no_account_id_is_not_chosen(sign_in: Client, given: str) -> None:
    page = html(sign_in().get(f"/rules/?account={given}"))
    assert "?account=" not in page


def test_nothing_is_inline(sign_in: Client, account: Account) -> None:
    """The policy allows no inline script or style."""
    response = sign_in().get("/findings/")
    assert response["Content-Security-Policy"].count("'self'") >= 4
    assert "unsafe" not in response["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=", html(response))


def test_the_operator_signs_out_by_post(sign_in: Client) -> None:
    page = html(sign_in(Role.ANALYST).get("/rules/"))
    assert re.search(r'<form method="post" action="/sign-in/out/">', page)
    assert "Analyst: reads" in page


def test_current_page_is_marked_once(sign_in: Client) -> None:
    page = html(sign_in().get("/findings/?tab=open"))
    nav = page[page.index('<nav class="nav"') : page.index("</nav>")]
    assert nav.count('aria-current="page"') == 1


def test_lab_data_says_so(sign_in: Client, settings: Any) -> None:
    assert "nothing here is real" not in html(sign_in().get("/rules/"))
    settings.LAB = True
    assert "nothing here is real" in html(sign_in().get("/rules/"))


def test_sign_in_page_tells_strangers_nothing(client: Any, static_files: None, account: Account) -> None:
    covered(account)
    page = html(client.get("/sign-in/"))
    assert "Sign in" in page
    assert "<nav" not in page
    assert account.aws_id not in page
    assert "Data from" not in page


def test_missing_pages_lead_on(sign_in: Client, client: Any) -> None:
    assert "All findings" in html(sign_in().get("/nowhere/"))
    stranger = client.get("/nowhere/")
    assert stranger.status_code == 404
    assert "All findings" not in html(stranger)


@pytest.mark.parametrize("name", ["500.html", "403_csrf.html"])
def test_pages_without_a_request(static_files: None, name: str) -> None:
    assert "<h1>" in get_template(name).render({})


@pytest.mark.parametrize(
    ("path", "said"),
    [("/sign-in/up/", "made by an admin"), ("/sign-in/inactive/", "deactivated"), ("/sign-in/", "Sign in")],
)
def test_pages_before_sign_in(client: Any, db: None, static_files: None, path: str, said: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert said in html(response)


def test_passwords_are_changed_in_our_frame(sign_in: Client) -> None:
    client = sign_in()
    assert "Change password" not in html(client.get("/rules/")), "who has none has nothing to change"
    client.operator.set_password("a-long-enough-password")
    client.operator.save()
    client.force_login(client.operator)
    assert '<nav class="nav"' in html(client.get("/sign-in/password/"))
