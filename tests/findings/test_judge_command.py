"""`manage.py judge`: the same verdicts as a live collection, its output and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from collectors import runner, schedule
from collectors.models import Account, Job, Run
from collectors.models.job import JUDGE
from collectors.models.snapshot import read_snapshot
from findings.analysis.facts import Facts
from findings.rules.judgement import judge_facts
from tests.collectors.bundles import GAAD, details, make, role
from tests.collectors.conftest import connected  # noqa: F401 - a fixture
from tests.conftest import AS_OF

CHECKOUT = Path(__file__).resolve().parents[2]
DAY = "2026-11-24"
USER = {
    "Path": "/",
    "UserName": "alice",
    "UserId": "AIDA00000000000000001",
    "Arn": "arn:aws:iam::000000000001:user/alice",
    "CreateDate": "2020-01-01T00:00:00Z",
}


def judge(*paths: Path, as_of: str = DAY, **options: Any) -> tuple[list[dict[str, Any]], str, int]:
    """Lines, what was said on stderr, exit code."""
    out, err, code = StringIO(), StringIO(), 0
    try:
        call_command("judge", *map(str, paths), f"--as-of={as_of}", format="json", stdout=out, stderr=err, **options)
    except CommandError as error:
        code = error.returncode
    except SystemExit as left:
        code = int(left.code or 0)
    return [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue(), code


def test_a_bundle_of_roles_and_users_alone_tells_what_it_can(tmp_path: Path) -> None:
    lines, _, code = judge(make(tmp_path / "b", {GAAD: details(role(), UserDetailList=[USER])}), as_of=DAY)
    assert code == 0
    assert {"role"} <= {x["subject"]["type"] for x in lines if x["status"] == "open"}
    (unused,) = [x for x in lines if x["slug"] == "unused-role"]
    assert (unused["status"], unused["subject"]["id"], unused["account"]) == (
        "open",
        "AROAAPP00000000000000",
        "000000000001",
    )
    unknown = {x["slug"]: x["reason"] for x in lines if x["status"] == "unknown"}
    for slug in ("console-user-without-mfa", "root-access-key", "never-used-key"):
        assert "iam.get-credential-report.json is not in the bundle" in unknown[slug], slug
    assert not [x for x in lines if x["status"] == "clear"]
    assert [x for x in judge(tmp_path / "b", include=["clear"])[0] if x["status"] == "clear"]


def test_exit_codes(tmp_path: Path) -> None:
    bundle = make(tmp_path / "b", {GAAD: details(role())})
    assert judge(bundle)[2] == 0
    assert judge(bundle, fail_on="low")[2] == 1
    assert judge(bundle, fail_on="critical")[2] == 0
    assert judge(bundle, fail_on_unknown=True)[2] == 1
    lines, said, code = judge(tmp_path / "none", bundle)
    assert (code, "is not there" in said, bool(lines)) == (0, True, True)
    assert judge(tmp_path / "none")[2] == 2
    assert judge(make(tmp_path / "broken", {GAAD: "{"}))[2] == 2


def test_settings_of_the_bundle(tmp_path: Path) -> None:
    used = role(RoleLastUsed={"LastUsedDate": "2026-08-01T00:00:00Z"})
    settings = {"unused_days": 200, "rotation_days": "many", "credential_days": -1, "colour": 1}
    bundle = make(tmp_path / "b", {GAAD: details(used), "settings.json": settings})
    lines, said, _ = judge(bundle, as_of=DAY)
    assert not [x for x in lines if x["slug"] == "unused-role" and x["status"] == "open"]
    for text in ("'colour' is no setting", "rotation_days was passed over", "credential_days was passed over"):
        assert text in said


def test_the_table_lets_no_name_steer_the_terminal(tmp_path: Path) -> None:
    out = StringIO()
    bundle = make(tmp_path / "b", {GAAD: details(role("app", RoleName="\x1b[31mred"))})
    call_command("judge", str(bundle), stdout=out, stderr=StringIO())
    assert "\x1b" not in out.getvalue()
    assert "unused-role" in out.getvalue()


@pytest.mark.django_db
def test_a_recorded_bundle_is_judged_as_the_live_collection(connected: list[Account], tmp_path: Path) -> None:  # noqa: F811
    account = connected[0]
    call_command("record", account.aws_id, to=tmp_path / "b", stdout=StringIO())
    schedule.start(account, Run.Reason.REQUEST, "test")
    for job in Job.objects.filter(account=account).exclude(source=JUDGE):
        runner.collect(job.pk)
    live = judge_facts(Facts(read_snapshot(account, AS_OF))).verdicts
    lines, said, _ = judge(tmp_path / "b", include=["clear"], as_of=DAY)
    expected = {(v.rule.code, v.subject.id, v.part, v.status.value, v.severity.slug) for v in live}
    found = {(x["rule"], x["subject"]["id"], x["part"], x["status"], x["severity"]) for x in lines}
    assert said == ""
    assert sorted(found - expected)[:9] == []
    assert sorted(expected - found)[:9] == []
    assert len(found) > 50


def alone(*arguments: str, given: str = "") -> list[dict[str, Any]]:
    """What a process of its own prints, where neither a database nor a setting of an installation stands for anything."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/nowhere",
        "DATABASE_URL": "nonsense",
        "IAMDASH_COLLECT_EVERY_HOURS": "x",
    }
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(
        command, cwd=CHECKOUT, env=environment, input=given, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_process_of_its_own_needs_no_installation_and_says_the_same(tmp_path: Path) -> None:
    bundle = make(tmp_path / "b", {GAAD: details(role(), UserDetailList=[USER])})
    expected, _, _ = judge(bundle)
    assert alone("judge", str(bundle), f"--as-of={DAY}", "--format", "json") == expected
    (one,) = [x["subject"]["arn"] for x in expected if x["slug"] == "unused-role"]
    asked = json.dumps({"principal": one, "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"})
    (answer,) = alone("simulate", "--bundle", str(bundle), given=asked)
    assert answer["decision"] in ("denied", "allowed", "conditional")


def test_a_reader_that_has_seen_enough_gets_no_traceback(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    account = {"AccountId": "000000000001", "CollectedAt": "2026-11-01T00:00:00Z"}
    (folder / "account.json").write_text(json.dumps(account))
    (folder / "iam.get-account-summary.json").write_text(json.dumps({"SummaryMap": {"AccountMFAEnabled": 0}}))
    command = [sys.executable, "manage.py", "judge", str(folder), "--format", "json"]
    running = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    complaints = running.stderr.read()
    running.stderr.close()
    running.wait(60)
    assert "Traceback" not in complaints
