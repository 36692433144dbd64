"""The posture score: how much of what the rules ask for is known to be in order. Defined for readers in docs/operate/score.md.

A rule is worth points by its severity; the points of all rules are WHOLE. It loses a growing part of them for each subject at
fault, and for each that cannot be told; all of them where a source it needs was not read, or where an operator switched it off.
So nothing that is seen less raises the score, and nothing that is put right lowers it. A rule that finds nothing to judge loses
nothing: a clean role adds nothing, and takes nothing away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from math import log2
from typing import NamedTuple

from findings.analysis.facts import Settings
from findings.rules.judgement import Judgement
from findings.rules.registry import rules
from findings.vocabulary import Severity

POINT = 1_000  # stored scores are whole numbers of thousandths
WHOLE = 100 * POINT
WEIGHTS = {Severity.CRITICAL: 27, Severity.HIGH: 9, Severity.MEDIUM: 3, Severity.LOW: 1, Severity.INFO: 0}


class Fault(NamedTuple):
    """A subject at which a rule has unresolved findings. accepted: all of them."""

    code: str
    subject: str
    accepted: bool = False


class Lost(NamedTuple):
    """What a rule loses, in thousandths of a point: to open faults, to accepted ones or an operator who switched it off, and to
    what cannot be told."""

    open: int = 0
    decided: int = 0
    unknown: int = 0


@dataclass(frozen=True)
class Score:
    """Of one account. lost: by rule, without those that lose nothing. rules: how many count."""

    lost: Mapping[str, Lost]
    rules: int

    @cached_property
    def value(self) -> int:
        return max(0, WHOLE - sum(map(sum, self.lost.values())))

    @property
    def unknown(self) -> int:
        """How much higher the score would be if all that cannot be told were in order."""
        return sum(one.unknown for one in self.lost.values())

    @property
    def decided(self) -> int:
        """How much higher it would be if what operators accepted were in order."""
        return sum(one.decided for one in self.lost.values())


@cache
def worth() -> Mapping[str, int]:
    """Rule -> its points, in thousandths. Rules that only inform do not count, nor those that are off by default."""
    weights = {rule.code: WEIGHTS[rule.severity] for rule in rules() if rule.code not in Settings().off}
    total = sum(weights.values())
    return {code: round(WHOLE * weight / total) for code, weight in weights.items() if weight}


def share(subjects: int) -> float:
    """The part of its points that a rule loses: half for one subject, two thirds for 3, four fifths for 15, never all."""
    return 1 - 1 / (1 + log2(1 + subjects))


def score(judged: Judgement, faults: Iterable[Fault] | None = None) -> Score:
    """faults: what is stored as unresolved; None: what the judgement itself opens."""
    if faults is None:
        faults = [Fault(*one) for one in sorted(judged.open_subjects)]
    at_fault: defaultdict[str, dict[str, bool]] = defaultdict(dict)
    for fault in faults:
        at_fault[fault.code][fault.subject] = fault.accepted
    unsure: defaultdict[str, set[str]] = defaultdict(set)
    for code, subject, _ in judged.unknowns:
        unsure[code].add(subject)
    off = judged.facts.settings.off
    lost = {
        code: _lost(points, at_fault[code], unsure[code], unread=bool(judged.missing.get(code, "")), off=code in off)
        for code, points in worth().items()
    }
    return Score({code: one for code, one in lost.items() if any(one)}, len(lost))


def _lost(points: int, at_fault: Mapping[str, bool], unsure: set[str], *, unread: bool, off: bool) -> Lost:
    """Each kind loses what it adds to those before it: open faults first."""
    standing = sum(not accepted for accepted in at_fault.values())
    faulty, all_of_them = len(at_fault), len(at_fault.keys() | unsure)
    first = round(points * share(standing))
    second = points if off else round(points * share(faulty))
    third = points if unread else max(second, round(points * share(all_of_them)))
    return Lost(first, second - first, third - second)
