"""How do we stand at each of the five practices? Its open findings, its part of the score, and how both moved in two periods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet, Sum

from findings.models import RuleState
from findings.rules.registry import rules
from findings.score import POINT
from findings.trends import Key, points
from findings.vocabulary import Practice, Severity
from iamdash.pages import trend_figures
from iamdash.pages.kept import Open
from iamdash.pages.trend import Scores, Shown
from iamdash.pages.trend_figures import SMALL


@dataclass(frozen=True)
class Change:
    """Of a number of which less is better, over the period and over the equal one before; None where that is not known. over:
    the period in words. Points are thousandths."""

    now: int | None = None
    before: int | None = None
    over: str = ""
    of_score: bool = False

    @property
    def mark(self) -> str:
        """A shape of the sprite; "" for no change."""
        if self.now is None or self._still(self.now):
            return ""
        return "resolved" if self.now < 0 else "high"

    @property
    def words(self) -> str:
        return "" if self.now is None else self._said(self.now)

    @property
    def words_before(self) -> str:
        if self.before is None:
            return ""
        same = self.now is not None and self._still(self.now) and self._still(self.before)
        return "nor" if same else self._said(self.before)

    def _still(self, n: int) -> bool:
        return abs(n) < SMALL if self.of_score else not n

    def _said(self, n: int) -> str:
        if self._still(n):
            return "no change"
        if self.of_score:
            return f"{trend_figures.moved(n)} {'better' if n < 0 else 'worse'}"
        return f"{abs(n):,} {'fewer' if n < 0 else 'more'}"


@dataclass(frozen=True)
class Standing:
    """One practice: open findings by severity, subjects checked by its rules, and how many of those are unknown.

    lost: what it costs of the score, and how much of that is unknown, in whole points; None where no score is known.
    """

    practice: Practice
    open: Mapping[Severity, int]
    checked: int
    unknown: int
    rules: int
    lost: tuple[int, int] | None = None
    urgent_change: Change = Change()
    lost_change: Change = Change()

    @property
    def in_doubt(self) -> bool:
        """Nothing is known to be open, and not all is known: that is not the same as none."""
        return not self.total and bool(self.unknown)

    @property
    def total(self) -> int:
        return sum(self.open.values())

    @property
    def urgent(self) -> int:
        return self.open[Severity.CRITICAL] + self.open[Severity.HIGH]


def standings(still_open: Open, states: QuerySet[RuleState], shown: Shown, scores: Scores) -> list[Standing]:
    """All practices in the mission's order, account basics last. Two queries."""
    found: dict[str, dict[Severity, int]] = defaultdict(lambda: dict.fromkeys(Severity, 0))
    for code, counts in still_open.items():
        for severity, n in counts.items():
            found[Practice.of(code).prefix][severity] += n
    judged: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for code, subjects, unknown in states.values_list("code").annotate(Sum("n_subjects"), Sum("n_unknown")):
        totals = judged[Practice.of(code).prefix]
        totals[0] += subjects
        totals[1] += unknown
    have = [rule.practice for rule in rules()]
    urgent = urgent_changes(shown)
    return [
        Standing(
            p, found[p.prefix], *judged[p.prefix], have.count(p), _whole(scores.lost.get(p)),
            urgent.get(p, Change()), _moved(p, shown, scores),
        )
        for p in Practice
    ]  # fmt: skip


def _whole(lost: tuple[int, int] | None) -> tuple[int, int] | None:
    """In whole points, rounded up."""
    return (-(-lost[0] // POINT), -(-lost[1] // POINT)) if lost else None


def _moved(practice: Practice, shown: Shown, scores: Scores) -> Change:
    now, before = (None if one is None else -one.by_practice.get(practice, 0) for one in (scores.moved, scores.before))
    return Change(
        now, before, trend_figures.spoken(shown.scope, shown.line.days) if scores.moved else "", of_score=True
    )


def urgent_changes(shown: Shown) -> Mapping[Practice, Change]:
    """Of critical and high findings, accepted ones among them, as days ended; nothing where two judged days lack. One query."""
    if not shown.found.told:
        return {}
    days = [shown.found.days[0], shown.scope.today]
    if shown.earlier:
        days.insert(0, shown.earlier.begin)
    found = points.read(shown.scope.accounts, days, Key("practice"))
    steps = {one: [point.urgent for point in found.get(one.prefix, ())] or [0] * len(days) for one in Practice}
    over = trend_figures.spoken(shown.scope, shown.found.days)
    return {one: Change(n[-1] - n[-2], n[1] - n[0] if shown.earlier else None, over) for one, n in steps.items()}
