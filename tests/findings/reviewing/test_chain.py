"""A file that was altered in any way is told from one that was not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from findings.analysis.reviewing import chain

KEY = chain.key_of("the secret of this installation")
PUBLIC = chain.public_of(KEY)
OTHER = chain.key_of("of another")
EVIDENCE = {"who": "\u202eann", "n": 3}
BODIES = [
    {"type": "review", "name": "Autumn", "whole": True},
    {"type": "item", "name": "app", "evidence": EVIDENCE, "frozen": chain.digest(EVIDENCE), "decision": "keep"},
    {"type": "item", "name": "other", "evidence": {}, "frozen": chain.digest({}), "decision": "revoke"},
]


def exported(key: Any = KEY, bodies: Any = BODIES) -> list[str]:
    return list(chain.lines(bodies, key))


def changed(n: int, change: Callable[[Any], Any]) -> Callable[[list[str]], list[str]]:
    def alter(lines: list[str]) -> list[str]:
        told = json.loads(lines[n])
        change(told)
        return [*lines[:n], json.dumps(told) + "\n", *lines[n + 1 :]]

    return alter


def test_what_was_exported_is_good() -> None:
    found = chain.verify(exported(), PUBLIC)
    assert (found.problems, found.lines, found.signed_by, found.header["name"]) == ((), 4, PUBLIC, "Autumn")
    assert chain.verify(exported(bodies=[]), PUBLIC).problems == ()
    spaced = [json.dumps(json.loads(line), indent=None, separators=(" , ", " : ")) for line in exported()]
    assert chain.verify(spaced, PUBLIC).problems == ()  # blanks and the order of keys say nothing


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (changed(1, lambda t: t["body"].update(decision="revoke")), "Line 1 (item app) was altered"),
        (changed(1, lambda t: t["body"]["evidence"].update(n=4)), "the evidence is not what was frozen"),
        (changed(0, lambda t: t["body"].update(name="Spring")), "Line 0 (review Spring) was altered"),
        (changed(1, lambda t: t.update(hash="0" * 64)), "Line 1 (item app) was altered"),
        (changed(3, lambda t: t["body"].update(lines=9)), "The end counts 9 lines"),
        (changed(3, lambda t: t.update(signature="00" * 64)), "The signature is not of the trusted key"),
        (changed(3, lambda t: t.pop("signature")), "The signature is not of the trusted key"),
        (changed(1, lambda t: t.update(n="1")), "Line 1 cannot be read."),
        (changed(1, lambda t: t.update(n=7)), "Lines 1 to 6 are missing."),
        (lambda lines: [lines[0], *lines[2:]], "Line 1 is missing."),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], "Line 1 is missing."),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], "Line 1 stands where line 2 is expected."),
        (lambda lines: lines[:-1], "The end with the signature is missing."),
        (lambda lines: [], "The end with the signature is missing."),
        (lambda lines: [*lines, lines[1]], "Line 1 comes after the end."),
        (lambda lines: ["not JSON\n", *lines[1:]], "Line 0 cannot be read."),
        (changed(1, lambda t: t.update(note="x")), "Line 1 cannot be read."),
        (
            lambda lines: [line.replace('"keep"', '"revoke","decision":"keep"') for line in lines],
            "Line 1 cannot be read.",
        ),
        (lambda lines: ["[" * 100_000, *lines[1:]], "Line 0 cannot be read."),
        (lambda lines: exported(OTHER), f"the file names the key {chain.public_of(OTHER)}"),
        (lambda lines: exported(KEY, [*BODIES[:2], *BODIES[:1]])[:-1] + lines[-1:], "Line 3 was altered"),
    ],
)
def test_what_was_altered_is_named(alter: Callable[[list[str]], list[str]], said: str) -> None:
    problems = chain.verify(alter(exported()), PUBLIC).problems
    assert any(said in problem for problem in problems), problems


def test_who_makes_the_chain_anew_lacks_the_key() -> None:
    forged = exported(OTHER, [BODIES[0]])
    forged[-1] = forged[-1].replace(chain.public_of(OTHER), PUBLIC)
    assert any("signature" in problem for problem in chain.verify(forged, PUBLIC).problems)


def test_a_key_is_of_its_secret_and_its_purpose() -> None:
    assert chain.public_of(chain.key_of("the secret of this installation")) == PUBLIC
    assert chain.public_of(OTHER) != PUBLIC


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "review.jsonl"
    file.write_text("".join(exported()))
    call_command("verify_review", str(file), "--key", PUBLIC)
    assert capsys.readouterr().out.startswith(f"Nothing was altered in 4 lines, signed by {PUBLIC}.\nAutumn: ")


@pytest.mark.parametrize(("n", "words"), [(1, "1 account ("), (2, "2 accounts (")])
def test_the_command_counts_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str], n: int, words: str) -> None:
    file = tmp_path / "review.jsonl"
    file.write_text("".join(exported(bodies=[BODIES[0] | {"accounts": n}, *BODIES[1:]])))
    call_command("verify_review", str(file), "--key", PUBLIC)
    assert f"Autumn: {words}" in capsys.readouterr().out


def test_the_command_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "review.jsonl"
    file.write_text("".join(exported()))
    with pytest.raises(CommandError, match="not of the trusted key"):
        call_command("verify_review", str(file))
    file.write_text("".join(exported()).replace("keep", "\x1bkeep"))
    with pytest.raises(CommandError, match="This is not what was exported:\nLine 1") as told:
        call_command("verify_review", str(file), "--key", PUBLIC)
    assert "\x1b" not in str(told.value)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("verify_review", str(tmp_path / "none"))
    call_command("verify_review", "--print-key")
    assert len(capsys.readouterr().out.strip()) == 64


def test_an_auditor_verifies_without_a_secret_and_without_a_database(tmp_path: Path) -> None:
    file = tmp_path / "review.jsonl"
    file.write_text("".join(exported()))

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", "verify_review", str(file), "--key", PUBLIC]
        environment = {"PATH": "/usr/bin:/bin", "IAMDASH_STATE": str(tmp_path / "none")}
        return subprocess.run(
            command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
        )

    good = run()
    assert (good.returncode, good.stdout.splitlines()[0]) == (0, f"Nothing was altered in 4 lines, signed by {PUBLIC}.")
    file.write_text("".join(exported()).replace("keep", "kept"))
    bad = run()
    assert (bad.returncode, bad.stdout) == (1, "")
    assert "This is not what was exported" in bad.stderr
