"""The list of trails, and what a finding on a trail leads to."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.models import Account
from collectors.records import State
from findings.engine import judge_account
from findings.models import Finding
from iamdash.pages.show import hidden
from tests.builders import AS_OF
from tests.findings.engine.inventory import put
from tests.findings.trailed import ENABLED, READS, REGIONS, SEEN, asked, data, trail, without
from tests.pages.acted import said
from tests.pages.making import HOSTILE, SCRIPT, covered

LIST = "/activity/trails/"


def of(account: Account, name: str = "main", **more: Any) -> Any:
    return trail(name, owner=account.aws_id, organization=False, **more)


def shown(response: Any) -> list[str]:
    return [row.record.name for row in response.context["list"].table.rows]


def test_nothing_told(sign_in: Any, account: Account) -> None:
    client = sign_in()
    assert "Nothing was collected yet" in said(client.get(LIST))
    covered(account)
    assert "Unknown cloudtrail:DescribeTrails was not collected" in said(client.get(LIST))
    covered(account, "cloudtrail:DescribeTrails")
    assert "No account has a trail 1 account checked" in said(client.get(LIST))
    account.delete()
    assert "No account is connected" in said(client.get(LIST))


def test_a_trail_is_shown_with_what_it_does(sign_in: Any, account: Account, django_assert_max_num_queries: Any) -> None:
    put(
        account,
        of(account, "good", selectors=(without("kms.amazonaws.com"), data({"StartsWith": ("arn:aws:s3:::a/",)}))),
        of(account, "stopped", logging=False, multi_region=False, selectors=(READS,), validation=False),
        of(account, "failing", errors={"bucket": SCRIPT}, kms_key=""),
        of(account, "untold", unread=("selectors", "status")),
    )
    client = sign_in()
    client.get(LIST)
    with django_assert_max_num_queries(21):
        answer = client.get(LIST)
    assert SCRIPT not in answer.content.decode()
    page = said(answer)
    assert shown(answer) == ["failing", "good", "stopped", "untold"]
    assert "management events without kms.amazonaws.com, AWS::S3::Object in part" in page
    assert "management events that read" in page
    assert f"delivery fails bucket: {SCRIPT}" in page
    assert "its status was not told" in page
    assert "its selectors were not told" in page
    assert "not validated, encrypted with a key of KMS" in page
    for query, names in (
        ("tab=stopped", ["stopped"]),
        ("tab=failing", ["failing"]),
        ("state=unknown", ["untold"]),
        ("state=logging", ["good"]),
        ("scope=one", ["stopped"]),
        ("kept=plain", ["failing"]),
        ("kept=invalid", ["stopped"]),
        ("q=trail/good", ["good"]),
    ):
        assert shown(client.get(f"{LIST}?{query}")) == names, query
    assert b"arn:aws:cloudtrail" in client.get(f"{LIST}?export=csv").body


def test_an_organizations_trail_is_shown_once(sign_in: Any, account: Account, other_account: Account) -> None:
    """In the account that owns it; where that is not connected, in the first that sees it."""
    shared = trail("good", owner=other_account.aws_id)
    put(account, shared)
    put(other_account, shared)
    response = sign_in().get(LIST)
    assert shown(response) == ["good"]
    assert f"{other_account.name}, all regions, the whole organization" in said(response)


def test_a_finding_on_a_trail_leads_to_it_and_resolves_with_it(sign_in: Any, account: Account) -> None:
    put(account, of(account, "stopped", logging=False), ENABLED, covered=SEEN["coverage"])
    judge_account(account.pk, AS_OF)
    finding = Finding.objects.get(code="MO102")
    assert (finding.subject_type, finding.subject_name) == ("trail", "stopped")
    page = sign_in().get(f"/findings/{finding.pk}/").content.decode()
    link = f"{LIST}?account={account.aws_id}&amp;q=stopped"
    assert link in page
    assert shown(sign_in().get(link.replace("&amp;", "&"))) == ["stopped"]
    put(account, of(account, "stopped"), ENABLED, covered=(*asked(*REGIONS, GetTrailStatus=State.DENIED),))
    judge_account(account.pk, AS_OF)
    finding.refresh_from_db()
    assert finding.resolved_at is None
    put(account, of(account, "stopped"), ENABLED, covered=SEEN["coverage"])
    judge_account(account.pk, AS_OF)
    finding.refresh_from_db()
    assert finding.resolved_why == Finding.Why.CLEAR


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_no_markup(sign_in: Any, account: Account, name: str) -> None:
    put(account, of(account, name[:128]))
    page = sign_in().get(LIST)
    assert SCRIPT not in page.content.decode()
    assert hidden(name[:128]) in said(page)


def test_an_empty_part_does_not_say_that_there_is_no_trail(sign_in: Any, account: Account) -> None:
    put(account, of(account, "good"))
    page = said(sign_in().get("/activity/trails/?tab=stopped"))
    assert "No trail is known to be of this part: not logging" in page
    assert "No account has a trail" not in page
