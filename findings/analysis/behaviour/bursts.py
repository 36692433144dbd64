"""Days on which a principal was refused, or looked around in IAM within an hour, far more than is usual for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from collectors.records import PrincipalDay
from findings.analysis.behaviour.baseline import Baseline, Subject

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

FEWEST_REFUSALS, TIMES = 20, 5  # of a day; how often the most of any day before it
SHARE, MOST_SHARE = 2, 0.9  # how often the part of all calls before it that was refused, and what is always far above
FEWEST_READS, TIMES_READS = 10, 2  # distinct names within an hour


@dataclass(frozen=True, slots=True)
class Burst:
    """day: as it was. usual: the most of any day before it, in the baseline."""

    day: PrincipalDay
    usual: int
    baseline: Baseline


@dataclass(frozen=True, slots=True)
class Bursts:
    """found: oldest first. unknown: a day may be one, and it is not known what is usual."""

    found: tuple[Burst, ...]
    unknown: bool


def refusals(subject: Subject, facts: Facts) -> Bursts:
    return _bursts(subject, facts, lambda one: one.denied, FEWEST_REFUSALS, _far_above)


def enumerations(subject: Subject, facts: Facts) -> Bursts:
    return _bursts(subject, facts, lambda one: len(one.recon), FEWEST_READS, _looks_around)


def _bursts(
    subject: Subject,
    facts: Facts,
    count: Callable[[PrincipalDay], int],
    fewest: int,
    far: Callable[[PrincipalDay, Baseline], int | None],
) -> Bursts:
    found, unknown = [], False
    for day in facts.behaviour.judged(subject):
        if count(day) < fewest:
            continue
        baseline = facts.behaviour.baseline(subject, day.day)
        if baseline.short:
            unknown = True
        elif baseline.known and (usual := far(day, baseline)) is not None:
            found.append(Burst(day, usual, baseline))
    return Bursts(tuple(found), unknown)


def _far_above(day: PrincipalDay, baseline: Baseline) -> int | None:
    """The most that was refused on a day before, where this day is far above it; by its part of the calls too, so that more
    work with as many failures is none."""
    refused, calls = _sums(baseline)
    usual = max(refused.values(), default=0)
    part = min(SHARE * sum(refused.values()) / max(sum(calls.values()), 1), MOST_SHARE)
    above = day.denied > TIMES * usual and day.denied / max(day.n, 1) > part
    return usual if above else None


def _sums(baseline: Baseline) -> tuple[dict[date, int], dict[date, int]]:
    """Refusals and calls by day: a user's keys together."""
    refused: defaultdict[date, int] = defaultdict(int)
    calls: defaultdict[date, int] = defaultdict(int)
    for one in baseline.days:
        refused[one.day] += one.denied
        calls[one.day] += one.n
    return refused, calls


def _looks_around(day: PrincipalDay, baseline: Baseline) -> int | None:
    usual = max((len(one.recon) for one in baseline.days), default=0)
    return usual if len(day.recon) > TIMES_READS * usual else None
