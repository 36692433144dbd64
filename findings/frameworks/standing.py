"""How controls stand in accounts, read from rule states and findings: as many queries for a thousand accounts as for one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Sum

from collectors.models import Account
from findings.engine.decided import values_of
from findings.frameworks.answering import answered_by, bucket
from findings.frameworks.catalogue import Answer, Control
from findings.frameworks.past import Stated, Then, stated
from findings.frameworks.states import NOTHING_SEEN, Seen, State, Verdict, judge
from findings.models import Finding, FindingCount, RuleState, Unknown

CHUNK = 2000  # rows that come from the database at once
REASONS = 5  # of one rule in one account
Key = tuple[int, str]  # account's key, rule
# Where one account passes and in another nobody looks, the control has not passed.
WORST_FIRST = (
    State.FAILED,
    State.UNKNOWN,
    State.NOT_COVERED,
    State.MANUAL,
    State.IN_PART,
    State.PASSED,
    State.NOT_APPLICABLE,
)


@dataclass
class Standing:
    """Of one account: what is seen by each answer, and the settings that it is judged by, by name."""

    sights: Mapping[Answer, Seen]
    settings: Mapping[str, Any]

    def of(self, control: Control) -> Verdict:
        return judge(control, self.sights, self.settings)

    def faults(self, control: Control) -> tuple[int, int]:
        """Its findings, open and accepted."""
        some = [self.seen(answer) for answer in control.judging]
        return sum(one.open for one in some), sum(one.accepted for one in some)

    def seen(self, answer: Answer) -> Seen:
        return self.sights.get(answer, NOTHING_SEEN)


def standings(
    accounts: Iterable[Account], controls: Iterable[Control], *, reasons: bool = False, then: Then | None = None
) -> dict[int, Standing]:
    """By account's key. reasons: also why rules cannot tell of single subjects. then: of these accounts and controls at the end
    of a past day, as far as it is kept; None: now."""
    accounts, answers = list(accounts), {answer for control in controls for answer in control.answers}
    sights = _sights([account.pk for account in accounts], answers, reasons=reasons, then=then)
    held = values_of(accounts, at=then.at if then else None)
    settings = {pk: {name: one.value for name, one in some.items()} for pk, some in held.items()}
    return {account.pk: Standing(sights.get(account.pk, {}), settings[account.pk]) for account in accounts}


def _sights(
    ids: list[int], answers: set[Answer], *, reasons: bool, then: Then | None
) -> Mapping[int, Mapping[Answer, Seen]]:
    codes = {one.code for one in answers}
    faults = then or Faults(ids, answers)
    states = then.states if then else stated(RuleState.objects.filter(account__in=ids, code__in=codes))
    unknowns = _unknowns(ids, codes, then) if reasons else {}
    sights: defaultdict[int, dict[Answer, Seen]] = defaultdict(dict)
    for answer in answers:
        for pk in ids:
            key = pk, answer.code
            open_, accepted = faults.of(pk, answer)
            state = states.get(key)
            if then and (gap := then.gap(pk, answer)):
                sights[pk][answer] = Seen(open=open_, accepted=accepted, reasons=(gap,))
            elif state or open_ or accepted:
                sights[pk][answer] = _seen(answer, state, unknowns.get(key, ()), open_, accepted)
    return sights


def _seen(answer: Answer, state: Stated | None, unknown: Iterable[str], open_: int, accepted: int) -> Seen:
    if state is None:
        return Seen(open=open_, accepted=accepted)
    reasons = tuple(dict.fromkeys((*((state.missing,) if state.missing else ()), *unknown)))[:REASONS]
    n = state.unknown if answer.whole else state.in_doubt
    return Seen(True, state.subjects, state.clear, n, open_, accepted, reasons)


def _unknowns(ids: list[int], codes: set[str], then: Then | None) -> Mapping[Key, list[str]]:
    """Reasons of single subjects; of a past day those that still hold. Which part is unknown of a subject is not kept."""
    found: defaultdict[Key, list[str]] = defaultdict(list)
    rows = Unknown.objects.filter(account__in=ids, code__in=codes).order_by("account", "code", "reason")
    some = rows.filter(since__lt=then.at) if then else rows
    for pk, code, reason in some.values_list("account", "code", "reason").distinct().iterator(CHUNK):
        found[pk, code].append(reason)
    return found


class Faults:
    """Unresolved findings of accounts, by answer. Most are counted already. Then is the same of a past day."""

    def __init__(self, ids: list[int], answers: Iterable[Answer]) -> None:
        answers = list(answers)
        mine = Finding.objects.filter(account__in=ids, resolved_at=None).order_by()
        self._counted = _counted(ids, {one.code for one in answers if one.counted})
        self._parts = _by_part(mine, [one for one in answers if not one.counted])

    def of(self, pk: int, answer: Answer) -> tuple[int, int]:
        """Open and accepted ones."""
        key = pk, answer.code
        if answer.counted:
            return self._counted[(*key, answer.only.subject, "open")], self._counted[
                (*key, answer.only.subject, "accepted")
            ]
        open_ = accepted = 0
        for (part, subject, status), n in self._parts.get(key, {}).items():
            if answered_by(answer, part, subject):
                open_, accepted = open_ + n * (status == "open"), accepted + n * (status == "accepted")
        return open_, accepted


def _counted(ids: list[int], codes: set[str]) -> Counter[tuple[int, str, str, str]]:
    """By account, rule, type of subject and status; "" is all types."""
    rows = FindingCount.objects.filter(account__in=ids, code__in=codes, status__in=("open", "accepted")).order_by()
    found: Counter[tuple[int, str, str, str]] = Counter()
    for pk, code, subject, status, n in rows.values_list("account", "code", "subject_type", "status").annotate(
        total=Sum("n")
    ):
        found[pk, code, subject, status] = n
        found[pk, code, "", status] += n
    return found


def _by_part(mine: QuerySet[Finding], answers: list[Answer]) -> Mapping[Key, Mapping[tuple[str, str, str], int]]:
    """Of rules whose findings answer in part only."""
    found: defaultdict[Key, dict[tuple[str, str, str], int]] = defaultdict(dict)
    rows = mine.filter(code__in={one.code for one in answers}).annotate(bucket=bucket(answers))
    for pk, code, *kind, n in rows.values_list("account", "code", "bucket", "subject_type", "status").annotate(
        n=Count("pk")
    ):
        found[pk, code][tuple(kind)] = n
    return found


class Tally:
    """Over accounts: by state, in how many a control stands so; and its findings. accepted: failed by accepted faults alone.
    doubts: why it is unknown, in how many accounts."""

    def __init__(self) -> None:
        self.states: Counter[State] = Counter()
        self.doubts: Counter[str] = Counter()
        self.accepted = self.findings = self.findings_accepted = 0

    def add(self, verdict: Verdict, faults: tuple[int, int]) -> None:
        self.states[verdict.state] += 1
        if verdict.state is State.UNKNOWN:
            self.doubts.update(verdict.why)
        self.accepted += verdict.accepted
        self.findings += faults[0]
        self.findings_accepted += faults[1]

    @property
    def state(self) -> State:
        """Of the control over all of them: the worst that some account has."""
        return next((state for state in WORST_FIRST if self.states[state]), State.UNKNOWN)

    @property
    def doubt(self) -> str:
        """The reason that most accounts have, in words; "" where the control is known."""
        if self.state is not State.UNKNOWN or not self.doubts:
            return ""
        ((why, n),) = self.doubts.most_common(1)
        where = f", in {n} of {self.states[State.UNKNOWN]} accounts" if self.states[State.UNKNOWN] > 1 else ""
        return f"{why}{where}"


def tallies(accounts: Iterable[Account], controls: Iterable[Control], then: Then | None = None) -> dict[Control, Tally]:
    """Controls of several frameworks that ask the same share one. then: as of standings."""
    accounts, controls = list(accounts), list(controls)
    stand = standings(accounts, controls, then=then).values()
    made: dict[Any, Tally] = {}
    for control in controls:
        if control.question not in made:
            made[control.question] = tally = Tally()
            for one in stand:
                tally.add(one.of(control), one.faults(control))
    return {control: made[control.question] for control in controls}
