"""Make a virtual environment with pip in it, also where Debian left ensurepip out: `python3 tools/make_venv.py .venv`.

Debian packages ensurepip apart (python3-venv), so plain `python3 -m venv` fails on a machine that has Python only.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

OLDEST = (3, 11)
ADVICE = """No way to make a virtual environment with pip. One of these will do:
  apt-get install python3-venv
  apt-get install python3-pip
  an installed uv or virtualenv
Then run make again; PYTHON=/path/to/python3.13 chooses another interpreter."""


def ways(target: Path) -> Iterator[list[list[str]]]:
    """Lists of commands, the most ordinary first."""
    python = sys.executable
    if importlib.util.find_spec("ensurepip"):
        yield [[python, "-I", "-m", "venv", "--clear", str(target)]]
    if importlib.util.find_spec("pip"):
        # pip's own: run this pip for another interpreter (pip 22.3).
        into = [python, "-m", "pip", "--python", str(target / "bin/python"), "install", "--quiet", "pip"]
        yield [[python, "-I", "-m", "venv", "--clear", "--without-pip", str(target)], into]
    if uv := shutil.which("uv"):
        yield [[uv, "venv", "--quiet", "--clear", "--seed", "--python", python, str(target)]]
    if virtualenv := shutil.which("virtualenv"):
        yield [[virtualenv, "--quiet", "--clear", "--python", python, str(target)]]


def run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - from ways()


def has_pip(target: Path) -> bool:
    python = target / "bin/python"
    try:
        run([str(python), "-m", "pip", "--version"])
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def make(target: Path) -> str:
    """What went wrong, or nothing."""
    said = []
    for commands in ways(target):
        for command in commands:
            try:
                run(command)
            except subprocess.CalledProcessError as error:
                said.append(f"{' '.join(command)}: {(error.stderr or error.stdout).strip()[-300:]}")
                break
        if has_pip(target):
            return ""
    return "\n".join([*said, ADVICE])


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        sys.exit(
            f"iamdash needs Python 3.11 or newer, this is {sys.version.split()[0]}. Try: make PYTHON=python3.13 ..."
        )
    folder = Path(sys.argv[1])
    sys.exit(None if has_pip(folder) else make(folder) or None)
