"""The rules against what the lab knows to be at fault: its labels come from how it was planted, not from our rules."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from collectors import runner, schedule
from collectors.lab.server import serve
from collectors.lab.settings import Settings
from collectors.models import Account, Job, Run
from collectors.models.job import JUDGE
from findings.engine import judge_account
from findings.models import Finding, RuleState, Unknown
from findings.rules import registry
from tests.conftest import AS_OF

Fault = tuple[str, str, str, str]  # account, code, subject, part
# What the lab cannot show: LP206 is off by default, all its accounts are in the organization, and MO116 compares the
# lab's day with our clock.
NOT_SHOWN = {"LP206", "AB108", "MO116"}
# SSH keys and the like are no source yet, so what the lab knows to be unused is unknown to us.
NEVER_OPENS = {"LP102"}


@pytest.fixture(scope="module")
def lab() -> Iterator[Any]:
    """Enough accounts to have every fault planted that our rules judge."""
    running = serve(Settings(accounts=8, as_of=AS_OF))
    yield running
    running.stop()


@pytest.fixture
def judged(db: None, aws: Any) -> list[Account]:
    """The lab's accounts, collected and judged as of the lab's own day."""
    call_command("lab_connect", lab_url=aws.url, stdout=StringIO())
    accounts = list(Account.objects.order_by("pk"))
    for account in accounts:
        schedule.start(account, Run.Reason.REQUEST, "test")
        for job in Job.objects.filter(account=account).exclude(source=JUDGE):
            runner.collect(job.pk)
        judge_account(account.pk, AS_OF)
    return accounts


def test_open_findings_are_the_planted_faults(aws: Any, judged: list[Account]) -> None:
    codes, ids = set(registry.catalogue()) - NOT_SHOWN - NEVER_OPENS, {account.aws_id for account in judged}
    labels = [label for label in aws.expected() if label["code"] in codes and label["account"] in ids]
    expected = {_label(x) for x in labels if x["state"] == "open"}
    near = {_label(x) for x in labels if x["state"] == "clear"}
    found = {_finding(f) for f in Finding.objects.exclude(code="MO116").select_related("account")}
    assert any("Access Advisor" in x["why"] for x in labels)
    assert len(expected) > 20
    assert {code for _, code, _, _ in expected} == codes
    assert sorted(found - expected) == []
    assert sorted(expected - found) == []
    assert found & near == set()
    assert not RuleState.objects.exclude(reason="").exists()


def test_what_cannot_be_known_is_unknown_not_fine(aws: Any, judged: list[Account]) -> None:
    unused = {
        (x["account"], x["subject_name"]) for x in aws.expected() if x["code"] == "LP102" and x["state"] == "open"
    }
    unknown = Unknown.objects.filter(code="LP102").values_list("account__aws_id", "subject_name")
    assert unused
    assert set(unknown) == unused


def _label(label: dict[str, str]) -> Fault:
    return label["account"], label["code"], label["subject_name"], label["part"]


def _finding(finding: Finding) -> Fault:
    plain_id = finding.subject_type in ("key", "account")
    subject = finding.subject_id if plain_id else finding.subject_name
    return finding.account.aws_id, finding.code, subject, finding.part
