"""How a control stands in an account. Pure: from what rules and findings say of it.

A fault that is known fails it, an accepted one too; what is not known never passes; a rule that has nothing to judge proves
nothing.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from findings.analysis.setting_fields import DECIDED
from findings.frameworks.catalogue import Answer, Control

AT_LEAST = frozenset({"password_length", "password_reuse"})  # settings of which more is stricter
NOT_JUDGED = "the account was not judged yet"


class State(enum.StrEnum):
    """The order is the one in which accounts are shown."""

    FAILED = "failed"
    UNKNOWN = "unknown"
    PASSED = "passed"
    IN_PART = "in-part"
    NOT_APPLICABLE = "not-applicable"
    NOT_COVERED = "not-covered"
    MANUAL = "manual"

    @property
    def label(self) -> str:
        return {"in-part": "Passed in part"}.get(self.value, self.value.replace("-", " ").capitalize())

    @property
    def mark(self) -> str:
        """Of the sprite static/icons.svg."""
        return {"failed": "high", "passed": "resolved", "in-part": "resolved"}.get(self.value, "unknown")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a rule and its findings say in an account, as far as they answer. judged: it has a verdict there at all.

    subjects, clear: of the whole rule. unknown: subjects that it cannot tell of; where only a part of it answers, those of which
    it cannot tell some part. open, accepted: findings. reasons: why something is unknown; where it is not judged, why not.
    """

    judged: bool = False
    subjects: int = 0
    clear: int = 0
    unknown: int = 0
    open: int = 0
    accepted: int = 0
    reasons: tuple[str, ...] = ()

    @property
    def faults(self) -> int:
        return self.open + self.accepted


@dataclass(frozen=True, slots=True)
class Verdict:
    """accepted: every fault that fails it is accepted. why: in words, of all that neither passed nor failed by itself."""

    state: State
    accepted: bool = False
    why: tuple[str, ...] = ()


NOTHING_SEEN = Seen()
FAILED, PASSED = Verdict(State.FAILED), Verdict(State.PASSED)
Sights = Mapping[Answer, Seen]


def judge(control: Control, sights: Sights, settings: Mapping[str, Any]) -> Verdict:
    """settings: what the account is judged by, by name; an answer without sight was not judged."""
    if not control.answers:
        return Verdict(
            State.MANUAL if control.asked.manual else State.NOT_COVERED, why=(control.asked.lacks.replace("`", ""),)
        )
    judging = [sights.get(answer, NOTHING_SEEN) for answer in control.judging]
    if any(one.open for one in judging):
        return FAILED
    if any(one.accepted for one in judging):
        return Verdict(State.FAILED, accepted=True)
    seen = {answer: sights.get(answer, NOTHING_SEEN) for answer in control.answers}
    if why := _not_covered(control, settings):
        return Verdict(State.NOT_COVERED, why=why)
    if elsewhere := _elsewhere(control, seen, settings):
        return elsewhere
    if any(one.subjects for one in judging):
        return _held(control, (*_doubts(control.judging, seen, settings), *_laxer(control, settings)))
    return _nothing(control, seen, settings)


def _elsewhere(control: Control, seen: Sights, settings: Mapping[str, Any]) -> Verdict | None:
    """Whether the control is about other accounts, as far as that is known."""
    concern = next((answer for answer in control.answers if answer.concern), None)
    if concern is None or seen[concern].subjects:
        return None
    if doubts := tuple(_doubts((concern,), seen, settings)):
        return Verdict(State.UNKNOWN, why=doubts)
    return Verdict(
        State.NOT_APPLICABLE, why=(f"it is about accounts with an {concern.rule.subject.value} of their own",)
    )


def _held(control: Control, doubts: tuple[str, ...]) -> Verdict:
    if doubts:
        return Verdict(State.UNKNOWN, why=tuple(dict.fromkeys(doubts)))
    beyond = control.asked.beyond
    return Verdict(State.IN_PART, why=(beyond,)) if beyond else PASSED


def _nothing(control: Control, seen: Sights, settings: Mapping[str, Any]) -> Verdict:
    """No rule had anything to judge: because of a fault that another rule tells, because nobody knows, or for good."""
    guards = [(answer.code, seen[answer]) for answer in control.answers if answer.guard]
    known = all(seen[answer].judged for answer in control.judging)
    if failing := [(code, one) for code, one in guards if one.faults and known]:
        why = tuple(f"{code} is open, which leaves nothing to judge here" for code, _ in failing)
        return Verdict(State.FAILED, accepted=not any(one.open for _, one in failing), why=why)
    some = [answer for answer in control.answers if not answer.concern]
    if doubts := tuple(dict.fromkeys(_doubts(some, seen, settings))):
        return Verdict(State.UNKNOWN, why=doubts)
    return Verdict(State.NOT_APPLICABLE, why=(f"{', '.join(sorted(control.codes))}: nothing to judge here",))


def _not_covered(control: Control, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Why nothing answers it here, though rules could: operators switched them off, or do not ask for it."""
    if control.codes <= settings["off"]:
        return tuple(_off(answer) for answer in control.judging)
    silent = [name for name, limit in control.asked.limits.items() if limit and not settings[name]]
    return tuple(f"the setting {DECIDED[name].title.lower()} does not ask for it" for name in silent)


def _off(answer: Answer) -> str:
    return f"{answer.code} is switched off in the settings"


def _doubts(answers: Iterable[Answer], seen: Sights, settings: Mapping[str, Any]) -> Iterator[str]:
    for answer in answers:
        one = seen[answer]
        if answer.code in settings["off"]:
            yield _off(answer)
        elif not one.judged:
            yield from one.reasons or (NOT_JUDGED,)
        elif one.unknown or one.reasons:
            yield from one.reasons or (f"{answer.code} cannot tell of {one.unknown}",)


def _laxer(control: Control, settings: Mapping[str, Any]) -> Iterator[str]:
    """Settings by which less is a fault than the control says."""
    for name, limit in control.asked.limits.items():
        value = settings[name]
        number = len(value) if isinstance(value, frozenset) else value
        if number < limit if name in AT_LEAST else number > limit:
            field = DECIDED[name]
            asked = field.said(limit) if limit else "all"
            yield f"judged by the setting {field.title.lower()}, {field.said(value)}; it asks for {asked}"
