"""`manage.py up`: everything on this machine, in the foreground, until Ctrl-C."""

from __future__ import annotations

import json
import os
import sys
import webbrowser
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from iamdash.embedded import processes, services
from iamdash.embedded.child import Child
from iamdash.embedded.ports import is_alive, is_free, kept_port
from iamdash.embedded.processes import Environment, Options
from iamdash.embedded.state import BusyError, State
from iamdash.embedded.supervisor import ChildError, Stopped, Supervisor, supervisor

WELCOME = """
  iamdash runs: {address}
  Sign in as admin. {password}
  Change it with `python manage.py changepassword admin`. Data: {folder}
  Ctrl-C stops everything.
"""


class Command(BaseCommand):
    help = "Start PostgreSQL, Valkey, the web server, a worker and the scheduler on this machine; Ctrl-C stops all."
    requires_system_checks = ()  # the children make them

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--host", default="127.0.0.1", help="address to listen on; not loopback: expects HTTPS in front"
        )
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--lab", action="store_true", help="also start the lab, a stand-in AWS organization, and collect it"
        )
        parser.add_argument("--lab-accounts", type=int, default=12)
        parser.add_argument("--lab-roles", type=int, help="roles an account")
        parser.add_argument("--lab-seed", type=int, default=1)
        parser.add_argument("--once", action="store_true", help="collect all, print the summary, stop; no web server")
        parser.add_argument("--open", action="store_true", help="open the browser")

    def handle(self, *args: object, **given: object) -> None:
        options = Options(**{name: given[name] for name in Options.__dataclass_fields__})  # type: ignore[arg-type]
        if not options.once and not is_free(options.host, options.port):
            raise CommandError(f"Port {options.port} of {options.host} is taken. Choose another with --port.")
        state = State.open()
        try:
            lock = state.lock("one collection, no web server" if options.once else options.address)
            # With --once, standard output belongs to the summary.
            with supervisor(sys.stderr if options.once else sys.stdout, hold=[lock]) as family:
                Up(family, state, options).run()
        except Stopped:
            self.stderr.write("iamdash stopped.")
        except (BusyError, ChildError) as error:
            raise CommandError(str(error), returncode=getattr(error, "code", 1)) from error


class Up:
    def __init__(self, family: Supervisor, state: State, options: Options) -> None:
        self.family, self.state, self.options = family, state, options

    def run(self) -> None:
        ours = self.servers()
        lab = self.start_lab(ours)
        steps = [processes.manage(ours, "migrate", "--verbosity", "0")]
        if not self.options.once:
            steps.append(processes.manage(ours, "collectstatic", "--no-input", "--verbosity", "0"))
        self.family.run(*steps)
        self.family.run(processes.manage(ours, "first_admin"))
        lab_url = self.connect_lab(ours, lab) if lab else None
        for_worker = processes.worker_environment(ours, lab_url)
        if self.options.once:
            self.collect(ours, for_worker)
        else:
            self.serve(ours, for_worker, lab_url)

    def servers(self) -> Environment:
        """Ours, except for what the environment names."""
        folder, family = self.state.folder, self.family
        database = os.environ.get("DATABASE_URL") or services.start(family, services.postgres(folder))
        redis = os.environ.get("REDIS_URL") or services.start(family, services.valkey(folder))
        ours = processes.common(self.state, self.options, database, redis)
        self.remember(ours)
        return ours

    def remember(self, ours: Environment) -> None:
        """For `manage.py` in another terminal (state.prepare_environment)."""
        mine = {
            name: value for name, value in ours.items() if name.startswith(("IAMDASH_", "DATABASE_URL", "REDIS_URL"))
        }
        self.state.write_private("environment.json", json.dumps(mine))

    def start_lab(self, ours: Environment) -> Child | None:
        if not self.options.lab:
            return None
        ready = self.state.folder / "lab.url"
        ready.unlink(missing_ok=True)
        lab = processes.lab(ours, self.options, kept_port(self.state.folder / "lab.port"), ready)
        self.family.start(lab)
        return lab

    def connect_lab(self, ours: Environment, lab: Child) -> str:
        ready = self.state.folder / "lab.url"
        self.family.wait_until(lambda: ready.exists() and bool(ready.read_text().strip()), lab, seconds=120)
        url = ready.read_text().strip()
        ours |= processes.lab_trail(
            url
        )  # which of the accounts reads the trail's bucket, the template must know already
        self.remember(ours)
        self.family.run(processes.manage(ours, "lab_connect", "--lab-url", url, "--organization"))
        return url

    def collect(self, ours: Environment, for_worker: Environment) -> None:
        self.family.start(processes.worker(for_worker))
        self.family.run(processes.manage(for_worker, "collect", "--all", "--wait"))
        summary = processes.manage(ours, "summary")
        summary.stdout = sys.stdout
        self.family.run(summary)

    def serve(self, ours: Environment, for_worker: Environment, lab_url: str | None) -> None:
        web = processes.web(ours, for_worker, self.options)
        for child in (web, processes.worker(for_worker), processes.beat(ours, self.state)):
            self.family.start(child)
        if ours.get("IAMDASH_METRICS_PORT"):
            self.family.start(processes.metrics(ours))
        self.family.wait_until(lambda: is_alive(self.options.host, self.options.port), web)
        self.welcome()
        if lab_url and self.options.lab_accounts <= processes.HISTORY_ACCOUNTS:
            history = processes.history(for_worker, self.state, lab_url)
            if history.marker and not history.marker.exists():
                self.family.start(history)
        self.family.watch()

    def welcome(self) -> None:
        """The password itself is shown once, after the first start that succeeded."""
        file, shown = self.state.admin_password, self.state.folder / "welcomed"
        said = f"Its first password is in {file}."
        if self.state.restored.exists():
            said = "Its password is that of the backup which was restored here."
        elif not shown.exists():
            said = f"Password: {file.read_text()} (kept in {file})"
            if os.environ.get("DATABASE_URL"):
                said += ", unless this database had operators already."
        sys.stdout.write(WELCOME.format(address=self.options.address, password=said, folder=self.state.folder))
        sys.stdout.flush()
        shown.touch()
        if self.options.open:
            webbrowser.open(self.options.address)
