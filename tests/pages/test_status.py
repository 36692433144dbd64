"""What the installation says of itself: fine, late, broken, and never heard from."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.models.functions import Now
from django.urls import reverse

from collectors import heartbeat, tasks
from collectors.models import Account, Coverage, Heartbeat, Job, Run
from iamdash.access.models import Role
from iamdash.notify.models import Delivery
from iamdash.pages import status
from tests.conftest import AS_OF, db_role
from tests.notify.telling import channel
from tests.pages.shown import text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]
RUNBOOK = Path(settings.BASE_DIR, "docs/operate/runbook.md")


@pytest.fixture
def states(sign_in: Any) -> Any:
    """states() -> title of each row: its state."""
    client = sign_in(Role.ANALYST)

    def ask() -> dict[str, str]:
        text = client.get(reverse("settings-status")).content.decode()
        rows = re.findall(r'<th scope="row">(.*?)</th>\s*<td>.*?</svg>(?:</span>)?\s*(\w+)</td>', text, re.S)
        return {html.unescape(re.sub("<span.*|<.*?>", "", title)): state for title, state in rows}

    return ask


def job(account: Account, **fields: Any) -> None:
    run = Run.objects.create(account=account, reason=Run.Reason.REQUEST)
    Job.objects.create(run=run, account=account, source="account", **fields)


def test_all_is_fine_when_everybody_was_heard_and_nothing_waits(states: Any, account: Account) -> None:
    with db_role("iamdash_worker"):
        for name in heartbeat.patience():
            heartbeat.beat(name)
            heartbeat.beat(name)
    Coverage.objects.create(
        account=account, source="account", api="iam:GetAccountSummary", region="", state="complete",
        complete_at=Now(), observed_at=Now(),
    )  # fmt: skip
    assert len(states()) == len(heartbeat.patience()) + 7
    assert set(states().values()) == {"fine"}


def test_what_was_never_heard_is_unknown_and_no_data_is_unknown(states: Any) -> None:
    seen = states()
    assert (
        seen["Task: collect what is due"] == seen["Worker that sends messages"] == seen["Age of the data"] == "unknown"
    )


def test_an_account_that_was_never_read_is_not_fine_beside_one_that_was(
    states: Any, account: Account, other_account: Account
) -> None:
    for one, whole in ((account, Now()), (other_account, None)):
        Coverage.objects.create(
            account=one, source="account", api="iam:GetAccountSummary", region="", observed_at=Now(),
            state="complete" if whole else "denied", complete_at=whole,
        )  # fmt: skip
    assert states()["Age of the data"] == "unknown"


def test_what_fell_silent_is_broken(states: Any) -> None:
    for name, late in heartbeat.patience().items():
        heartbeat.beat(name)
        Heartbeat.objects.filter(name=name).update(heard_at=Now() - late - timedelta(seconds=1))
    seen = states()
    assert {seen[t] for t in seen if t.startswith(("Task", "Worker"))} == {"broken"}


def test_waiting_lost_and_failed_jobs_are_told_apart(states: Any, sign_in: Any, account: Account) -> None:
    job(account, due_at=Now() - status.WAITS - timedelta(seconds=1))
    job(account, state=Job.State.RUNNING, lease_until=Now() - timedelta(seconds=1))
    job(account, state=Job.State.FAILED, finished_at=Now())
    seen = states()
    assert seen["Jobs that are due"] == seen["Jobs whose worker was lost"] == "late"
    assert seen["Jobs that failed in 24 hours"] == "broken"
    assert "Account details 1" in text(sign_in(Role.ANALYST).get(reverse("settings-status")))


def test_messages_that_wait_and_that_were_given_up(states: Any) -> None:
    same: dict[str, Any] = {"channel": channel(), "reason": "alert", "created_at": Now(), "content": {}}
    Delivery.objects.create(**same, due_at=AS_OF - timedelta(days=9))
    Delivery.objects.create(**same, due_at=AS_OF, state=Delivery.State.GIVEN_UP)
    seen = states()
    assert seen["Messages that are due"] == "late"
    assert seen["Messages given up in 24 hours"] == "broken"


def test_a_valkey_that_does_not_answer_is_said_and_the_page_stands(states: Any, settings: Any) -> None:
    settings.CACHES = {
        "default": settings.CACHES["default"] | {"LOCATION": "unix:///nowhere/valkey.sock"},
    }
    assert states()["Valkey"] == "broken"


def test_a_canary_sings_in_each_queue(db: None) -> None:
    with db_role("iamdash_worker"):
        for name in heartbeat.QUEUES:
            tasks.canary(name)
    assert set(Heartbeat.objects.values_list("name", flat=True)) == {
        heartbeat.canary(name) for name in heartbeat.QUEUES
    }


def test_the_runbook_has_a_section_for_each_check(states: Any, sign_in: Any) -> None:
    text = sign_in(Role.ANALYST).get(reverse("settings-status")).content.decode()
    slugs = set(re.findall(r"<td><code>([\w-]+)</code></td>", text))
    sections = set(re.findall(r"^## .*`([\w-]+)`$", RUNBOOK.read_text(), re.M))
    assert len(slugs) == 9
    assert slugs <= sections
