"""What made a role, user or policy, on its page, in the list, and counted day by day on the account's."""

from __future__ import annotations

import csv
import html
import io
from datetime import timedelta
from typing import Any

import pytest

from collectors.models import Account, Connection
from findings.engine import judge_account
from findings.models import Provenance, ProvenanceDay
from tests.builders import AS_OF, policy, role, user
from tests.findings.engine.inventory import put
from tests.pages.making import SCRIPT, ago
from tests.pages.shown import text
from tests.pages.test_principals import names, page_of

ID = "arn:aws:cloudformation:eu-west-1:000000000001:stack/web/1"
WEB = role("web", tags={"aws:cloudformation:stack-id": ID, "aws:cloudformation:stack-name": "web"})
CLICKED, ACCESS = role("clicked"), policy("access")
BOB = user("bob", tags={"iac": f"pulumi{SCRIPT}"})
UNRECORDED = "nobody recorded its making on 2025-07-12: CloudTrail's events are not read"


@pytest.fixture
def account(account: Account) -> Account:
    Connection.objects.create(account=account)
    return account


def policy_page(one: Any) -> str:
    return f"/policies/000000000001/{one.unique_id}/"


def test_it_is_unknown_before_the_judgement(sign_in: Any, account: Account) -> None:
    put(account, WEB, ACCESS)
    for url in (page_of(WEB), policy_page(ACCESS), f"/accounts/{account.aws_id}/"):
        assert "unknown: it was not judged yet" in text(sign_in().get(url)), url


def test_pages_say_what_made_it_and_by_what_we_know(sign_in: Any, account: Account) -> None:
    put(account, WEB, CLICKED, BOB, ACCESS)
    judge_account(account.pk, AS_OF)
    client = sign_in()
    page = text(client.get(page_of(WEB)))
    assert "CloudFormation, stack web" in page
    assert "tagged aws:cloudformation:stack-name=web" in page
    assert UNRECORDED in html.unescape(text(client.get(page_of(CLICKED))))
    assert UNRECORDED in html.unescape(text(client.get(policy_page(ACCESS))))
    shown = client.get(page_of(BOB)).content.decode()
    assert "Pulumi" in shown
    assert SCRIPT not in shown
    assert names(client.get("/principals/?made=cloudformation")) == ["web"]
    rows = list(csv.DictReader(io.StringIO(client.get("/principals/?export=csv&sort=name").body.decode(), newline="")))
    assert {row["name"]: row["made"] for row in rows} == {
        "web": "cloudformation",
        "clicked": "unknown",
        "bob": "pulumi",
    }
    assert sorted(names(client.get("/principals/?made=unknown&made=pulumi"))) == ["bob", "clicked"]


def test_an_unchanged_judgement_writes_nothing(account: Account) -> None:
    put(account, WEB, CLICKED, ACCESS)
    judge_account(account.pk, AS_OF)
    before = list(Provenance.objects.order_by("pk").values())
    judge_account(account.pk, AS_OF)
    assert list(Provenance.objects.order_by("pk").values()) == before
    put(account, CLICKED)
    judge_account(account.pk, AS_OF)
    assert [one.principal.name for one in Provenance.objects.all()] == ["clicked"]


def test_policies_are_found_by_what_made_them(sign_in: Any, account: Account) -> None:
    put(account, WEB, ACCESS)
    judge_account(account.pk, AS_OF)
    assert [names(sign_in().get("/policies/", {"made": made})) for made in ("unknown", "hand")] == [["access"], []]


def test_the_share_of_code_is_counted_once_a_day(sign_in: Any, account: Account) -> None:
    put(account, CLICKED, ACCESS)
    judge_account(account.pk, AS_OF - timedelta(days=20))
    url = f"/accounts/{account.aws_id}/"
    assert "The trend begins with the second day" in text(sign_in().get(url))
    put(account, CLICKED, WEB)
    judge_account(account.pk, AS_OF - timedelta(hours=3))
    judge_account(account.pk, AS_OF - timedelta(hours=2))
    days = list(ProvenanceDay.objects.order_by("day").values_list("by_code", "by_other", "unknown"))
    assert days == [(0, 0, 2), (1, 0, 1)]
    response = sign_in().get(url)
    assert "50 % of 2 roles and policies" in text(response)
    assert "The share that is made by code rose from 0 to 50 % since 4 November 2026." in text(response)
    series = response.context["by_code"].chart.series
    assert [s.values for s in series] == [(0, 1), (0, 0), (2, 1)]
    client = sign_in()
    assert [names(client.get(s.links[-1])) for s in series] == [["web"], [], ["clicked"]]
    (since,) = {s.links[0] for s in series}
    asked = client.get(since).context["list"].asked.chosen
    assert (asked["days"], asked["what"], asked["account"]) == (("30",), ("made", "deleted"), (account.aws_id,))
    assert since.replace("&", "&amp;") in response.content.decode()


def test_a_day_before_all_that_is_shown_leads_nowhere(sign_in: Any, account: Account) -> None:
    for days in (100, 0):
        ProvenanceDay.objects.create(account=account, day=ago(days=days).date(), by_code=3, by_other=2, unknown=1)
    response = sign_in().get(f"/accounts/{account.aws_id}/")
    assert {s.links[0] for s in response.context["by_code"].chart.series} == {""}


def test_an_account_of_which_nothing_is_known_has_no_share(account: Account) -> None:
    judge_account(account.pk, AS_OF)
    assert not ProvenanceDay.objects.exists()
