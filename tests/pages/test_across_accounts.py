"""A path that leads through another account: whole for those to whom that account is shown, and its id for others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from collectors.models import Account
from findings.models import Finding
from tests.pages.across import HIDDEN, PATH, Chain, chained
from tests.pages.acted import acted, assumed, judge_now, judged, said

pytestmark = pytest.mark.django_db
Client = Callable[..., Any]


@pytest.fixture
def chain(account: Account, other_account: Account) -> Chain:
    made = chained(account, other_account)
    judge_now(other_account)
    judge_now(account)
    return made


def pages(chain: Chain) -> list[str]:
    finding = Finding.objects.get(code="HM101", account=chain.prod)
    role = f"/principals/{chain.prod.aws_id}/{chain.target.unique_id}/"
    # The page of the role tells it twice: by session and by caller.
    return [f"/activity/?of={chain.target.unique_id}", role, f"/findings/{finding.pk}/"]


def test_who_may_see_one_account_learns_no_more_than_its_own_events_tell(sign_in: Client, chain: Chain) -> None:
    client = sign_in(accounts=[chain.prod])
    for path in pages(chain):
        page = said(client.get(path))
        assert HIDDEN in page, path
        assert "a person" in page
        for name in ("alice", "SSO-Dev", chain.dev.name, "role/deploy"):
            assert name not in page, (path, name)
    export = client.get("/activity/?export=jsonl").body.decode()
    assert "alice" not in export
    assert client.get("/activity/?q=alice").context["list"].total == 0


def test_who_may_see_both_reads_the_whole_path(sign_in: Client, chain: Chain) -> None:
    for scope in ("*", [chain.prod, chain.dev]):
        client = sign_in(accounts=scope)
        for path in pages(chain):
            page = said(client.get(path))
            assert PATH in page, path
            assert "AROADEPLOY" not in page


def test_a_path_is_whole_as_far_as_its_accounts_are_seen(sign_in: Client, chain: Chain) -> None:
    """The first hop lies in a third account."""
    hub = Account.objects.create(aws_id="000000000003", name="identity")
    chain.dev.usageassumption_set.filter(role_id=chain.deploy.unique_id).update(
        caller="", caller_id="AROAHUB0000000001", caller_account=hub.aws_id
    )
    page = said(sign_in(accounts=[chain.prod, chain.dev]).get(pages(chain)[0]))
    assert "AROAHUB0000000001 of account 000000000003 -> deploy -> payments-prod, 3 times" in page


def test_what_callers_choose_is_not_taken_for_a_caller(sign_in: Client, chain: Chain) -> None:
    fake = "AROADEPLOY0000001 of account 000000000002"
    judged(acted(chain.prod, chain.target, "x", agents=[f"other: {fake}"]), reasons=[f"was used with {fake} -> x"])
    page = said(sign_in().get(pages(chain)[0]))
    assert f"was used with {fake} -> x" in page


@pytest.mark.parametrize("day", ["2026-10-31", "2024-02-29"])
def test_evidence_of_any_day_is_made_whole(sign_in: Client, chain: Chain, day: str) -> None:
    finding = Finding.objects.get(code="HM101", account=chain.prod)
    row = chain.prod.usageassumption_set.get()
    for one in (*chain.dev.usageassumption_set.all(), row):
        one.day = day
        one.save()
    finding.evidence["sessions"] = [f'Session "x" was opened by {HIDDEN}; last on {day}', "; last on 2026-13-45"]
    finding.save()
    page = said(sign_in().get(f"/findings/{finding.pk}/"))
    assert PATH in page
    assert "; last on 2026-13-45" in page


def test_rows_without_foreign_callers_cost_no_query(
    sign_in: Client, chain: Chain, django_assert_max_num_queries: Any
) -> None:
    client = sign_in()
    for n in range(30):
        assumed(chain.prod, chain.target, "", f"s{n}", caller_id=f"AROAOTHER{n:08}", caller_account=chain.dev.aws_id)
        judged(acted(chain.prod, chain.target, f"s{n}"), lineage=f"AROAOTHER{n:08} of account {chain.dev.aws_id} -> x")
    client.get("/activity/")
    with django_assert_max_num_queries(25 + 8):
        client.get("/activity/")
