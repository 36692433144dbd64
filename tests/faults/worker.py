"""A worker or beat as they are, but for three things: it is the lab's day, ticks come each second, and it may die where told.

`python -m tests.faults.worker worker ...`: Celery's own arguments follow. FAULT_NOTES is a folder: `die-N` there makes whoever
is first at its Nth statement of SQL kill itself, and `holding-PID` says which job that process works on.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from celery.signals import task_postrun
from django.db.backends.signals import connection_created

from iamdash.celery import app

NOTES = Path(os.environ.get("FAULT_NOTES", "/nonexistent"))
TICKS = ("collectors.tick", "findings.tick")


class Counting:
    """Counts this process's statements."""

    def __init__(self) -> None:
        self.n, self.pid = 0, os.getpid()

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        if self.pid != os.getpid():
            self.n, self.pid = 0, os.getpid()
        self.n += 1
        found = execute(sql, params, many, context)
        note = NOTES / f"die-{self.n}"
        if note.exists():
            try:
                note.unlink()
            except FileNotFoundError:  # another one died of it
                return found
            os.kill(os.getpid(), signal.SIGKILL)
        return found


def _count(connection: Any, counting: Counting) -> None:
    """A connection that was lost is made again, and keeps its wrappers."""
    if counting not in connection.execute_wrappers:
        connection.execute_wrappers.append(counting)


def main(arguments: list[str]) -> None:
    django.setup()
    from collectors import queue
    from tests.conftest import AS_OF

    counting, claim = Counting(), queue.claim

    def noted(job_id: int) -> queue.Claim | None:
        (NOTES / f"holding-{os.getpid()}").write_text(str(job_id))
        return claim(job_id)

    queue.claim, queue.database_now = noted, lambda: AS_OF
    connection_created.connect(lambda connection, **_: _count(connection, counting), weak=False)
    task_postrun.connect(lambda **_: (NOTES / f"holding-{os.getpid()}").unlink(missing_ok=True), weak=False)
    for entry in app.conf.beat_schedule.values():
        if entry["task"] in TICKS:
            entry["schedule"] = 1.0
    app.start(argv=arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
