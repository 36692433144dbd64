from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from findings.analysis.activity import event_actions
from findings.analysis.activity.event_actions import actions_of


def operation(name: str, *actions: str) -> dict[str, object]:
    return {
        "Name": name,
        "AuthorizedActions": [dict(zip(("Service", "Name"), a.split(":"), strict=True)) for a in actions],
        "SDK": [{"Name": "ec2", "Method": "x", "Package": "Boto3"}],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    told = [
        operation("RunInstances", "ec2:RunInstances", "iam:PassRole"),
        operation("NewCall", "ec2:DescribeHosts", "kms:Decrypt"),
        operation("DescribeHosts", "ec2:DescribeInstances"),
        {"Name": "NotMappedYet"},
    ]
    (tmp_path / "ec2.json").write_text(
        json.dumps({"Name": "ec2", "Actions": [], "Operations": told, "Version": "v1.4"})
    )
    return tmp_path


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the command writes, instead of into the package."""
    path = tmp_path / "kept" / "service_reference.json"
    path.parent.mkdir()
    path.write_text('{"source": "none", "events": {}}')
    monkeypatch.setattr(event_actions, "REFERENCE", path)
    clear()
    yield path
    monkeypatch.undo()
    clear()


def clear() -> None:
    event_actions.reference.cache_clear()
    event_actions.actions_of.cache_clear()


def told(folder: Path, *options: str) -> list[str]:
    out = StringIO()
    call_command("event_actions", folder, *options, stdout=out)
    return out.getvalue().splitlines()


def test_it_tells_what_aws_knows_more_or_otherwise_and_writes_nothing_unasked(folder: Path, kept: Path) -> None:
    before = kept.read_text()
    assert told(folder) == [
        "ec2:NewCall: ec2:DescribeHosts",
        "differs: ec2:DescribeHosts is ec2:DescribeHosts here, and ec2:describeinstances to AWS",
        "1 services; 1 operations are known to them only",
    ]
    assert kept.read_text() == before
    assert actions_of("ec2.amazonaws.com", "NewCall") is None


def test_what_is_written_is_used_and_a_second_run_writes_the_same(folder: Path, kept: Path) -> None:
    told(folder, "--write")
    first = kept.read_text()
    assert actions_of("ec2.amazonaws.com", "NewCall") == ("ec2:DescribeHosts",)
    assert actions_of("ec2.amazonaws.com", "DescribeHosts") == ("ec2:DescribeHosts",)
    told(folder, "--write")
    assert kept.read_text() == first


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"holds no \.json"):
        told(tmp_path)
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(CommandError, match=r"x\.json is no service reference file"):
        told(tmp_path)
