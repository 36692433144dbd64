"""The page of proposed SCPs: first what stands in the way, then the proposal, then who may see and ask."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from collectors.models import Account, TrailWatch
from findings.analysis.proposed.model import NodeProposal, Part, Proposal, Refused, Scp, to_json
from findings.engine import proposed
from findings.models import AccountPlace, ScpEvidence, ScpProposal
from iamdash.access.models import Role
from tests.conftest import db_role
from tests.pages.acted import judge_now, said
from tests.pages.making import SCRIPT, ago
from tests.pages.organized import Organized, forget_trail, organized

Client = Callable[..., Any]
PAGE = "/guardrails/proposals/"
ASK = f"{PAGE}000000000009/ask/"


@pytest.fixture
def found(account: Account, other_account: Account) -> Organized:
    return organized(account, other_account)


def work_out(found: Organized) -> ScpProposal:
    asked: ScpProposal = ScpProposal.objects.create(account=found.management, requested_by="ann")
    with db_role("iamdash_worker"):
        proposed.run(asked.pk)
    return asked


def test_without_an_account_and_without_a_tree_it_says_what_to_connect(sign_in: Client, db: None) -> None:
    client = sign_in()
    assert "No account is connected" in said(client.get(PAGE))
    Account.objects.create(aws_id="000000000001", name="alone")
    page = said(client.get(PAGE))
    assert "The organization's tree is not visible" in page
    assert "organizations:ListTargetsForPolicy" in page


def test_before_anybody_asked(sign_in: Client, found: Organized) -> None:
    page = said(sign_in().get(PAGE))
    assert "Nothing was worked out yet" in page
    assert "An analyst can ask for it" in page
    assert "Work it out" not in page


def test_an_analyst_asks_once_and_sees_that_it_runs(sign_in: Client, found: Organized) -> None:
    client = sign_in(Role.ANALYST)
    client.post(ASK)
    page = said(client.post(ASK, follow=True))
    assert "the worker begins within 30 seconds" in page
    assert ScpProposal.objects.count() == 1
    assert "tells of no organization's tree" in said(client.post(f"{PAGE}000000000001/ask/", follow=True))


def test_the_proposal_says_first_what_it_closes_and_that_it_blocks_nothing(
    sign_in: Client, found: Organized, django_assert_max_num_queries: Any
) -> None:
    asked = work_out(found)
    client = sign_in()
    client.get(PAGE)
    with django_assert_max_num_queries(20):
        response = client.get(PAGE)
    page = said(response)
    n = sum(sum(row.effect["n"].values()) for row in ScpEvidence.objects.filter(judged_for=asked.pk))
    assert n > 4
    assert f"for Root would close {n} findings and block nothing that was used since" in page
    assert "9 rows of use" in page
    assert "0 blocked, 0 undecidable" in page
    assert "Nobody stops, narrows or deletes a trail" in page
    assert "Could break:" in page
    assert "iam:CreateUser was used by deploy" in page
    assert 'resource "aws_organizations_policy"' in page
    assert 'name="place" value="r-1"' in response.content.decode()


def test_the_what_if_agrees(sign_in: Client, found: Organized) -> None:
    work_out(found)
    client = sign_in()
    row = ScpProposal.objects.get()
    (document, *_) = [scp["body"] for node in row.data["nodes"] for scp in node["scps"]]
    given = {"kind": "scp", "place": "r-1", "principals": "*", "document": json.dumps(document)}
    assert client.post("/guardrails/what-if/", given).status_code == 200


def test_less_than_ninety_days_or_no_trail_is_a_reason_that_names_the_account(
    sign_in: Client, found: Organized
) -> None:
    forget_trail(found.one)
    work_out(found)
    page = said(sign_in().get(PAGE))
    assert "Nothing can be proposed for 2 accounts" in page
    assert "account 000000000001: no CloudTrail events were read" in page


def test_of_an_ou_the_way_down_to_its_accounts_is_shown(sign_in: Client, found: Organized) -> None:
    work_out(found)
    for one, unit in ((found.one, "ou-1"), (found.two, "ou-9")):
        AccountPlace.objects.update_or_create(
            account=one, defaults={"ous": ["r-1", unit], "names": ["Root", unit], "tags": {}}
        )
    client = sign_in()
    whole, part = client.get(PAGE).context, client.get(PAGE, {"ou": "ou-1"}).context
    assert whole["whole"].concerned == 2
    assert part["whole"].concerned == 1
    assert {one.node.id for one in part["nodes"]} == {"r-1", "ou-1"}
    assert 0 < part["whole"].closes < whole["whole"].closes
    nothing = client.get(PAGE, {"ou": "ou-1", "account": found.two.aws_id})
    assert "No place of this tree is shown" in said(nothing)
    assert client.get(PAGE, {"account": found.management.aws_id}).context["whole"].concerned == 2


def test_what_other_accounts_use_is_not_shown_to_who_may_not_see_them(sign_in: Client, found: Organized) -> None:
    work_out(found)
    page = said(sign_in(accounts=[found.management, found.one]).get(PAGE))
    assert "1 of its 2 accounts is not connected, or not among those that you may see" in page
    assert "deploy" not in page
    assert "NoNewIamUsers" not in page
    nobody = said(sign_in(accounts=[found.one]).get(PAGE))
    assert "tree is not visible" in nobody


def test_half_judged_counts_only_what_was_judged(sign_in: Client, found: Organized) -> None:
    asked = work_out(found)
    ScpEvidence.objects.filter(account=found.two).update(judged_for=None)
    page = said(sign_in().get(PAGE))
    assert "What closes is judged for 1 of 2 accounts" in page
    ScpProposal.objects.filter(pk=asked.pk).update(finished_at=None)
    assert "of 2 accounts so far" in said(sign_in().get(PAGE))


def test_what_the_tree_and_the_failure_say_is_escaped(sign_in: Client, found: Organized) -> None:
    body = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": SCRIPT, "Resource": "*"}]}
    node = NodeProposal(
        id="r-1", name=SCRIPT, accounts=("000000000001",), scps=(Scp(name=SCRIPT, body=body, size=9),), room=4,
        parts=(Part(group="trail", sid=SCRIPT, purpose=SCRIPT, why=SCRIPT, breaks=SCRIPT, spared=(SCRIPT,)),),
        refused=(Refused(what=SCRIPT, why=(SCRIPT,)),), left_out=(SCRIPT,), already=(SCRIPT,),
    )  # fmt: skip
    proposal = Proposal(organization_id=SCRIPT, since="2026-08-28", nodes=(node,), enabled=False, problems=(SCRIPT,))  # type: ignore[arg-type]
    effect = {"closes": [["high", "GR104", SCRIPT, SCRIPT]], "n": {"high": 1}, "lowers": 2}
    row = ScpProposal.objects.create(account=found.management, requested_by=SCRIPT, data=to_json(proposal))
    ScpProposal.objects.create(
        account=found.management, requested_by=SCRIPT, error=SCRIPT, finished_at=row.requested_at
    )
    ScpProposal.objects.filter(pk=row.pk).update(finished_at=row.requested_at, made_at=row.requested_at)
    ScpEvidence.objects.filter(account=found.one).update(judged_for=row.pk, effect=effect)
    response = sign_in().get(PAGE)
    assert SCRIPT not in response.content.decode()
    page = said(response)
    assert "close 1 finding and block nothing" in page
    assert "SCPs are switched off in the organization" in page
    assert "2 more would be less severe" in page


def test_with_less_than_ninety_days_an_analyst_can_make_do_with_thirty(sign_in: Client, found: Organized) -> None:
    for account in (found.one, found.two):
        TrailWatch.objects.filter(account=account).update(since=ago(days=40))
        judge_now(account)
    client = sign_in(Role.ANALYST)
    for days, told in (("90", "days of 90"), ("30", "That is 30 days only")):
        client.post(ASK, {"days": days})
        with db_role("iamdash_worker"):
            proposed.run(ScpProposal.objects.get(finished_at=None).pk)
        page = said(client.get(PAGE))
        assert told in page
    assert "would close" in page
