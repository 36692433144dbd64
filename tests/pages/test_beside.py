"""Two texts beside each other, and services by how long ago they were used."""

from __future__ import annotations

from datetime import timedelta

import pytest

from findings.analysis.usage import ADVISOR, Seen
from iamdash.pages.bands import bands
from iamdash.pages.beside import Line, beside, difference
from iamdash.pages.matrix import Row, Shown
from tests.builders import AS_OF


@pytest.mark.parametrize(
    ("before", "after", "states"),
    [
        ("", "", ""),
        ("a\nb", "a\nb", ""),
        ("a\nb\nc", "a\nx\nc", "same changed same"),
        ("a\nb", "a", "same gone"),
        ("a", "a\nb", "same added"),
        ("", "a\nb", "added added"),
        ("a\nb\nc", "x\nc", "changed gone same"),
        ("-- a\n-- b", "++ a", "changed gone"),
        ("\n".join("abcdefghijklm"), "\n".join("Abcdefghijklm"), "changed same same same"),
        ("\n".join("abcdefghijkl"), "\n".join("AbcdefghijkL"), "changed same same same skip same same same changed"),
    ],
)
def test_difference(before: str, after: str, states: str) -> None:
    assert " ".join(line.state for line in difference(before, after).lines) == states


def test_lines_stand_beside_those_they_replace() -> None:
    found = beside(["--- old", "+++ new", "@@ -1,2 +1,3 @@", " {", "-a", "-b", "+x", "+y", "+z", "-c"])
    assert found.lines == (
        Line("same", "{", "{"),
        Line("changed", "a", "x"),
        Line("changed", "b", "y"),
        Line("added", None, "z"),
        Line("gone", "c", None),
    )
    assert (found.gone, found.added) == (3, 3)


def row(service: str, days: float | None, *, effective: int = 1) -> Row:
    """days: None: not used while it was watched; below 0: nobody tells."""
    at = None if days is None else AS_OF - timedelta(days=days)
    seen = None if days is not None and days < 0 else Seen(at, ADVISOR)
    return Row(service, service, (Shown(1, effective),), seen)


def test_services_by_band() -> None:
    rows = [
        row("iam", 30), row("s3", 2), row("ec2", 31), row("sqs", 90), row("sns", 91), row("kms", None), row("ses", -1),
        row("blocked", 1, effective=0),
    ]  # fmt: skip
    found = {band.title: [one.service for one in band.rows] for band in bands(rows, AS_OF)}
    assert found == {
        "Within 30 days": ["s3", "iam"],
        "31 to 90 days ago": ["ec2", "sqs"],
        "More than 90 days ago": ["sns"],
        "Never": ["kms"],
        "No data": ["ses"],
    }
