"""A permission is taken away: the coverage says so, no finding resolves, the page names what to grant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from collectors import queue, runner, schedule
from collectors.models import Account, Coverage, Run
from collectors.models.job import JUDGE
from findings import engine
from findings.models import Finding, FindingEvent, RuleState
from tests.conftest import AS_OF, db_role, worker_of
from tests.pages.shown import text

pytestmark = pytest.mark.django_db
REPORT = "iam:GetCredentialReport"


@pytest.fixture(scope="module")
def judged(lab: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Made once: the first account, collected and judged. A test's own transaction lies inside this one."""
    with django_db_blocker.unblock(), transaction.atomic():
        with worker_of(lab) as client:
            call_command("lab_connect", lab_url=client.url, stdout=StringIO())
            collect_and_judge(Account.objects.order_by("pk")[0])
        yield
        transaction.set_rollback(True)


@pytest.fixture
def account(judged: None, db: None, aws: Any) -> Account:
    return Account.objects.order_by("pk")[0]


def collect_and_judge(account: Account) -> None:
    """What the worker does, with its rights, job by job."""
    with db_role("iamdash_worker"):
        run = schedule.start(account, Run.Reason.REQUEST, "test")
        assert run is not None
        for job in list(run.job_set.exclude(source=JUDGE)):
            runner.collect(job.pk)
        for job in run.job_set.filter(source=JUDGE):
            claim = queue.claim(job.pk)
            assert claim is not None
            engine.judge_account(account.pk, AS_OF, claim=claim)
    run.refresh_from_db()
    assert run.finished_at is not None


def unresolved(account: Account) -> set[tuple[str, str, str]]:
    return set(Finding.objects.filter(account=account, resolved_at=None).values_list("code", "subject_id", "part"))


def unjudged(account: Account) -> set[str]:
    """Rules that could not judge something, and say why. Those that read a trail's files always do here: none is read."""
    return set(RuleState.objects.filter(account=account).exclude(reason="").values_list("code", flat=True))


@pytest.mark.parametrize(
    ("api", "unknown"),
    [
        (REPORT, True),
        ("iam:GetAccountAuthorizationDetails", True),
        ("iam:ListAccessKeys", True),
        ("iam:GetAccountSummary", False),  # the report says the same of root; one of the two is enough
    ],
)
def test_a_denied_api_resolves_nothing_and_is_named(
    account: Account, aws: Any, sign_in: Any, api: str, unknown: bool
) -> None:
    before, unjudged_before = unresolved(account), unjudged(account)
    assert before
    service, operation = api.split(":")
    aws.fault("deny", account=account.aws_id, service=service, operation=operation)
    collect_and_judge(account)
    assert unresolved(account) == before | {("MO116", account.aws_id, "")}  # the lost permission is a finding itself
    assert not FindingEvent.objects.filter(kind="resolved").exists()
    assert Coverage.objects.get(account=account, api=api).state == "denied"
    assert (unjudged(account) > unjudged_before) is unknown
    for path in (f"/accounts/{account.aws_id}/", "/"):
        shown = text(sign_in().get(path))
        assert re.search(rf"{api}( and iam:\w+)? (is|are) denied", shown)  # with what was not asked for want of it
        assert f"grant {api}" in shown


def test_the_permission_comes_back_and_what_is_clear_resolves(account: Account, aws: Any) -> None:
    unjudged_before = unjudged(account)
    aws.fault("deny", account=account.aws_id, service="iam", operation="GetCredentialReport")
    collect_and_judge(account)
    before = unresolved(account)
    aws.clear_faults()
    collect_and_judge(account)
    assert unresolved(account) == before - {("MO116", account.aws_id, "")}
    assert unjudged(account) == unjudged_before
