"""The folder in which one installation of `manage.py up` keeps its data, secrets and lock."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from .guard import alive

CHECKOUT = Path(__file__).resolve().parents[2]
OURS = ("DATABASE_URL", "REDIS_URL", "IAMDASH_SECRET_KEY", "IAMDASH_SECRET_KEY_FILE")
FILES_SETTINGS = "iamdash.files_settings"
STILL_STOPPING = 20.0  # seconds a second start waits for the children of an `up` that was killed


class BusyError(Exception):
    """Another `up` has this state."""


def default_folder() -> Path:
    """One folder a checkout. Root's lies outside its home, which nobody (who runs PostgreSQL then) cannot enter."""
    if chosen := os.environ.get("IAMDASH_STATE"):
        return Path(chosen).absolute()
    name = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]
    if os.geteuid() == 0:
        return Path("/var/lib/iamdash", name)
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base, "iamdash", name)


@dataclass(frozen=True)
class State:
    folder: Path

    @classmethod
    def open(cls, folder: Path | None = None) -> State:
        state = cls(folder or default_folder())
        mode = 0o711 if os.geteuid() == 0 else 0o700  # nobody must pass through, not list
        for part in (*reversed([p for p in state.folder.parents if not p.exists()]), state.folder):
            part.mkdir(mode=mode, exist_ok=True)
        (state.folder / "log").mkdir(mode=0o700, exist_ok=True)
        return state

    def secret(self, name: str, size: int) -> Path:
        """A file with random characters only its owner reads, made once."""
        path = self.folder / name
        if not path.exists():
            self.write_private(name, secrets.token_urlsafe(size))
        return path

    def write_private(self, name: str, text: str) -> Path:
        """Whole or not at all: a kill in the middle must not leave half a secret."""
        path, draft = self.folder / name, self.folder / f"{name}.new"
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        return draft.rename(path)

    @property
    def secret_key(self) -> Path:
        return self.secret("secret_key", 50)

    @property
    def admin_password(self) -> Path:
        return self.secret("admin_password", 18)

    @property
    def restored(self) -> Path:
        """Is there once a backup was put into the database here: the operators and their passwords are the backup's."""
        return self.folder / "restored"

    def lock(self, address: str) -> int:
        """The descriptor that holds the lock; children do not inherit it, the guard does on purpose."""
        descriptor = os.open(self.folder / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + STILL_STOPPING
        while not _try_lock(descriptor):
            holder = _holder(descriptor)
            if alive(holder.get("pid", 0)) or time.monotonic() > deadline:
                os.close(descriptor)
                raise BusyError(
                    f"iamdash already runs on this state: process {holder.get('pid')}, {holder.get('address')}.\n"
                    f"Its state is {self.folder}. Stop it with Ctrl-C there or `kill {holder.get('pid')}`, "
                    "or start a second one beside it: IAMDASH_STATE=/other/folder and another --port."
                )
            time.sleep(0.1)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "address": address}).encode(), 0)
        return descriptor

    @property
    def running(self) -> bool:
        try:
            descriptor = os.open(self.folder / "up.lock", os.O_RDWR)
        except OSError:
            return False
        try:
            return not _try_lock(descriptor)
        finally:
            os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(descriptor: int) -> dict[str, int]:
    with contextlib.suppress(ValueError):
        holder: dict[str, int] = json.loads(os.pread(descriptor, 4096, 0))
        return holder
    return {}


def _reads_files_only(arguments: list[str]) -> bool:
    """No server is needed, and there is nothing that a secret key would sign. argparse takes the start of an option's name."""
    options = [argument.partition("=")[0] for argument in arguments[1:]]
    if arguments[:1] == ["judge"]:
        return not any(len(name) > 3 and "--account".startswith(name) for name in options)
    needed = {"simulate": "--bundle", "verify_review": "--key"}.get(arguments[0] if arguments else "", "")
    return any(len(name) > 2 and needed.startswith(name) for name in options)


def prepare_environment(arguments: list[str]) -> None:
    """What the settings need before Django reads them. `up` makes its secret key, and so does `restore` where no `up` runs; every
    other command, given in another terminal without settings of its own, talks to the `up` that runs from this checkout."""
    try:
        state = State(default_folder())
        alone = arguments[:1] == ["restore"] and not os.environ.get("DATABASE_URL") and not state.running
        if arguments[:1] == ["up"] or alone:
            if not any(os.environ.get(name) for name in OURS[2:]):
                os.environ["IAMDASH_SECRET_KEY_FILE"] = str(State.open().secret_key)
        elif _reads_files_only(arguments):
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", FILES_SETTINGS)
        elif arguments[:1] == ["catalogue"]:  # it signs nothing
            os.environ.setdefault("IAMDASH_SECRET_KEY", secrets.token_urlsafe(50))
        elif not any(os.environ.get(name) for name in OURS) and state.running:
            os.environ.update(json.loads((state.folder / "environment.json").read_text()))
    except OSError as error:
        sys.exit(f"iamdash cannot use its state folder: {error}. Choose another with IAMDASH_STATE=/some/folder")
