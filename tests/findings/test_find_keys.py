"""`manage.py find-keys`: ids of keys in files, in a history, in reports; what is kept of them, and that no secret is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from collectors.models import AccessKey, Account
from findings.engine import judge_account
from findings.management.key_ids import Found
from findings.management.key_ids.files import Files, in_file
from findings.management.key_ids.history import HistoryError, in_history, parsed
from findings.management.key_ids.reports import Report
from findings.models import Finding, JudgementRequest, KeySighting
from manage import words
from tests.conftest import AS_OF, db_role

CHECKOUT = Path(__file__).resolve().parents[2]

ONE, TWO, TEMPORARY = "AKIAQQQQQQQQQQQQQQQ1", "AKIAQQQQQQQQQQQQQQQ2", "ASIAQQQQQQQQQQQQQQQ3"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEZ"
ENV = f"export AWS_ACCESS_KEY_ID={ONE}\nexport AWS_SECRET_ACCESS_KEY={SECRET}\n"


def scan(root: Path) -> list[tuple[str, str, int]]:
    return [(one.key_id, one.path, one.line) for one in Files(root)]


@pytest.mark.parametrize(
    "text",
    ["", "AKIA", f"x{ONE[:-1]}", f"X{ONE}", f"{ONE}X", ONE.lower(), "AKIAIOSFODNN7EXAMPLE", f"AROA{ONE[4:]}"],
)
def test_what_is_no_key_id(tmp_path: Path, text: str) -> None:
    (tmp_path / "a").write_text(f"id {text}\n")
    assert scan(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (ENV.encode(), [1]),
        (f"\r\n\r\n'{ONE}'".encode(), [3]),
        (ONE.encode(), [1]),
        (ENV.encode("utf-16"), [1]),
        (b"\x7fELF\0" + ONE.encode() + b"\0\xff", [1]),
        (f"{ONE},{ONE}\n{ONE}".encode(), [1, 1, 2]),
    ],
)
def test_where_an_id_stands(tmp_path: Path, text: bytes, lines: list[int]) -> None:
    (tmp_path / "a").write_bytes(text)
    assert scan(tmp_path) == [(ONE, "a", line) for line in lines]
    assert scan(tmp_path / "a") == [(ONE, "a", line) for line in lines]


@pytest.mark.parametrize("before", range(70))
def test_an_id_is_seen_once_wherever_a_reading_ends(before: int) -> None:
    text = b"\n" * before + f"{ONE}\n{ONE}\n".encode()
    assert list(in_file(BytesIO(text), 64)) == [(before + 1, ONE), (before + 2, ONE)]
    assert list(in_file(BytesIO(b"A" * (before + 1) + text.lstrip() + ONE.encode()), 64))[:1] == [(2, ONE)]


def test_what_is_no_file_of_the_folder_is_passed_over(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    outside.write_text(ENV)
    (root / ".git").mkdir(parents=True)
    (root / ".git" / "config").write_text(ENV)
    (root / "link").symlink_to(outside)
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "pipe")
    (root / "deploy").mkdir()
    (root / "deploy" / "env.sh").write_text(ENV)
    assert scan(root) == [(ONE, "deploy/env.sh", 1)]


def git(repository: Path, *words: str) -> None:
    named = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_DATE": "2026-01-01T00:00Z",
        "GIT_COMMITTER_DATE": "2026-01-01T00:00Z",
    }
    by = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *by, *words], cwd=repository, check=True, capture_output=True, env={**os.environ, **named})


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An id that was taken out again, one on another branch, and lines that look like headers of a patch."""
    root = tmp_path_factory.mktemp("shop")
    git(root, "init", "-q", "-b", "main")
    (root / "über sicht.env").write_text(f"# settings\n{ENV}")
    git(root, "add", ".")
    git(root, "commit", "-qm", f"not in a message: {TWO}")
    (root / "über sicht.env").write_text("++ b/other\n@@ -1 +1 @@\n# none\n")
    git(root, "commit", "-qam", "clean up")
    git(root, "checkout", "-qb", "side")
    (root / "job.bin").write_bytes(b"\0\1\n" + TWO.encode() + b"\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "side")
    git(root, "checkout", "-q", "main")
    return root


def test_a_history_keeps_what_was_taken_out(repository: Path) -> None:
    assert scan(repository) == []
    first, second = in_history(repository)
    assert (first.key_id, first.path, first.line, first.source) == (ONE, "über sicht.env", 2, "git history")
    assert (second.key_id, second.path, second.line) == (TWO, "job.bin", 2)
    assert len(first.commit) == 40
    assert first.commit != second.commit


def test_nothing_of_a_repository_s_own_configuration_is_run(repository: Path, tmp_path: Path) -> None:
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    spy.chmod(0o755)
    names = ("diff.external", "core.fsmonitor", "gpg.program", "diff.all.textconv", "core.pager", "core.sshCommand")
    for name in names:
        git(repository, "config", name, str(spy))
    git(repository, "config", "log.showSignature", "true")
    (repository / ".git" / "info").mkdir(exist_ok=True)
    (repository / ".git" / "info" / "attributes").write_text("* diff=all\n")
    assert len(list(in_history(repository))) == 2
    assert not (tmp_path / "ran").exists()


def test_a_line_that_looks_like_a_header_is_a_line() -> None:
    patch = f"\0c1\n\n+++ b/real\n@@ -1,2 +4,3 @@\n--- a/x\n-@@ -1 +1 @@\n+++ b/fake\n+@@ -1 +9 @@\n+{ONE}\n".encode()
    assert list(parsed(patch.splitlines(keepends=True))) == [Found(ONE, "git history", "real", 6, "c1")]


def test_what_is_no_repository_says_so(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="not a git repository"):
        list(in_history(tmp_path))


GITLEAKS = {
    "RuleID": "aws-access-token", "File": "deploy/env.sh", "StartLine": 3, "Commit": "c1", "Secret": ONE, "Match": f"ID={ONE}",
}  # fmt: skip
PLACE = {"commit": "c2", "file": "a.env", "repository": "https://git.example/shop.git", "line": 4}
TRUFFLEHOG = {
    "SourceMetadata": {"Data": {"Git": PLACE}},
    "DetectorName": "AWS", "Raw": ONE, "RawV2": f"{ONE}:{SECRET}", "Verified": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected", "bad"),
    [
        ("", [], 0),
        ("[]", [], 0),
        ('{"a": 1}\nno json\n[1]\n"x"\n', [], 3),
        ("[" * 100_000, None, 0),
        ('{"a":' * 100_000, [], 1),
        (json.dumps([GITLEAKS]), [Found(ONE, "gitleaks", "deploy/env.sh", 3, "c1")], 0),
        ("\ufeff" + json.dumps(GITLEAKS), [Found(ONE, "gitleaks", "deploy/env.sh", 3, "c1")], 0),
        (json.dumps(TRUFFLEHOG) + "\n\n", [Found(ONE, "trufflehog", "a.env", 4, "c2", "shop")], 0),
        (json.dumps([{"File": 7, "StartLine": "3", "x": [{"y": ONE}]}]), [Found(ONE, "report", "")], 0),
        (json.dumps([{"line": -1, "s": f"{ONE} {TWO}"}]), [Found(ONE, "report", ""), Found(TWO, "report", "")], 0),
        (json.dumps({"line": 1 << 70, "s": f"\ud800{ONE}"}), [Found(ONE, "report", "")], 0),
    ],
)
def test_reports(tmp_path: Path, text: str, expected: list[Found] | None, bad: int) -> None:
    (tmp_path / "r").write_text(text)
    report = Report(tmp_path / "r")
    if expected is None:
        with pytest.raises(Exception, match="It is no JSON"):
            list(report)
        return
    assert list(report) == expected
    assert report.bad == bad


def key(account: Account, unique_id: str, **more: Any) -> AccessKey:
    arn = f"arn:aws:iam::{account.aws_id}:user/ci"
    data = {
        "unique_id": unique_id,
        "user_name": "ci",
        "user_arn": arn,
        "active": True,
        "created_at": AS_OF.isoformat(),
        **more,
    }
    return AccessKey.objects.create(
        account=account, unique_id=unique_id, user_name="ci", user_arn=arn, active=data["active"], created_at=AS_OF,
        digest="d", data_digest="d", seen_from=AS_OF, data=data,
    )  # fmt: skip


def run(*words: Any, **options: Any) -> str:
    out = StringIO()
    with db_role("iamdash_worker"):
        call_command("find_keys", *map(str, words), stdout=out, stderr=out, **options)
    return out.getvalue()


def test_sightings_are_kept_and_become_findings(account: Account, repository: Path, tmp_path: Path) -> None:
    key(account, ONE)
    key(account, TWO, active=False)
    (tmp_path / "r.jsonl").write_text(json.dumps(TRUFFLEHOG))
    said = run(repository, "--git-history", "--report", tmp_path / "r.jsonl", "--name", "web shop")
    assert f"{ONE}  active, of ci in payments-prod (000000000001)" in said
    assert f"{TWO}  inactive, of ci in payments-prod (000000000001)" in said
    rows = KeySighting.objects.order_by("key_id", "source").values_list("key_id", "source", "place", "path", "line")
    assert list(rows) == [
        (ONE, "git history", "web shop", "über sicht.env", 2),
        (ONE, "trufflehog", "shop", "a.env", 4),
        (TWO, "git history", "web shop", "job.bin", 2),
    ]
    assert JudgementRequest.objects.filter(account=account).exists()
    judge_account(account.pk, AS_OF)
    found = dict(Finding.objects.filter(code="KY116").values_list("subject_id", "severity"))
    assert found == {ONE: 5, TWO: 4}


def test_a_second_run_keeps_nothing_twice_and_a_dry_one_nothing(account: Account, tmp_path: Path) -> None:
    key(account, ONE)
    (tmp_path / "a").write_text(ENV)
    assert "nothing kept" in run(tmp_path, "--dry-run")
    assert not KeySighting.objects.exists()
    assert "1 places are new" in run(tmp_path)
    asked = JudgementRequest.objects.count()
    assert "0 places are new" in run(tmp_path)
    assert (KeySighting.objects.count(), JudgementRequest.objects.count()) == (1, asked)


def test_ids_of_nobody_are_told_and_not_kept(account: Account, tmp_path: Path) -> None:
    (tmp_path / "a").write_text(f"{TWO} {TEMPORARY}\n")
    said = run(tmp_path)
    assert (
        f"{TWO}  of no account that was collected; `aws sts get-access-key-info --access-key-id {TWO}` tells whose"
        in said
    )
    assert f"{TEMPORARY}  temporary: it ended by itself" in said
    assert "0 keys of connected accounts, 2 other ids" in said
    assert not KeySighting.objects.exists()


def test_the_secret_beside_an_id_is_nowhere(account: Account, tmp_path: Path) -> None:
    key(account, ONE)
    (tmp_path / "a").write_text(ENV + f"{ONE}:{SECRET}\n")
    (tmp_path / "r.json").write_text(json.dumps([TRUFFLEHOG]))
    said = run(tmp_path, "--report", tmp_path / "r.json")
    judge_account(account.pk, AS_OF)
    everywhere = f"{said}{list(KeySighting.objects.values())}{list(Finding.objects.values())}"
    assert SECRET[:8] not in everywhere


def test_many_sightings_and_odd_names_are_bounded_and_fit_the_database(account: Account, tmp_path: Path) -> None:
    key(account, ONE)
    (tmp_path / "many").write_text(f"{ONE}\n" * 500)
    odd = os.fsencode(tmp_path) + b"/\xff\x1b[31m" + b"n" * 200
    Path(os.fsdecode(odd)).write_text(ENV)
    said = run(tmp_path)
    assert "and 496 places more" in said
    assert "\x1b" not in said
    assert KeySighting.objects.count() == 100


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Name a folder"),
        (("/nowhere/at/all",), "does not exist"),
        (("--report", "/nowhere/at/all"), "cannot be read"),
    ],
)
def test_what_cannot_be_done_says_why(db: None, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        run(*words)


def test_the_command_goes_by_the_name_of_the_documents() -> None:
    assert words(["find-keys", "--git-history", "a-b"]) == ["find_keys", "--git-history", "a-b"]
    assert words(["--version"]) == ["--version"]
    assert words([]) == []


def test_without_a_database_it_says_what_is_missing(tmp_path: Path) -> None:
    away = {
        **os.environ,
        "DATABASE_URL": "postgresql://iamdash@127.0.0.1:1/iamdash",
        "IAMDASH_STATE": str(tmp_path / "no"),
    }
    (tmp_path / "code.py").write_text("nothing")
    asked = [sys.executable, "manage.py", "find-keys", str(tmp_path / "code.py")]
    done = subprocess.run(asked, cwd=CHECKOUT, capture_output=True, text=True, env=away, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "database, which knows the connected accounts, does not answer" in done.stderr
