"""Two judgements of one account, before and after a change: what it opens, closes, makes worse or makes unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from findings.rules.judgement import Identity, Judgement
from findings.vocabulary import Verdict


class Turn(StrEnum):
    OPENS = "opens"
    WORSENS = "worsens"
    UNKNOWN = "becomes unknown"
    CLOSES = "closes"


@dataclass(frozen=True, slots=True)
class Difference:
    """verdict: that of after; of what closes, that of before."""

    turn: Turn
    verdict: Verdict


def compare(before: Judgement, after: Judgement) -> Iterator[Difference]:
    """The worst first. A finding whose subject goes away closes; one that can no longer be judged becomes unknown."""
    for identity, verdict in _by_severity(after.opens):
        old = before.opens.get(identity)
        if old is None:
            yield Difference(Turn.OPENS, verdict)
        elif verdict.severity > old.severity:
            yield Difference(Turn.WORSENS, verdict)
    for identity, verdict in after.unknowns.items():
        if identity not in before.unknowns and not verdict.from_gap:
            yield Difference(Turn.UNKNOWN, verdict)
    for identity, verdict in _by_severity(before.opens):
        code, subject, _ = identity
        if identity not in after.opens and (code, subject, "") not in after.unknowns:
            yield Difference(Turn.CLOSES, verdict)


def _by_severity(opens: Mapping[Identity, Verdict]) -> list[tuple[Identity, Verdict]]:
    return sorted(opens.items(), key=lambda item: (-item[1].severity, item[0]))
