"""Collect and judge a whole lab with two workers: time against bare boto3 asking for the same, calls, memory.

The floor asks AWS's questions of every account with two processes and throws the answers away; what is above it is transform,
PostgreSQL, Celery and judgement.

Calls are those of the largest account's last run. Of IAM itself Prowler 5.46 made 2,624 for an account of 300 roles, 100 users
and 100 policies, and about 20 should do (AWS.md 1). Of all sources the limit is what they must ask of an account like this one: a
call a page of each list, one for each thing that AWS tells one by one (Source.calls, which a test compares with the lab), and two
to become the account's role.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.figure import Figure
from iamdash.embedded import processes, services
from iamdash.embedded.child import Child
from iamdash.embedded.processes import Environment, Options
from iamdash.embedded.state import State
from iamdash.embedded.supervisor import Supervisor, supervisor

ACCOUNTS, ROLES, WORKERS = int(os.environ.get("BENCH_ACCOUNTS", "100")), 200, 2
FLOOR_OF = 100  # accounts that are asked barely, at most
PEER_CALLS = 2_624
APART = "last_accessed"  # two calls a principal at AWS's pace: it and LookupEvents, two a second, have no part in these figures
MEMORY_LIMIT = 600.0  # MB a process (TRUST, load to hold)
BUSY = WORKERS * 600 / 500  # seconds of processor an account: 500 within ten minutes (TRUST, load to hold)
OF_IAM = "account", "authorization_details", "contacts", "credential_report"  # what Prowler's and the twenty are about
Connected = tuple[str, str, str]  # an account's id, its role and the external id
HISTORY = "collectors_version", "collectors_document", "findings_finding", "findings_findingevent"


def run() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="iamdash-bench-") as folder:
        Path(folder).chmod(0o755)
        with installation(Path(folder), ACCOUNTS, ROLES) as (family, ours, for_worker):
            floor = bare(for_worker)
            worker = processes.worker(for_worker)
            family.start(worker)
            what = f"{ACCOUNTS} accounts x {ROLES} roles"
            servers = [worker, next(child for child in family.children if child.name == "postgres")]
            collect = processes.manage(for_worker, "collect", "--all", "--wait")
            before, seconds = spent(servers), timed(family, collect)
            yield Figure(f"collect {what}", seconds, "s", "bare boto3", floor, 2.5)
            busy = "on the processor, by workers and PostgreSQL"
            yield Figure(busy, spent(servers) - before, "s", "limit", BUSY * ACCOUNTS, 1)
            history, before = written(ours["DATABASE_URL"]), spent(servers)
            again = timed(family, processes.manage(for_worker, "collect", "--all", "--wait"))
            yield Figure("collect again, unchanged", again, "s", "bare boto3", floor, 2.0)
            yield Figure(f"again, {busy}", spent(servers) - before, "s", "limit", BUSY * ACCOUNTS, 1)
            more = written(ours["DATABASE_URL"]) - history
            yield Figure("rows of history that it wrote", more, "rows", "allowed plus one", 1, 0)
            yield Figure("peak memory of a worker process", peak(worker), "MB", "limit", MEMORY_LIMIT, 1)
            largest, calls, list_keys = calls_of_largest(ours["DATABASE_URL"])
            of_iam = sum(calls[name] for name in OF_IAM)
            yield Figure(
                "calls for an account's IAM, ListAccessKeys apart", of_iam - list_keys, "calls", "limit", 30, 1
            )
            yield Figure("calls for an account's IAM", of_iam, "calls", "Prowler's", PEER_CALLS, 0.1)
            must = must_ask(for_worker, largest, set(calls))
            yield Figure(
                "calls for an account, of all sources", sum(calls.values()), "calls", "pages and things", must, 1
            )


@contextmanager
def installation(folder: Path, accounts: int, roles: int) -> Iterator[tuple[Supervisor, Environment, Environment]]:
    """Servers, the lab and its accounts connected, as `manage.py up --lab` makes them; no worker yet."""
    options = Options("127.0.0.1", 0, True, accounts, roles, 7, True, False)
    state = State.open(folder)
    os.environ["IAMDASH_SECRET_KEY_FILE"] = str(state.secret_key)
    with supervisor(sys.stderr, signals=False) as family:
        database = services.start(family, services.postgres(folder))
        redis = services.start(family, services.valkey(folder))
        ours = processes.common(state, options, database, redis)
        ours |= {"IAMDASH_LOG_LEVEL": "WARNING", "IAMDASH_LAST_ACCESSED_A_RUN": "0", "IAMDASH_LOOKUP_DAYS": "0"}
        ready = folder / "lab.url"
        lab = processes.lab(ours, options, 0, ready)
        family.start(lab)
        family.run(processes.manage(ours, "migrate", "--verbosity", "0"))
        family.wait_until(ready.exists, lab, seconds=120)
        url = ready.read_text().strip()
        family.run(processes.manage(ours, "lab_connect", "--lab-url", url))
        yield family, ours, processes.worker_environment(ours, url)


def timed(family: Supervisor, step: Child) -> float:
    begun = time.perf_counter()
    family.run(step)
    return time.perf_counter() - begun


def bare(environment: Environment) -> float:
    """Seconds for two processes to ask every account everything, and do nothing with it; from some, if there are many."""
    with psycopg.connect(environment["DATABASE_URL"]) as database:
        rows = database.execute(
            "select a.aws_id, c.role_name, c.external_id"
            " from collectors_account a join collectors_connection c on c.account_id = a.id"
        ).fetchall()
    with ProcessPoolExecutor(WORKERS, initializer=prepare, initargs=(environment,)) as pool:
        list(pool.map(ask, rows[:WORKERS]))  # imports and service models are read once, as in a worker
        begun = time.perf_counter()
        some = rows[:FLOOR_OF]
        list(pool.map(ask, some))
        return (time.perf_counter() - begun) * len(rows) / len(some)


def must_ask(environment: Environment, largest: Connected, names: set[str]) -> int:
    """Calls that these sources must make for an account like this one."""
    with ProcessPoolExecutor(1, initializer=prepare, initargs=(environment,)) as pool:
        return pool.submit(_must_ask, largest, names).result()


def _must_ask(largest: Connected, names: set[str]) -> int:
    from benchmarks.sizes import size_of
    from collectors.cost import SESSION
    from collectors.sources import sources

    size = size_of(answers_of(largest))
    return sum(SESSION + sources()[name].calls(size) for name in names)


def prepare(environment: Environment) -> None:
    """Sources may read the inventory, so that they need Django."""
    import django

    os.environ.update({"DJANGO_SETTINGS_MODULE": "iamdash.settings", **environment})
    django.setup()


def ask(row: Connected) -> None:
    answers_of(row)


def answers_of(row: Connected) -> dict[str, Any]:
    """What AWS says to all sources of the account."""
    from collectors.aws.session import Target, connect
    from collectors.gather import Gathered, gather
    from collectors.sources import sources

    aws_id, role, external_id = row
    answers: dict[str, Any] = {}
    target = Target(aws_id, role_arn=f"arn:aws:iam::{aws_id}:role/{role}", external_id=external_id)
    for source in sources().values():
        if source.apis and source.name != APART and source.asked_in(aws_id):
            got = Gathered(dict(source.known(aws_id)))
            gather(source, connect(target, source.permissions), got)
            answers |= got.answers
    return answers


def peak(worker: Child) -> float:
    """Megabytes: the largest high-water mark among the worker's processes (proc_pid_status(5), VmHWM)."""
    import psutil

    root = psutil.Process(worker.pid)
    marks = []
    for process in (root, *root.children(recursive=True)):
        status = Path(f"/proc/{process.pid}/status").read_text()
        marks += [int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmHWM")]
    return max(marks)


def spent(servers: list[Child]) -> float:
    """Seconds of processor time of these and of all that they started, the ended ones too."""
    import psutil

    total = 0.0
    for server in servers:
        root = psutil.Process(server.pid)
        total += sum(sum(process.cpu_times()[:4]) for process in (root, *root.children(recursive=True)))
    return total


def written(url: str) -> int:
    """Rows that stand in tables of history."""
    with psycopg.connect(url) as database:
        rows = [database.execute(f"select count(*) from {table}").fetchone() for table in HISTORY]
    return sum(row[0] for row in rows if row)


def calls_of_largest(url: str) -> tuple[Connected, dict[str, int], int]:
    """The member account with most users that have a key, calls of its last run by source, and how many were ListAccessKeys.

    Access Advisor and the organization, which one account reads for all, are counted apart (issue 3).
    """
    with psycopg.connect(url) as database:
        row = database.execute(
            "select a.id, a.aws_id, c.role_name, c.external_id, (select count(distinct user_arn) from collectors_accesskey k"
            " where k.account_id = a.id) keys from collectors_account a join collectors_connection c on c.account_id = a.id"
            " where not exists (select 1 from collectors_organizationaccount o where o.account_id = a.id)"
            " order by keys desc limit 1"
        ).fetchone()
        assert row is not None
        calls = database.execute(
            "select source, calls from collectors_job where run_id = (select max(id) from collectors_run where account_id = %s)"
            " and source <> all(%s)",
            [row[0], [APART, "judge"]],
        ).fetchall()
    return (row[1], row[2], row[3]), dict(calls), int(row[4])
