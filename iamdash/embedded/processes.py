"""The processes of `manage.py up`: their commands, and which of them may know what.

Only the worker gets AWS_* variables (TRUST, promise 6); web and worker take their database roles (IAMDASH_DB_ROLE), the steps
that migrate have the owner's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .child import Child
from .ports import ANY
from .state import CHECKOUT, State

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
QUEUES = "inventory,activity,notify"
LAB_TIER, OURS_TIER = 2, 3
BEHIND = 10  # nice(2): whoever waits for a page goes before what is collected and judged
COLLECTOR = "IAMDASH_COLLECTOR_ARN"  # whom the accounts' roles trust; no secret, so the pages may show it
HISTORY_ACCOUNTS = 50  # the half year of so many is held in memory; a larger lab starts without a past
Environment = dict[str, str]


@dataclass(frozen=True)
class Options:
    host: str
    port: int
    lab: bool
    lab_accounts: int
    lab_roles: int | None
    lab_seed: int
    once: bool
    open: bool

    @property
    def bind(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/" if self.host == ANY else f"http://{self.bind}/"


def without_aws(environment: Mapping[str, str]) -> Environment:
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}


def common(state: State, options: Options, database: str, redis: str) -> Environment:
    """What every process of ours gets."""
    environment = without_aws(os.environ) | {
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "IAMDASH_STATIC_ROOT": str(state.folder / "static"),
        "IAMDASH_ADMIN_PASSWORD_FILE": str(state.admin_password),
        "PYTHONUNBUFFERED": "1",
    }
    environment.pop("IAMDASH_DB_ROLE", None)
    environment.setdefault("IAMDASH_LOG_PLAIN", "1")
    if options.host in LOOPBACK:
        environment["IAMDASH_HTTP_ONLY"] = "1"
        environment.setdefault("IAMDASH_URL", options.address)
    if options.lab:
        environment["IAMDASH_LAB"] = "1"
        environment.setdefault("IAMDASH_AWS_RATE_FACTOR", "1000")  # the lab has no quota
    return environment


def lab_credentials(url: str) -> Environment:
    from collectors.lab.client import LabClient  # with the lab's requirements, which a product installation lacks

    given = LabClient(url).credentials()
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    about = {"AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": "us-east-1", COLLECTOR: given["principal_arn"]}
    return about | {name: given[name] for name in names}


def lab_trail(url: str) -> Environment:
    """Where the lab's organization keeps its trail, unless the shell that started us names another place."""
    from collectors.lab.client import LabClient

    given = LabClient(url).organization()["trail"]
    names = {f"IAMDASH_TRAIL_{name.upper()}": value for name, value in given.items()}
    return names if "IAMDASH_TRAIL_BUCKET" not in os.environ else {}


def worker_environment(ours: Environment, lab_url: str | None) -> Environment:
    """The lab's credentials, or those of the shell that started us; never both."""
    ambient = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    return ours | {"IAMDASH_DB_ROLE": "worker"} | (lab_credentials(lab_url) if lab_url else ambient)


def program(name: str, environment: Environment, *arguments: str, grace: float = 10) -> Child:
    argv = [sys.executable, *arguments]
    return Child(name, argv, environment, tier=OURS_TIER, grace=grace, cwd=str(CHECKOUT))


def manage(environment: Environment, command: str, *arguments: str) -> Child:
    return program(command, environment, str(CHECKOUT / "manage.py"), command, *arguments)


def web(ours: Environment, for_worker: Environment, options: Options) -> Child:
    """No control socket: gunicorn's lies in the home folder, where two installations would share it."""
    collector = {name: value for name, value in for_worker.items() if name == COLLECTOR}
    return program(
        "web", ours | collector | {"IAMDASH_DB_ROLE": "web"}, "-m", "gunicorn", "iamdash.wsgi", "-w", "2", "--threads", "4",
        "-b", options.bind, "--graceful-timeout", "5", "--no-control-socket", grace=8,
    )  # fmt: skip


def worker(environment: Environment) -> Child:
    child = program(
        "worker", environment, "-m", "celery", "-q", "-A", "iamdash", "worker", "-c", "2", "-Q", QUEUES,
        "--without-gossip", "--without-mingle",
    )  # fmt: skip
    child.nice = BEHIND
    return child


def beat(ours: Environment, state: State) -> Child:
    return program(
        "beat", ours | {"IAMDASH_DB_ROLE": "worker"}, "-m", "celery", "-q", "-A", "iamdash", "beat",
        "-s", str(state.folder / "beat"), "--pidfile=", grace=5,
    )  # fmt: skip


def metrics(ours: Environment) -> Child:
    """For Prometheus, where IAMDASH_METRICS_PORT names a port."""
    child = manage(ours | {"IAMDASH_DB_ROLE": "metrics"}, "metrics")
    child.grace = 3
    return child


def lab(ours: Environment, options: Options, port: int, ready: Path) -> Child:
    arguments = ["-m", "collectors.lab", "--host", "127.0.0.1", "--port", str(port), "--ready-file", str(ready)]
    arguments += ["--accounts", str(options.lab_accounts), "--seed", str(options.lab_seed)]
    if options.lab_roles is not None:
        arguments += ["--roles", str(options.lab_roles)]
    child = program("lab", ours, *arguments, grace=3)
    child.tier, child.nice = LAB_TIER, BEHIND
    return child


def history(environment: Environment, state: State, lab_url: str) -> Child:
    """The lab's half year, put behind today's findings once."""
    child = manage(environment, "lab_history", "--lab-url", lab_url)
    child.name, child.grace, child.marker = "history", 3, state.folder / "lab_history"
    return child
