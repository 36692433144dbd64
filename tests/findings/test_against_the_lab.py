"""The rules against what the lab knows to be at fault: its labels come from how it was planted, not from our rules."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings

from collectors import queue, runner, schedule
from collectors.lab.server import serve
from collectors.lab.settings import Settings
from collectors.models import Account, Job, Run
from collectors.models.job import JUDGE
from findings.analysis.facts import Settings as Thresholds
from findings.engine import judge_account
from findings.models import Finding, RuleState, Unknown
from findings.rules import registry
from findings.vocabulary import Severity
from tests.conftest import AS_OF, worker_of

Fault = tuple[str, str, str, str]  # account, code, subject, part
# What the lab cannot show: LP206 and AB109 are off by default, all its accounts are in the organization, MO116 compares
# the lab's day with our clock, KY116 asks for source code that somebody scanned, and SCPs are on.
NOT_SHOWN = {"LP206", "AB109", "AB108", "MO116", "KY116", "GR105"}
# What is asked for in settings only, of which the lab has none.
NOT_SHOWN |= {"GR102", "GR110", "GR113", "GR114"}
# It asks for events of the whole window of 90 days; the lab's trail is younger, and fills a window of 30.
OF_LONG_TRAILS = {"LP105"}
MONTH = Thresholds(unused_days=30, off=frozenset(registry.catalogue()) - OF_LONG_TRAILS)
TRAIL = "trail_bucket"
GUARDRAILS = {"sandbox-no-long-term-keys", "developer-boundary", "machine-user-boundary"}


@pytest.fixture(scope="module")
def lab() -> Iterator[Any]:
    """The demo's own organization, which has every fault planted that our rules judge."""
    running = serve(Settings(as_of=AS_OF))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def judged(lab: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Any, set[str]]]:
    """The lab's client and its accounts' ids: collected, with the organization's trail, which its log-archive account reads for
    all, and judged as of the lab's own day. Made once; a test's own transaction lies inside this one."""
    with django_db_blocker.unblock(), transaction.atomic(), worker_of(lab) as aws:
        with override_settings(
            **{f"TRAIL_{name.upper()}": value for name, value in aws.organization()["trail"].items()}
        ):
            call_command("lab_connect", lab_url=aws.url, stdout=StringIO())
            accounts = list(Account.objects.order_by("pk"))
            collect(accounts)
            for account in accounts:
                judge_account(account.pk, AS_OF)
            yield aws, {account.aws_id for account in accounts}
        transaction.set_rollback(True)


def collect(accounts: list[Account]) -> None:
    for account in accounts:
        schedule.start(account, Run.Reason.REQUEST, "test")
        for job in Job.objects.filter(account=account).exclude(source__in=(JUDGE, TRAIL)):
            runner.collect(job.pk)
    with patch.object(queue, "database_now", lambda: AS_OF):  # its days are the lab's
        for job in Job.objects.filter(source=TRAIL):
            runner.collect(job.pk)


def test_open_findings_are_the_planted_faults(judged: tuple[Any, set[str]], db: None) -> None:
    aws, ids = judged
    codes = set(registry.catalogue()) - NOT_SHOWN - OF_LONG_TRAILS
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
    assert not RuleState.objects.exclude(reason="").exclude(code__in=OF_LONG_TRAILS).exists()
    _escalations_are_told_as_they_are(labels)
    _unused_actions_are_told_where_the_trail_is_long_enough(ids)
    reserved = Finding.objects.filter(subject_name__startswith="AWSReservedSSO_")
    told = {finding.evidence["change_in"].partition(" in account ")[0] for finding in reserved}
    assert {text.partition(" permission set ")[0] for text in told} == {"IAM Identity Center: change"}
    assert {text.rpartition(" ")[2] for text in told} <= {"AdministratorAccess", "ReadOnly", "Developer"}


def _escalations_are_told_as_they_are(labels: list[dict[str, str]]) -> None:
    """The labels say of each whether it is live or what blocks it."""
    planted = {_label(x): x["why"] for x in labels if x["code"] == "LP301" and x["state"] == "open"}
    told = {}
    for finding in Finding.objects.filter(code="LP301").select_related("account"):
        evidence, severity = finding.evidence, Severity(finding.severity).slug
        told[_finding(finding)] = " ".join([evidence["state"], severity, *evidence["blocked_by"]])
    for fault, why in planted.items():
        state, _, reason = why.partition(": ")
        assert told[fault].startswith({"live": "live high", "blocked": "blocked medium"}[state]), (fault, why)
        assert state == "live" or set(reason.split()) & set(told[fault].replace(",", "").split()) & GUARDRAILS, fault
    assert {why.partition(": ")[0] for why in planted.values()} == {"live", "blocked"}


def _unused_actions_are_told_where_the_trail_is_long_enough(ids: set[str]) -> None:
    """An instance's agent tells Systems Manager of itself, day by day, and uses nothing else of what AWS's policy gives it; tasks
    and functions write data only, of which nobody can say it."""
    others = Finding.objects.exclude(code="LP105").filter(resolved_at=None).count()
    with transaction.atomic():
        for account in Account.objects.filter(aws_id__in=ids):
            judge_account(account.pk, AS_OF, MONTH)
        found = {
            (f.account.aws_id, f.subject_name): f
            for f in Finding.objects.filter(code="LP105").select_related("account")
        }
        transaction.set_rollback(True)
    agents = {account: f for (account, name), f in found.items() if name == "web-frontend-instance"}
    unused = ["ssm:PutComplianceItems", "ssm:PutInventory", "ssm:UpdateAssociationStatus"]
    assert agents
    assert {tuple(f.evidence["examples"]) for f in agents.values()} == {tuple(unused)}
    assert all("ssm:UpdateInstanceInformation" in f.evidence["used"] for f in agents.values())
    assert {name for _, name in found} & {"payments-api-task", "order-history-lambda", "data-lake-etl"} == set()
    assert Finding.objects.exclude(code="LP105").filter(resolved_at=None).count() == others


def test_what_cannot_be_known_is_unknown_not_fine(judged: tuple[Any, set[str]], db: None) -> None:
    aws, ids = judged
    labels = [x for x in aws.expected() if x["account"] in ids and x["code"] == "LP102"]
    untold = {(x["account"], x["subject_name"]) for x in labels if x["state"] == "unknown"}
    unknown = Unknown.objects.filter(code="LP102").values_list("account__aws_id", "subject_name", "reason")
    assert {name for _, name in untold} == {"old-jenkins"}
    assert {(account, name) for account, name, _ in unknown} == untold
    assert all("whether another credential is in use: codecommit" in reason for *_, reason in unknown)


def _label(label: dict[str, str]) -> Fault:
    return label["account"], label["code"], label["subject_name"], label["part"]


def _finding(finding: Finding) -> Fault:
    plain_id = finding.subject_type in ("key", "account")
    subject = finding.subject_id if plain_id else finding.subject_name
    return finding.account.aws_id, finding.code, subject, finding.part
