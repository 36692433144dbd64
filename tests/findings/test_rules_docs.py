from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command


def test_docs_are_those_of_the_rules() -> None:
    call_command("rules_docs", "--check")


def test_writes_then_finds_drift(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    call_command("rules_docs", folder=tmp_path, verbosity=0)
    call_command("rules_docs", "--check", folder=tmp_path)
    (tmp_path / "coverage.md").write_text("edited")
    (rules / "KY102-key-not-rotated.md").write_text("edited")
    (rules / "KY000-old.md").write_text("of a rule that went")
    (rules / "LP101-unused-role.md").unlink()
    stale = r"coverage\.md, rules/KY000-old\.md, rules/KY102-key-not-rotated\.md, rules/LP101-unused-role\.md"
    with pytest.raises(CommandError, match=stale):
        call_command("rules_docs", "--check", folder=tmp_path)
    call_command("rules_docs", folder=tmp_path, verbosity=0)
    call_command("rules_docs", "--check", folder=tmp_path)
    assert not (rules / "KY000-old.md").exists()
