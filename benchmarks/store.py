"""CloudTrail from files into PostgreSQL, in batches as a worker stores them: processor time of the worker and of its connection's
server process together, so that others may use the machine meanwhile. The same batches are added to what is there."""

from __future__ import annotations

import time
from collections.abc import Iterator

import django

from benchmarks import trail
from benchmarks.activity import EVENTS, FILES, aggregated
from benchmarks.database import database
from benchmarks.figure import Figure
from benchmarks.process import spent_by

BATCHES = 2
GOAL = 100_000  # events a second and core


def run() -> Iterator[Figure]:
    with database():
        django.setup()
        reading, storing = stored()
    events = BATCHES * FILES * EVENTS
    both = 1e6 * (reading + storing) / events
    yield Figure(f"{events:,} events from files into PostgreSQL, time an event", both, "us", "goal", 1e6 / GOAL, 1)
    yield Figure("of it in storing", 1e6 * storing / events, "us", "all", both, 1)


def stored() -> tuple[float, float]:
    """Seconds of reading and of storing."""
    from django.core.management import call_command
    from django.db import connection

    from collectors.activity.tally import Tally
    from collectors.models import Account
    from collectors.usage_store import Read, store

    call_command("migrate", verbosity=0)
    Account.objects.create(aws_id=trail.ACCOUNT, name="bench")
    reading = storing = 0.0
    for batch in range(BATCHES):
        blobs = list(trail.files(FILES, EVENTS, seed=batch))
        reads = [
            Read(trail.ACCOUNT, f"{batch}-{n}", trail.DAY.date(), "", len(blob), Tally())
            for n, blob in enumerate(blobs)
        ]
        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            server = cursor.fetchone()[0]
        begun = time.process_time()
        total = aggregated(blobs)
        between = time.process_time()
        before = spent_by(server)
        store(total, reads)
        reading += between - begun
        storing += time.process_time() - between + spent_by(server) - before
    connection.close()
    return reading, storing
