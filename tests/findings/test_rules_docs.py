from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command


def test_docs_are_those_of_the_rules() -> None:
    call_command("rules_docs", "--check")


def test_writes_then_finds_drift(tmp_path: Path) -> None:
    call_command("rules_docs", folder=tmp_path, verbosity=0)
    call_command("rules_docs", "--check", folder=tmp_path)
    (tmp_path / "KY102-key-not-rotated.md").write_text("edited")
    (tmp_path / "KY000-old.md").write_text("of a rule that went")
    (tmp_path / "LP101-unused-role.md").unlink()
    with pytest.raises(CommandError, match=r"KY000-old\.md, KY102-key-not-rotated\.md, LP101-unused-role\.md"):
        call_command("rules_docs", "--check", folder=tmp_path)
    call_command("rules_docs", folder=tmp_path, verbosity=0)
    call_command("rules_docs", "--check", folder=tmp_path)
    assert not (tmp_path / "KY000-old.md").exists()
