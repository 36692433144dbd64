"""A past behind the present: as if it had been collected in order, and the present is what it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.db.models import F

from collectors import queue, runner, schedule
from collectors.models import Account, AdminEvent, Coverage, Job, LastAccessed, Run, Version
from collectors.models.job import JUDGE
from collectors.records import TRAIL
from findings import tasks
from findings.engine import judge_account
from findings.models import Change, DailyCount, Finding, FindingEvent
from tests.conftest import db_role, worker_of
from tests.findings.rollup import expected, intervals, stored

WEEKS = 4  # in which the lab's accounts lose a subject, and a finding of today was open already
FACTS = ("account", "code", "subject_id", "part", "severity", "title", "evidence", "status")


@pytest.fixture(scope="module")
def judged(lab: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Made once: the lab's accounts, collected and judged now; and again where another one told more of them since. A test's own
    transaction lies inside this one."""
    with django_db_blocker.unblock(), transaction.atomic():
        with worker_of(lab) as client:
            call_command("lab_connect", lab_url=client.url, stdout=StringIO())
            collect_and_judge(list(Account.objects.order_by("pk")))
        yield
        transaction.set_rollback(True)


@pytest.fixture
def present(judged: None, db: None, aws: Any) -> list[Account]:
    return list(Account.objects.order_by("pk"))


def collect_and_judge(accounts: list[Account]) -> None:
    with db_role("iamdash_worker"):
        for account in accounts:
            schedule.start(account, Run.Reason.REQUEST, "test")
            for job in Job.objects.filter(account=account).exclude(source=JUDGE):
                runner.collect(job.pk)
            judge_queued()
        queue.ask_judgements(account.pk for account in accounts)
        judge_queued()


def judge_queued() -> None:
    for job in Job.objects.filter(source=JUDGE, state=Job.State.QUEUED).order_by("pk"):
        tasks.judge(job.pk)


def load(aws: Any, weeks: int) -> str:
    out = StringIO()
    with db_role("iamdash_worker"):
        call_command("lab_history", lab_url=aws.url, weeks=weeks, patience=1, stdout=out)
    return out.getvalue()


def facts() -> list[dict[str, Any]]:
    return list(
        Finding.objects.filter(resolved_at=None).order_by("account", "code", "subject_id", "part").values(*FACTS)
    )


def test_a_past_behind_the_present(present: list[Account], aws: Any) -> None:
    now, ids = facts(), dict(Finding.objects.filter(resolved_at=None).values_list("pk", "subject_id"))
    readings = set(LastAccessed.objects.values_list("account", "unique_id", "data_digest"))
    assert f"3 accounts have a past of {WEEKS} weeks" in load(aws, WEEKS)
    assert facts() == now
    assert set(Coverage.objects.values_list("state", flat=True)) <= {"complete", "not_applicable"}
    assert set(LastAccessed.objects.values_list("account", "unique_id", "data_digest")) == readings
    for account in present:
        intervals(account)  # asserts that none overlaps
        judged = set(DailyCount.objects.filter(account=account).values_list("day", flat=True))
        assert len(judged) == WEEKS + 1
        assert stored(account) == expected(account, judged)
    kept = Finding.objects.filter(pk__in=ids).values_list("pk", "subject_id")
    assert dict(kept) == ids  # links to findings stay good
    first = Finding.objects.filter(opened_at__lt=F("account__added_at"))
    assert first.filter(resolved_at=None).exists()
    assert FindingEvent.objects.filter(kind="resolved", detail__why="subject_gone").exists()
    assert Version.objects.filter(seen_to__lt=F("account__added_at")).exists()
    it_is_loaded_once(aws)


def it_is_loaded_once(aws: Any) -> None:
    before = list(FindingEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert "nothing to do" in load(aws, 1)
    assert list(FindingEvent.objects.order_by("pk").values_list("pk", flat=True)) == before


def test_what_the_trail_told_of_today_stays_and_links_to_changes_too(present: list[Account], aws: Any) -> None:
    account, now = present[0], queue.database_now()
    Coverage.objects.create(
        account=account, source="trail_bucket", api=TRAIL, state="complete", observed_at=now, complete_at=now
    )
    call = AdminEvent.objects.create(
        account=account, event_id="e" * 32, at=now - timedelta(hours=1), name="TagRole", source="iam.amazonaws.com",
        actor="user", target_type="role", target_name="app",
    )  # fmt: skip
    judge_account(account.pk, now)
    (change,) = Change.objects.filter(entities__calls__contains=[call.pk])
    load(aws, 1)
    assert Coverage.objects.get(account=account, api=TRAIL).complete_at == now
    assert Change.objects.get(entities__calls__contains=[call.pk]).pk == change.pk


def test_what_was_watched_for_days_is_left_alone(present: list[Account], aws: Any) -> None:
    Account.objects.update(added_at=queue.database_now() - timedelta(days=2))
    assert "nothing to do" in load(aws, 1)


def test_it_waits_for_today(present: list[Account], aws: Any) -> None:
    Run.objects.filter(account=present[0]).update(finished_at=None)
    with pytest.raises(CommandError, match="Today was not collected within 0 s"):
        call_command("lab_history", lab_url=aws.url, weeks=1, patience=0, stdout=StringIO())
