"""Peers to measure against, each in a virtual environment of its own in the user's cache: their dependencies are not ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from findings.policy.catalogue_file import users_folder

CHECKOUT = Path(__file__).resolve().parent.parent


def installed(name: str, version: str) -> Path:
    """The peer's command. Exits with what went wrong when it cannot be installed: no peer, no ratio."""
    folder = users_folder() / "peers" / f"{name}-{version}-py{sys.version_info[0]}.{sys.version_info[1]}"
    command = folder / "bin" / name
    if not command.exists():
        pip = [str(folder / "bin/python"), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
        folder.parent.mkdir(parents=True, exist_ok=True)
        for step in ([sys.executable, str(CHECKOUT / "tools/make_venv.py"), str(folder)], [*pip, f"{name}=={version}"]):
            done = subprocess.run(step, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(f"{name} {version} cannot be installed, so there is nothing to measure against: {_end(done)}")
    return command


def _end(done: subprocess.CompletedProcess[str]) -> str:
    said = (done.stderr or done.stdout).strip().splitlines()
    return said[-1] if said else f"exit code {done.returncode}"
