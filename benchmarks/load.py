"""50 operators with think time on two years of 500 accounts while a worker collects: the 95th of 100 answers, by locust.

Gunicorn, worker, PostgreSQL, Valkey, the lab and locust share this machine. Collected are accounts of the lab, beside the 500.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.collect import installation
from benchmarks.figure import Figure
from iamdash.embedded import processes
from iamdash.embedded.ports import is_alive
from iamdash.embedded.processes import Options

OPERATORS, SECONDS, LIMIT = 50, int(os.environ.get("BENCH_SECONDS", "180")), 500.0
PORT = 8_990
COLLECTED = (20, 100)  # accounts of the lab, and roles of each, that are collected meanwhile
# What people open, of a hundred: lists and the pages of things far more than sums.
SHARES = {"overview": 12, "findings": 20, "finding": 20, "principals": 8, "principal": 12, "keys": 5, "key": 5, "trends": 4,
          "accounts": 5, "account": 6, "findings, resolved": 3, "findings of the largest account": 6, "findings, searched": 2,
          "policies": 3, "policy": 3, "activity-changes": 3, "findings-owners": 1, "rules": 2}  # fmt: skip


def run() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="iamdash-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with installation(folder, *COLLECTED) as (family, ours, for_worker):
            given = folder / "load.json"
            filled(ours, given)
            options = Options("127.0.0.1", PORT, True, *COLLECTED, 7, False, False)
            web = processes.web(ours | {"IAMDASH_HTTP_ONLY": "1"}, for_worker, options)
            family.start(web)
            family.start(processes.worker(for_worker))
            family.wait_until(lambda: is_alive("127.0.0.1", PORT), web)
            with subprocess.Popen(collecting(given), env=os.environ | for_worker, start_new_session=True) as collects:
                before = ended(ours)
                seen = load(folder, given)
                jobs = ended(ours) - before
                os.killpg(collects.pid, signal.SIGTERM)
            yield from figures(seen)
            yield Figure(f"{jobs} jobs ended meanwhile; whether none did", float(not jobs), "", "of", 1, 0)


def ended(ours: dict[str, str]) -> int:
    """Jobs that the worker has done so far: a load beside which nothing is collected would prove nothing."""
    with psycopg.connect(ours["DATABASE_URL"]) as database:
        (n,) = database.execute("select count(*) from collectors_job where state = 'done'").fetchone() or (0,)
    return int(n)


def collecting(given: Path) -> list[str]:
    """Nothing but the lab's accounts: no other can be reached."""
    accounts = " ".join(json.loads(given.read_text())["collected"])
    return ["sh", "-c", f"while true; do {sys.executable} manage.py collect {accounts} --wait >/dev/null; done"]


def filled(ours: dict[str, str], given: Path) -> None:
    """In a process of its own, which Django's settings of this one do not bind."""
    code = f"from benchmarks.load import fill; fill({str(given)!r})"
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | ours | {"IAMDASH_HTTP_ONLY": "1"})


def fill(given: str) -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "iamdash.settings"
    django.setup()
    from benchmarks.dashboard import clients, pages, prepare
    from collectors.models import Account

    collected = list(Account.objects.values_list("aws_id", flat=True))
    prepare()
    every, some = clients().values()
    sessions = [client.cookies["iamdash"].value for client in (every, some)]
    asked = [(page.name, page.url, SHARES[page.name]) for page in pages() if page.name in SHARES]
    if missing := SHARES.keys() - {name for name, *_ in asked}:
        raise RuntimeError(f"no such page: {missing}")
    Path(given).write_text(json.dumps({"sessions": sessions, "pages": asked, "collected": collected}))


def load(folder: Path, given: Path) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "locust", "-f", "benchmarks/load_user.py", "--headless", "--users", str(OPERATORS),
               "--spawn-rate", "5", "--run-time", f"{SECONDS}s", "--host", f"http://127.0.0.1:{PORT}", "--reset-stats",
               "--csv", str(folder / "seen"), "--only-summary", "--exit-code-on-error", "0"]  # fmt: skip
    subprocess.run(command, check=True, env=os.environ | {"IAMDASH_LOAD": str(given)}, stdout=sys.stderr)
    with (folder / "seen_stats.csv").open() as file:
        return list(csv.DictReader(file))


def figures(seen: list[dict[str, Any]]) -> Iterator[Figure]:
    for row in seen:
        n = int(row["Request Count"])
        yield Figure(
            f"{OPERATORS} operators, {row['Name']} ({n:,} requests)", float(row["95%"]), "ms", "limit", LIMIT, 1
        )
    total = next(row for row in seen if row["Name"] == "Aggregated")
    yield Figure("answers that were errors", float(total["Failure Count"]), "", "of", float(total["Request Count"]), 0)
