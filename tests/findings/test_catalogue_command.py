"""`manage.py catalogue`: the file that every process reads, who may write it, and the names that our own code holds."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from findings.analysis.facts import Settings
from findings.analysis.questions import OF_TARGET_BOUNDARY
from findings.management import own_actions
from findings.policy import catalogue_file
from findings.policy.catalogue import Catalogue, catalogue
from findings.policy.catalogue_contents import Contents
from findings.policy.evaluate import NEEDS_NO_PERMISSION
from findings.policy.keys import OF_ACTIONS

C = catalogue()
CONTENTS = catalogue_file.load()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The user's folder, in an installation that cannot be written."""
    nobodys = tmp_path / "installed"
    nobodys.write_text("a file, so that nothing can be made below it")
    monkeypatch.setattr(catalogue_file, "installed_folder", lambda: nobodys)
    monkeypatch.setenv("IAMDASH_CACHE", str(tmp_path / "cache"))
    for user in ("findings.management.commands.catalogue", "findings.policy.catalogue_file"):
        monkeypatch.setattr(f"{user}.build", lambda: CONTENTS)  # takes a second or two
    return tmp_path / "cache"


def run(**options: bool) -> str:
    out = StringIO()
    call_command("catalogue", stdout=out, **options)
    return out.getvalue()


# -- the file


def test_it_is_written_and_read(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = run()
    (file,) = cache.iterdir()
    assert f"written to {file}" in said
    assert f"{len(C.names)} actions of {len(C.services)} services" in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    monkeypatch.setattr(catalogue_file, "build", lambda: pytest.fail("the file is there"))
    assert catalogue_file.load() == CONTENTS


def test_the_installation_is_preferred_and_what_is_old_goes(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = cache.parent / "share"
    monkeypatch.setattr(catalogue_file, "installed_folder", lambda: installed)
    installed.mkdir()
    (installed / "catalogue-old.msgpack").write_bytes(b"")
    assert f"written to {installed}" in run()
    assert len(list(installed.iterdir())) == 1
    assert not cache.exists()


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757])
def test_a_folder_that_others_may_write_is_refused(cache: Path, mode: int) -> None:
    cache.mkdir()
    cache.chmod(mode)
    with pytest.raises(CommandError, match="others than the owner of this installation may write here"):
        run()
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("mode", [0o666, 0o664])
def test_a_file_that_others_may_write_is_not_believed(cache: Path, mode: int) -> None:
    run()
    (file,) = cache.iterdir()
    file.chmod(mode)
    with pytest.raises(PermissionError):
        catalogue_file.read(cache)
    assert catalogue_file.load() == CONTENTS  # made anew from the packages


def test_neither_is_a_link_or_another_version(cache: Path, tmp_path: Path) -> None:
    run()
    (file,) = cache.iterdir()
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        catalogue_file.read(cache)
    file.unlink()
    file.write_bytes(
        (tmp_path / "elsewhere").read_bytes().replace(CONTENTS.version.encode(), b"x" * len(CONTENTS.version))
    )
    with pytest.raises(ValueError, match="differ"):
        catalogue_file.read(cache)


def test_a_broken_file_is_replaced(cache: Path) -> None:
    run()
    (file,) = cache.iterdir()
    file.write_bytes(b"\x93")
    assert catalogue_file.load() == CONTENTS
    assert catalogue_file.read(cache) == CONTENTS


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused(cache: Path) -> None:
    cache.mkdir()
    os.chown(cache, 65534, 65534)
    with pytest.raises(CommandError, match="may write here"):
        run()


# -- our own names


def test_all_actions_that_our_code_names_are_there() -> None:
    assert own_actions.left(C) == []


def without(*actions: str) -> Catalogue:
    """As if AWS had renamed them."""
    names = CONTENTS.names.split("\n")
    gone = {name.lower() for name in actions}
    names = [f"{name}Gone" if name.lower() in gone else name for name in names]
    renamed = {name: getattr(CONTENTS, name) for name in CONTENTS.__struct_fields__}
    return Catalogue(Contents(**{**renamed, "names": "\n".join(names)}))


@pytest.mark.parametrize(
    ("action", "where"),
    [
        ("iam:PassRole", "findings.analysis.escalation"),
        ("iam:AttachRolePolicy", "findings.analysis.admin"),
        ("bedrock-agentcore:InvokeCodeInterpreter", "findings.analysis.escalation.paths.learning"),
        ("kms:Decrypt", "findings.rules.least_privilege.data_read_everywhere"),
        ("iam:GetAccountAuthorizationDetails", "collectors.sources"),
        ("sts:GetCallerIdentity", "findings.policy.evaluate"),
        ("s3:GetObject", "findings.rules.least_privilege.data_read_everywhere"),
    ],
)
def test_one_that_left_is_told_with_its_place(action: str, where: str) -> None:
    told = own_actions.left(without(action))
    assert any(one.startswith(f"{action} ({where}") for one in told), told


def test_the_command_fails_loudly_and_keeps_no_file(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = without("iam:PassRole")
    monkeypatch.setattr("findings.management.commands.catalogue.Catalogue", lambda contents: gone)
    with pytest.raises(CommandError, match=r"does not have: .*iam:PassRole \(findings\.analysis\.escalation"):
        run()
    assert not cache.exists()
    monkeypatch.setattr("findings.management.commands.catalogue.catalogue", lambda: gone)
    with pytest.raises(CommandError, match="correct the table"):
        run(check=True)


def test_check_writes_nothing(cache: Path) -> None:
    assert "has all" in run(check=True)
    assert not cache.exists()


def test_names_in_lower_case_and_services_are_there_too() -> None:
    of_keys = [action for actions in OF_ACTIONS.values() for action in actions]
    assert C.check([*OF_TARGET_BOUNDARY, *NEEDS_NO_PERMISSION, *of_keys]) == []
    assert C.services.keys() >= Settings().sensitive_services.keys()
