from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from collectors.models import Account
from findings.models import Unknown
from findings.rules import registry
from findings.vocabulary import Practice
from tests.pages.conftest import Made
from tests.pages.making import checked, finding
from tests.pages.shown import text

Client = Callable[..., Any]


def test_every_rule_and_practice_is_there_before_anything_was_judged(sign_in: Client) -> None:
    response = sign_in().get("/rules/")
    page = text(response)
    assert all(f"{rule.code} {rule.slug}" in page for rule in registry.rules())
    assert all(f'id="{practice.slug}"' in response.content.decode() for practice in Practice)
    assert page.count("unknown: not judged yet") == len(registry.rules())


def test_numbers_are_of_the_operators_accounts(sign_in: Client, account: Account, other_account: Account) -> None:
    finding(account)
    finding(other_account)
    checked(account, n_open=1, n_clear=41)
    checked(other_account, n_subjects=1, n_open=1, n_clear=0)
    standing = {
        row.rule.code: row for _, rows in sign_in(accounts=[account]).get("/rules/").context["groups"] for row in rows
    }["LP101"]
    assert (standing.findings, standing.open, standing.clear, standing.unknown) == (1, 1, 41, 0)
    both = sign_in().get("/rules/LP101/").context["standing"]
    assert (both.findings, both.open) == (2, 2)
    one = sign_in().get(f"/rules/LP101/?account={other_account.aws_id}").context["standing"]
    assert (one.findings, one.clear) == (1, 0)


def test_a_rules_page_holds_its_documentation_and_reasons(sign_in: Client, account: Account) -> None:
    checked(account, n_open=2, n_unknown=1)
    Unknown.objects.create(account=account, code="LP101", reason="x was denied", since=timezone.now())
    page = text(sign_in().get("/rules/LP101/"))
    for said in ("What it does", "How to fix", "What it cannot know", "x was denied", "2 in payments-prod", "90 days"):
        assert said in page, said


def test_what_was_not_read_is_not_taken_for_nothing_to_judge(sign_in: Client, account: Account) -> None:
    checked(account, n_subjects=0, n_clear=0, reason="iam:GetAccountAuthorizationDetails was denied")
    assert "not all read in 1 account" in text(sign_in().get("/rules/"))
    page = text(sign_in().get("/rules/LP101/"))
    assert "0 unknown; not all read in 1 account" in page


def test_no_such_rule(sign_in: Client) -> None:
    assert sign_in().get("/rules/XX999/").status_code == 404


def test_queries_do_not_grow_with_rules(sign_in: Client, account: Account, django_assert_max_num_queries: Any) -> None:
    for rule in registry.rules():
        checked(account, rule.code)
    client = sign_in()
    with django_assert_max_num_queries(14):
        client.get("/rules/")


def test_every_number_of_a_rule_leads_to_accounts_that_sum_up_to_it(made: Made, elsewhere: Made, sign_in: Any) -> None:
    made.state("LP101", n_subjects=9, n_open=2, n_clear=6, n_unknown=1)
    made.state("KY101", n_subjects=1, n_clear=1)
    elsewhere.state("LP101", n_subjects=4, n_clear=0, n_unknown=4, reason="iam:GetRole was denied")
    web = sign_in()
    for path in ("/rules/", "/rules/LP101/"):
        links = [
            html.unescape(one) for one in re.findall(r'href="(/rules/accounts/[^"]*)"', web.get(path).content.decode())
        ]
        clear = next(one for one in links if "rule=LP101" in one and "tab=clear" in one)
        shown = web.get(clear)
        assert shown.context["sums"] == {"n_subjects": 9, "n_open": 2, "n_clear": 6, "n_unknown": 1}
        assert "1 judgement: 9 checked, 2 open, 6 clear, 1 unknown" in text(shown)
        unread = next(one for one in links if "rule=LP101" in one and "tab=unread" in one)
        assert [row.account for row in web.get(unread).context["list"].table.data.data] == [elsewhere.account]
    page = web.get("/rules/accounts/", {"rule": "LP101", "sort": "-unknown"})
    assert [row.n_unknown for row in page.context["list"].table.data.data] == [4, 1]
    assert f"/rules/unknown/?account={elsewhere.account.aws_id}&amp;rule=LP101" in page.content.decode()
    found = json.loads(web.get("/rules/accounts/?practice=KY&export=json").body)
    assert [(one["rule"], one["subject_type"], one["checked"], one["clear"]) for one in found] == [
        ("KY101", "account", 1, 1)
    ]
    assert "/rules/accounts/?practice=LP" in web.get("/").content.decode()
    mine = sign_in(accounts=[elsewhere.account]).get("/rules/accounts/", {"rule": "LP101"})
    assert mine.context["sums"]["n_subjects"] == 4


def test_an_empty_part_of_rules_by_account_says_what_it_is_empty_of(made: Made, sign_in: Any) -> None:
    web = sign_in()
    assert "Nothing was judged yet" in text(web.get("/rules/accounts/?tab=unread"))
    made.state("LP101", n_subjects=1, n_clear=1)
    for tab, said in (("unread", "Every rule had all that it reads"), ("open", "No subject is open")):
        page = text(web.get("/rules/accounts/", {"tab": tab}))
        assert said in page
        assert "Nothing was judged yet" not in page
