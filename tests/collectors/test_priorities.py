"""What operators wait for goes before what is collected in bulk: through the real broker."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import suppress

import pytest
from celery.signals import worker_process_init
from django.conf import settings

from collectors.doorbell import bell
from collectors.models import Account, Job, Run
from collectors.models.job import JUDGE
from findings import tasks
from findings.analysis.pace import SELDOM
from iamdash.api.metrics.exporter import queues
from iamdash.celery import app

pytestmark = pytest.mark.django_db
QUEUE = "inventory"


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    taken()
    yield
    taken()


def taken() -> list[str]:
    """Names of the tasks that a worker would take, in its order."""
    names = []
    with app.connection_for_read() as connection, connection.SimpleQueue(QUEUE) as queue, suppress(queue.Empty):
        while True:
            message = queue.get_nowait()
            names.append(str(message.headers["task"]))
            message.ack()
    return names


def lengths() -> dict[str, float]:
    (family,) = queues()
    return {sample.labels["queue"]: sample.value for sample in family.samples}


def test_a_tick_and_a_connection_test_do_not_wait_until_all_accounts_were_read() -> None:
    for job in range(3):
        bell().send_task("collectors.collect", [job], queue=QUEUE)
    for name in ("findings.judge", "findings.propose", "collectors.test_connection", "collectors.tick"):
        bell().send_task(name, [1])
    assert lengths()[QUEUE] == 7
    assert taken() == [
        "collectors.test_connection", "collectors.tick", "findings.propose", *["collectors.collect"] * 3, "findings.judge",
    ]  # fmt: skip
    assert lengths()[QUEUE] == 0


def test_an_account_that_was_read_is_judged_before_the_next_is_read(account: Account) -> None:
    bell().send_task("collectors.collect", [1], queue=QUEUE)
    run = Run.objects.create(account=account, reason=Run.Reason.REQUEST)
    Job.objects.create(run=run, account=account, source=JUDGE)
    tasks.tick()
    assert taken() == ["findings.judge", "collectors.collect"]


def test_what_goes_behind_is_a_task_that_there_is() -> None:
    app.loader.import_default_modules()
    assert set(settings.CELERY_TASK_ROUTES) <= set(app.tasks)


def test_a_worker_s_process_looks_for_cycles_seldom() -> None:
    """As Celery says it in each process of its pool."""
    before = gc.get_threshold()
    try:
        worker_process_init.send(sender=None)
        assert gc.get_threshold() == SELDOM
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
