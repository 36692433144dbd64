"""What operators wait for goes before what is collected in bulk: through the real broker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from django.conf import settings

from collectors.doorbell import bell
from iamdash.api.metrics.exporter import queues
from iamdash.celery import app

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


def test_what_goes_behind_is_a_task_that_there_is() -> None:
    app.loader.import_default_modules()
    assert set(settings.CELERY_TASK_ROUTES) <= set(app.tasks)
