"""The main job as a newcomer starts it, on real processes: servers, lab, worker, judgement, summary."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

CHECKOUT = Path(__file__).resolve().parents[1]
OURS = ("AWS_", "IAMDASH_", "DATABASE_", "REDIS_")


def test_one_collection_prints_the_summary_and_leaves_nothing_running() -> None:
    with tempfile.TemporaryDirectory(prefix="iamdash-demo-") as folder:
        Path(folder).chmod(0o755)  # as root the servers run as nobody, who must be able to enter
        environment = {k: v for k, v in os.environ.items() if not k.startswith(OURS)} | {"IAMDASH_STATE": folder}
        done = subprocess.run(
            [sys.executable, "manage.py", "up", "--lab", "--once", "--lab-accounts", "3"],
            cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=180,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "3 connected, 3 collected" in done.stdout, done.stdout + done.stderr
        rows = {line.split("  ")[0]: line.split()[-6:] for line in done.stdout.splitlines()}
        assert sum(map(int, rows["all"][:5])) > 0
        assert "denied" not in done.stdout
        left = [p for p in psutil.process_iter(["cmdline"]) if folder in " ".join(p.info["cmdline"] or [])]
        assert left == []
