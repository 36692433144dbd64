"""CloudTrail's files in a bundle: judged from files, and loaded into the inventory once."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from collectors.aws.bundle import open_bundle
from collectors.models import Account, Coverage, TrailObject, TrailWatch, UsageLast
from collectors.models.snapshot import read_snapshot
from collectors.records import TRAIL
from collectors.replay import Replayed, replay
from tests.collectors.activity.events import ACCOUNT, OTHER, event, log, packed
from tests.collectors.bundles import GAAD, details, make, role, states

LAID = "cloudtrail/AWSLogs/000000000001/CloudTrail/eu-west-1/2026/11/20"
OWN = "000000000001_CloudTrail_eu-west-1_20261120T1000Z_abcdefghijklmnop.json.gz"
FILES: dict[str, bytes] = {
    f"{LAID}/{OWN}": packed(event(), event()),
    "cloudtrail/plain.json": log(event("GetRole", "iam"), event(recipientAccountId=OTHER)),
    "cloudtrail/CloudTrail-Digest/x.json.gz": b"junk",
}


def bundle(folder: Path, files: dict[str, Any], answers: dict[str, Any] | None = None) -> Path:
    folder.parent.mkdir(exist_ok=True)
    make(folder, {GAAD: details(role())} if answers is None else answers)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def read(path: Path) -> Replayed:
    return replay(open_bundle(path))


def test_without_the_folder_nobody_told_of_activity(tmp_path: Path) -> None:
    found = read(bundle(tmp_path / "b", {}))
    snapshot = found.snapshot()
    assert (snapshot.sessions, snapshot.event_uses, snapshot.activity_since) == ((), (), None)
    assert TRAIL not in states(found)


@pytest.mark.parametrize("form", ["folder", "zip", "wrapped"])
def test_files_are_read_as_they_lie(tmp_path: Path, form: str) -> None:
    path = bundle(tmp_path / "in" / "b", FILES) if form != "folder" else bundle(tmp_path / "b", FILES)
    if form != "folder":
        root = path if form == "zip" else path.parent
        path = Path(shutil.make_archive(str(tmp_path / "b"), "zip", root))
    found = read(path)
    snapshot = found.snapshot()
    assert (states(found)[TRAIL], found.complaints) == ("complete", ())
    assert [(use.name, use.n) for use in snapshot.event_uses] == [("DescribeInstances", 2), ("GetRole", 1)]
    assert snapshot.activity_since == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert {session.account_id for session in snapshot.sessions} == {ACCOUNT}


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_the_folder_alone_is_a_bundle(tmp_path: Path, form: str) -> None:
    path = bundle(tmp_path / "b", {"cloudtrail/plain.json": log(event(), event())}, {})
    found = read(path if form == "folder" else Path(shutil.make_archive(str(tmp_path / "z"), "zip", path)))
    assert (found.account_id, found.told, found.snapshot().event_uses[0].n) == (ACCOUNT, True, 2)


def test_what_cannot_be_read_is_named_and_the_rest_is_loaded(tmp_path: Path) -> None:
    found = read(
        bundle(tmp_path / "b", {**FILES, "cloudtrail/cut.json.gz": packed(event())[:-20], "cloudtrail/empty.json": b""})
    )
    assert states(found)[TRAIL] == "partial"
    assert found.snapshot().event_uses[0].n == 2
    assert "cut.json.gz was not read to its end: it is truncated. " in found.complaints[0]
    assert "empty.json was not read to its end: it is empty." in found.complaints[0]


def test_a_link_out_of_the_bundle_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_bytes(log(event()))
    path = bundle(tmp_path / "b", FILES)
    (path / "cloudtrail" / "link.json").symlink_to(secret)
    found = read(path)
    assert any("link.json is a link that leads out" in complaint for complaint in found.complaints)
    assert found.snapshot().event_uses[0].n == 2


@pytest.mark.django_db
def test_a_bundle_that_is_loaded_twice_counts_once(tmp_path: Path) -> None:
    files = {**FILES, "account.json": b'{"AccountId": "000000000001", "CollectedAt": "2026-11-21T00:00:00Z"}'}
    for name in ("b", "again"):
        call_command(
            "bundle", "load", str(bundle(tmp_path / name, files)), stdout=StringIO(), stderr=StringIO(), judge=True
        )
    account = Account.objects.get()
    assert sorted(UsageLast.objects.values_list("n", flat=True)) == [1, 2]
    assert TrailObject.objects.filter(key=OWN).count() == 1
    assert TrailObject.objects.count() == 3
    assert Coverage.objects.get(account=account, api=TRAIL).state == "complete"
    since = datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert TrailWatch.objects.get().since == since
    snapshot = read_snapshot(account, datetime(2026, 11, 24, tzinfo=UTC))
    assert (snapshot.activity_since, len(snapshot.event_uses)) == (since, 2)
