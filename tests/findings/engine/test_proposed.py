"""From rows to SCPs: what the worker proposes for an organization, and what it says would close."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from collectors import queue
from collectors.models import Account
from findings import tasks
from findings.analysis.proposed.model import Proposal, from_json
from findings.engine import judge_account, proposed
from findings.engine.proposed_rows import used_rows
from findings.models import Finding, ScpEvidence, ScpProposal
from tests.conftest import db_role
from tests.findings.analysis.proposed.building import denied, groups
from tests.pages.acted import used
from tests.pages.organized import Organized, forget_trail, organized


@pytest.fixture
def found(account: Account, other_account: Account) -> Organized:
    return organized(account, other_account)


def _asked(found: Organized) -> ScpProposal:
    asked: ScpProposal = ScpProposal.objects.create(account=found.management, requested_by="ann")
    return asked


def _run(found: Organized) -> tuple[ScpProposal, Proposal]:
    asked = _asked(found)
    with db_role("iamdash_worker"):
        assert not proposed.run(asked.pk)
    asked.refresh_from_db()
    return asked, from_json(asked.data)


def test_statements_stand_at_the_root_but_for_what_is_used(found: Organized) -> None:
    asked, proposal = _run(found)
    root, unit = proposal.nodes
    assert (root.name, root.accounts, unit.name, unit.depth) == (
        "Root",
        ("000000000001", "000000000002"),
        "prod (ou-1)",
        1,
    )
    assert {"bedrock:*", "iam:CreateAccessKey", "organizations:LeaveOrganization"} <= denied(root)
    assert "iam:CreateUser" not in denied(root) | denied(unit)
    assert (root.room, root.proof.blocked, root.proof.undecidable, root.proof.rows) == (4, 0, 0, 9)
    assert {"root", "regions", "services"} <= groups(root)
    assert asked.finished_at


def test_what_closes_is_judged_in_each_account(found: Organized) -> None:
    before = Finding.objects.filter(status="open", code="LP104").count()
    _run(found)
    effects = {row.account.aws_id: row.effect for row in ScpEvidence.objects.select_related("account")}
    closed = {(aws_id, code) for aws_id, one in effects.items() for _, code, *_ in one["closes"]}
    assert before == 2
    assert {("000000000001", "GR104"), ("000000000001", "GR106"), ("000000000002", "GR106")} <= closed
    assert (
        "000000000001",
        "LP104",
    ) not in closed  # iam stays: it was not used there, and not everything of it is denied
    assert effects["000000000001"]["n"]["high"] >= 1


def test_without_a_trail_in_one_account_nothing_is_said_above_it(found: Organized) -> None:
    forget_trail(found.one)
    _, proposal = _run(found)
    assert [node.scps for node in proposal.nodes] == [(), ()]
    assert "no CloudTrail events were read" in proposal.nodes[0].unwatched[0]


def test_an_account_that_is_not_connected_is_not_spoken_for(found: Organized) -> None:
    found.one.delete()
    _, proposal = _run(found)
    assert [node.scps for node in proposal.nodes] == [(), ()]
    assert "000000000001 is not connected" in proposal.nodes[0].unwatched[0]


def test_without_a_tree_it_says_so(found: Organized) -> None:
    found.management.organizationalunit_set.all().delete()
    found.management.organizationaccount_set.all().delete()
    asked = _asked(found)
    assert not proposed.run(asked.pk)
    asked.refresh_from_db()
    assert (asked.data, asked.error) == (None, proposed.NO_TREE)


def test_a_call_that_came_meanwhile_takes_its_statement_out(found: Organized, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the choice and the proof, of which nothing may then stay."""
    rows, calls = used_rows, list[Any]()

    def late(*args: Any) -> Any:
        if len(calls) == 1:
            used(found.one, found.app, "iam AttachUserPolicy", days=1, region="us-east-1")
        calls.append(args)
        return rows(*args)

    monkeypatch.setattr(proposed, "used_rows", late)
    _, proposal = _run(found)
    assert len(calls) == 3
    assert not {"escalation"} & (groups(proposal.nodes[0]) | groups(proposal.nodes[1]))
    assert all(node.proof.blocked == 0 for node in proposal.nodes)


def test_what_is_left_is_done_in_the_next_run(found: Organized, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposed, "AT_ONCE", 1)
    rung: list[int] = []
    monkeypatch.setattr(tasks.propose, "delay", rung.append)
    asked = _asked(found)
    assert proposed.to_ring() == [asked.pk]
    assert proposed.to_ring() == []
    tasks.propose(asked.pk)
    asked.refresh_from_db()
    assert (rung, asked.finished_at, ScpEvidence.objects.filter(judged_for=asked.pk).count()) == ([asked.pk], None, 1)
    tasks.propose(asked.pk)
    asked.refresh_from_db()
    assert (rung, ScpEvidence.objects.filter(judged_for=asked.pk).count()) == ([asked.pk], 2)
    assert asked.finished_at


def test_what_loses_each_worker_is_given_up(found: Organized) -> None:
    asked = _asked(found)
    for n in range(queue.ATTEMPTS):
        proposed.give_up()
        assert proposed.to_ring() == [asked.pk], n
        assert queue.begin(ScpProposal, asked.pk)
        ScpProposal.objects.update(started_at=Now() - queue.LEASE, rung_at=None)
    assert proposed.to_ring() == []
    assert not proposed.run(asked.pk)
    proposed.give_up()
    asked.refresh_from_db()
    assert (asked.error, asked.data, asked.finished_at is None) == (queue.LOST, None, False)


def test_what_breaks_is_said_and_raised(found: Organized, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr(proposed, "propose", broken)
    asked = _asked(found)
    with pytest.raises(ZeroDivisionError):
        tasks.propose(asked.pk)
    asked.refresh_from_db()
    assert asked.error == "ZeroDivisionError: boom"


def test_evidence_is_written_only_when_it_is_another(found: Organized) -> None:
    def written() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "select n_tup_ins + n_tup_upd from pg_stat_xact_user_tables where relname = 'findings_scpevidence'"
            )
            (n,) = cursor.fetchone()
        return int(n)

    before, at = written(), timezone.now()
    judge_account(found.one.pk, at)
    judge_account(found.one.pk, at)
    assert written() == before
    forget_trail(found.one)
    assert written() == before + 1
