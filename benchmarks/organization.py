"""Connect a whole organization by one choice: reading its tree, joining, the second tick, and the first answer of each account.

The management account is registered; nothing is done for any other one. What all sources of so many accounts cost is measured by
benchmarks.collect; here each account's role is assumed by its own external id, and one small source stored.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.collect import timed
from benchmarks.figure import Figure
from iamdash.embedded import processes, services
from iamdash.embedded.processes import Options
from iamdash.embedded.state import State
from iamdash.embedded.supervisor import supervisor

ACCOUNTS, ROLES = 500, 5
JOINING = 1.0  # seconds for 1,000 accounts

BUSY = """
import time
from benchmarks.process import spent_by
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("select pg_backend_pid()")
    (server,) = cursor.fetchone()
def busy():
    return time.process_time() + spent_by(server)
"""
IN_PROCESS = """
from django.test.utils import CaptureQueriesContext
from collectors import joining
from collectors.models import Account, Connection, Membership, OrganizationConnection
one = OrganizationConnection.objects.get()
mine = Account.objects.filter(connection__organization=one)
for model in (Membership, Connection):
    model.objects.filter(account__in=mine).delete()
Account.objects.exclude(pk=one.account_id).delete()
for _ in range(2):
    with CaptureQueriesContext(connection) as queries:
        begun = time.perf_counter(), busy()
        done = joining.join(one.pk)
        print(len(done.joined), time.perf_counter() - begun[0], busy() - begun[1], len(queries), flush=True)
"""

FIRST = """
from collectors import runner, schedule
from collectors.models import Account, Coverage, Run
begun = time.perf_counter(), busy()
for account in Account.objects.exclude(connection__organization=None):
    run = schedule.start(account, Run.Reason.FIRST, names=["contacts"])
    for job in run.job_set.all():
        runner.collect(job.pk)
reached = Coverage.objects.filter(state="complete", source="contacts").values("account").distinct().count()
print(reached, time.perf_counter() - begun[0], busy() - begun[1], flush=True)
"""


def run() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="iamdash-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        options = Options("127.0.0.1", 0, True, ACCOUNTS, ROLES, 7, True, False)
        state = State.open(folder)
        os.environ["IAMDASH_SECRET_KEY_FILE"] = str(state.secret_key)
        with supervisor(sys.stderr, signals=False) as family:
            database = services.start(family, services.postgres(folder))
            redis = services.start(family, services.valkey(folder))
            ours = processes.common(state, options, database, redis)
            ours |= {"IAMDASH_LOG_LEVEL": "WARNING", "IAMDASH_LAST_ACCESSED_A_RUN": "0", "IAMDASH_LOOKUP_DAYS": "0"}
            lab = processes.lab(ours, options, 0, folder / "lab.url")
            family.start(lab)
            family.run(processes.manage(ours, "migrate", "--verbosity", "0"))
            family.wait_until((folder / "lab.url").exists, lab, seconds=180)
            url = (folder / "lab.url").read_text().strip()
            connect = processes.manage(ours, "lab_connect", "--lab-url", url, "--organization")
            whole = timed(family, connect)
            yield Figure(f"connect an organization of {ACCOUNTS}: tree, joining, roles", whole, "s", "limit", 120, 1)
            out = folder / "joining.txt"
            again = processes.manage(ours, "shell", "--no-imports", "-c", BUSY + IN_PROCESS)
            with out.open("w") as again.stdout:
                family.run(again)
            first, second = (list(map(float, line.split())) for line in out.read_text().splitlines())
            joined, seconds, spent, queries = first
            limit = JOINING * joined / 1_000
            yield Figure(f"{joined:.0f} accounts join, {queries:.0f} statements", seconds, "s", "limit", limit, 1)
            yield Figure("on the processor, by us and by PostgreSQL", spent, "s", "limit", limit, 1)
            yield Figure("the next tick, unchanged", second[1], "s", "limit", limit / 5, 1)
            yield Figure("on the processor", second[2], "s", "limit", limit / 5, 1)
            for_worker = processes.worker_environment(ours, url)
            out = folder / "reached.txt"
            reach = processes.manage(for_worker, "shell", "--no-imports", "-c", BUSY + FIRST)
            with out.open("w") as reach.stdout:
                family.run(reach)
            reached, seconds, spent = map(float, out.read_text().split())
            what = f"roles assumed and one source stored in {reached:.0f} accounts"
            yield Figure(what, seconds, "s", "limit", 120, 1)
            yield Figure("on the processor, by us and by PostgreSQL", spent, "s", "limit", 120, 1)
            yield Figure("accounts not reached", joined - reached, "accounts", "limit", 0.1, 1)
