from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from collectors.models import Account, Connection
from findings.frameworks import frameworks
from findings.models import AccountDay, AccountPlace, Unknown
from tests.findings.frameworks.test_standing import accept
from tests.pages.making import SCRIPT, ago, checked, covered, finding
from tests.pages.shown import text

Client = Callable[..., Any]
V5 = "/rules/frameworks/cis-v5/"


def links(response: Any) -> list[str]:
    return [one.replace("&amp;", "&") for one in re.findall(r'href="([^"]+)"', response.content.decode())]


def keys(account: Account, n: int = 1) -> list[Any]:
    """Old keys, as KY102 tells them."""
    checked(account, "KY102", n_subjects=5, n_open=n, n_clear=5 - n)
    covered(account, "iam:ListAccessKeys")
    return [finding(account, "KY102", subject_type="key", title=f"Key {number} is old") for number in range(n)]


def test_without_accounts_nothing_is_judged(sign_in: Client) -> None:
    page = text(sign_in().get("/rules/frameworks/"))
    assert "No account to look at" in page
    assert "No account to look at" in text(sign_in().get(V5))
    assert "No account to look at" in text(sign_in().get(f"{V5}1.13/"))


def test_before_a_judgement_all_is_unknown_or_not_covered(sign_in: Client, account: Account) -> None:
    page = text(sign_in().get("/rules/frameworks/"))
    assert "34 unknown" in page
    assert "passed" not in page.split("CIS AWS Foundations Benchmark v7.0.0")[1].split("controls in")[0]


def test_one_account_has_its_states_and_links(sign_in: Client, account: Account, other_account: Account) -> None:
    keys(account)
    keys(other_account, 3)
    response = sign_in().get(f"{V5}?account={account.aws_id}")
    rows = {row.control.ref: row for _, some in response.context["sections"] for row in some}
    assert (rows["1.13"].tally.state, rows["1.13"].tally.findings) == ("failed", 1)
    assert (rows["1.1"].tally.state, rows["1.17"].tally.state) == ("manual", "not-covered")
    assert "ec2:DescribeInstances" in text(response)
    listed = sign_in().get(rows["1.13"].findings_url)
    assert listed.context["list"].total == 1
    assert "CIS AWS Foundations Benchmark v5.0.0 1.13" in text(listed)


def test_numbers_of_accounts_lead_to_them(sign_in: Client, account: Account, other_account: Account) -> None:
    keys(account)
    checked(other_account, "KY102")
    client = sign_in()
    response = client.get(V5)
    row = next(row for _, some in response.context["sections"] for row in some if row.control.ref == "1.13")
    assert [(part.state, part.n) for part in row.parts] == [("failed", 1), ("passed", 1)]
    failing = client.get(row.parts[0].url)
    assert [one.account for one in failing.context["rows"]] == [account]
    assert [part.n for part in failing.context["tabs"]] == [1, 1]


def test_the_state_narrows_the_controls(sign_in: Client, account: Account) -> None:
    keys(account)
    response = sign_in().get(f"{V5}?state=failed")
    assert [row.control.ref for _, some in response.context["sections"] for row in some] == ["1.13"]
    assert "No control stands so" in text(sign_in().get(f"{V5}?state=passed"))
    assert "ignored" in text(sign_in().get(f"{V5}?state=fine"))


def test_ous_narrow_the_accounts(sign_in: Client, account: Account, other_account: Account) -> None:
    keys(account)
    AccountPlace.objects.create(account=other_account, ous=["r-1", "ou-ab12-34567890"], names=["Root", "Prod"], tags={})
    response = sign_in().get(f"{V5}?ou=ou-ab12-34567890")
    row = next(row for _, some in response.context["sections"] for row in some if row.control.ref == "1.13")
    assert (row.tally.state, row.tally.findings) == ("unknown", 0)


def test_the_evidence_of_one_account(sign_in: Client, account: Account) -> None:
    first, _ = keys(account, 2)
    accept(first)
    Unknown.objects.create(account=account, code="KY102", subject_id="k", reason="AKIA… is odd", since=ago(days=1))
    response = sign_in().get(f"{V5}1.13/?account={account.aws_id}")
    page = text(response)
    for said in ("Failed", "Key 0 is old", "Key 1 is old", "until March", "kim", "iam:ListAccessKeys", "90 days"):
        assert said in page, said
    assert f"/findings/?account={account.aws_id}&control=cis-v5%3A1.13" in links(response)
    accepted = next(one for one in links(response) if "tab=accepted" in one)
    assert sign_in().get(accepted).context["list"].total == 1


@pytest.mark.parametrize(
    ("ref", "said"),
    [("1.1", "people have to judge it"), ("1.17", "which is not collected"), ("3.3", "It asks for more than that")],
)
def test_what_no_rule_answers_is_said(sign_in: Client, account: Account, ref: str, said: str) -> None:
    assert said in text(sign_in().get(f"{V5}{ref}/?account={account.aws_id}"))


def test_why_it_is_unknown_names_the_permission(sign_in: Client, account: Account) -> None:
    why = "iam:ListAccessKeys was denied; it needs the permission iam:ListAccessKeys"
    checked(account, "KY102", n_subjects=0, n_clear=0, reason=why)
    covered(account, "iam:ListAccessKeys", "denied")
    assert why in text(sign_in().get(f"{V5}1.13/?account={account.aws_id}"))


def test_the_list_says_why_a_control_is_unknown_and_where(
    sign_in: Client, account: Account, other_account: Account
) -> None:
    for each in (account, other_account):
        missing = "iam:ListAccessKeys was denied; it needs the permission iam:ListAccessKeys"
        checked(each, "KY102", n_subjects=5, n_clear=0, n_unknown=5, reason=missing)
    client = sign_in()
    response = client.get(V5)
    assert f"Unknown: {missing}, in 2 of 2 accounts. Which accounts" in text(response)
    assert f"{V5}1.13/?state=unknown" in links(response)
    response = client.get(V5, {"account": account.aws_id})
    assert f"Unknown: {missing}. What the account lacks" in text(response)
    assert f"/accounts/{account.aws_id}/?account={account.aws_id}#coverage" in links(response)
    keys(Account.objects.create(aws_id="000000000077", name="third"))
    assert missing not in text(client.get(V5))  # it failed, and says so


def test_no_such_framework_or_control(sign_in: Client, account: Account) -> None:
    client = sign_in()
    for path in ("nist/", "nist/report/", "nist/1.1/", "cis-v5/9.9/"):
        assert client.get(f"/rules/frameworks/{path}").status_code == 404, path


@pytest.mark.parametrize("slug", frameworks())
def test_every_control_and_report_can_be_opened(sign_in: Client, account: Account, slug: str) -> None:
    client = sign_in()
    for path in ("", "report/", *(f"{ref}/" for ref in list(frameworks()[slug].controls)[::17])):
        assert client.get(f"/rules/frameworks/{slug}/{path}?account={account.aws_id}").status_code == 200


def test_hostile_names_and_reasons_are_text(sign_in: Client, account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(name=SCRIPT)
    checked(account, "KY102", reason=SCRIPT)
    finding(account, "KY102", title=SCRIPT)
    for path in ("", "report/", "1.13/"):
        for asked in ("", f"?account={account.aws_id}"):
            body = sign_in().get(f"{V5}{path}{asked}").content.decode()
            assert SCRIPT not in body, path + asked


def test_the_report_holds_state_and_evidence(sign_in: Client, account: Account, other_account: Account) -> None:
    first, _ = keys(account, 2)
    accept(first)
    page = text(sign_in().get(f"{V5}report/?account={account.aws_id}"))
    for said in (
        "Key 1 is old",
        "(accepted)",
        "5 checked, 3 clear",
        "until March",
        "CIS AWS Foundations Benchmark v5.0.0",
    ):
        assert said in page, said
    of_all = text(sign_in().get(f"{V5}report/"))
    assert "Failed in 1 account: payments-prod Unknown in 1 account: sandbox" in of_all
    assert (
        "KY102 key-not-rotated: 5 checked in 1 account, 3 clear, 0 unknown; 1 not judged 1 finding open, 1 accepted"
        in of_all
    )


def test_an_export_has_a_line_for_each_account_and_control(
    sign_in: Client, account: Account, other_account: Account
) -> None:
    (one,) = keys(account)
    accept(one)
    rows = [json.loads(line) for line in sign_in().get(f"{V5}?export=jsonl").body.splitlines()]
    assert len(rows) == 2 * len(frameworks()["cis-v5"].controls)
    row = next(row for row in rows if (row["account"], row["control"]) == (account.aws_id, "1.13"))
    assert (row["state"], row["accepted"], row["findings_open"], row["findings_accepted"]) == ("failed", True, 0, 1)
    assert row["exceptions"][0]["reason"] == "until March"
    assert row["rules"][0] | {"open": 0} == row["rules"][0]
    assert row["judged_by"] == {"rotation_days": 90} == row["asked_for"]
    assert row["coverage"][0]["api"] == "iam:ListAccessKeys"
    assert row["data_from"] == row["coverage"][0]["complete_at"]
    table = list(csv.DictReader(io.StringIO(sign_in().get(f"{V5}?export=csv&state=failed").body.decode())))
    assert [(row["account"], row["control"]) for row in table] == [(account.aws_id, "1.13")]


def past(account: Account, days: int = 10) -> str:
    """A day on which it was judged, as a parameter."""
    day = ago(days=days).date()
    AccountDay.objects.create(account=account, day=day)
    return f"on={day}"


def test_a_day_that_is_past(sign_in: Client, account: Account, other_account: Account) -> None:
    on = past(account)
    keys(account)
    client = sign_in()
    response = client.get(f"{V5}?{on}")
    row = next(row for _, some in response.context["sections"] for row in some if row.control.ref == "1.13")
    assert [(part.state, part.n) for part in row.parts] == [("failed", 1), ("unknown", 1)]
    assert all(on in url for url in (row.url, row.findings_url, row.parts[0].url, response.context["report_url"]))
    assert client.get(row.findings_url).context["list"].total == 1
    proof = client.get(f"{V5}1.13/?account={account.aws_id}&{on}")
    for said in ("Failed", "Key 0 is old", "how KY102 stood is not kept before", "is kept as it is now"):
        assert said in text(proof), said
    assert "is not kept" in text(client.get(f"{V5}report/?account={account.aws_id}&{on}"))
    assert "was not judged by" in text(client.get(f"{V5}1.13/?account={other_account.aws_id}&{on}"))


def test_an_export_of_a_past_day(sign_in: Client, account: Account) -> None:
    on = past(account)
    keys(account)
    response = sign_in().get(f"{V5}?export=jsonl&{on}")
    assert on.removeprefix("on=") in response["Content-Disposition"]
    rows = {row["control"]: row for row in map(json.loads, response.body.splitlines())}
    assert (rows["1.13"]["on"], rows["1.13"]["state"]) == (on.removeprefix("on="), "failed")
    assert (rows["1.13"]["coverage"], rows["1.13"]["data_from"]) == ([], None)
    assert (rows["1.11"]["state"], rows["1.11"]["rules"][0]["subjects"]) == ("unknown", None)
    assert {row["state"] for row in rows.values()} == {"failed", "unknown", "manual", "not-covered"}


@pytest.mark.parametrize("slug", ["today", "0001-01-01", "2026-13-01", "9999-12-31", SCRIPT])
def test_a_day_that_is_none_or_not_over_is_ignored_or_unknown(sign_in: Client, account: Account, slug: str) -> None:
    keys(account)
    given = str(ago().date()) if slug == "today" else slug
    for path in (V5, f"{V5}1.13/", f"{V5}report/", "/rules/frameworks/"):
        page = text(sign_in().get(path, {"on": given}))
        assert ("ignored:" in page) is (slug != "0001-01-01"), path
        assert "passed" not in page.lower().split("framework")[0]


def test_only_the_operators_accounts(sign_in: Client, account: Account, other_account: Account) -> None:
    keys(other_account)
    client = sign_in(accounts=[account])
    rows = [json.loads(line) for line in client.get(f"{V5}?export=jsonl").body.splitlines()]
    assert {row["account"] for row in rows} == {account.aws_id}
    assert {row["findings_open"] for row in rows} == {0}
    assert "No account to look at" in text(client.get(f"{V5}?account={other_account.aws_id}"))


def test_a_control_pages_through_accounts(sign_in: Client) -> None:
    for n in range(60):
        checked(Account.objects.create(aws_id=f"{n:012}", name=f"account {n:02}"), "KY102")
    client = sign_in()
    first = client.get(f"{V5}1.13/")
    second = client.get(f"{V5}1.13/{first.context['next_url']}")
    assert (len(first.context["rows"]), len(second.context["rows"])) == (50, 10)
    assert not second.context["next_url"]
    assert client.get(f"{V5}1.13/?after=x").status_code == 200


@pytest.mark.parametrize("on", ["", "?on=2026-01-01"])
@pytest.mark.parametrize("path", ["/rules/frameworks/", V5, f"{V5}report/", f"{V5}1.13/"])
def test_queries_do_not_grow_with_accounts(
    sign_in: Client, account: Account, path: str, on: str, django_assert_max_num_queries: Any
) -> None:
    for n in range(20, 30):
        keys(Account.objects.create(aws_id=f"{n:012}", name=f"account {n}"))
    client = sign_in()
    with django_assert_max_num_queries(33 if on else 26):
        client.get(path + on)


def test_one_account_is_proved_within_five_clicks_of_the_overview(sign_in: Client, account: Account) -> None:
    """Overview -> the account -> its frameworks -> CIS 5.0.0 -> a control with its evidence."""
    Connection.objects.create(account=account)
    keys(account)
    client, url = sign_in(), "/"
    for wanted in (rf"^/accounts/{account.aws_id}/", r"^/rules/frameworks/\?", rf"^{V5}\?", rf"^{V5}1\.13/\?"):
        url = next(one for one in links(client.get(url)) if re.search(wanted, one))
    assert "Key 0 is old" in text(client.get(url))
