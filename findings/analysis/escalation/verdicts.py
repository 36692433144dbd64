"""The verdict on each path for one principal: live, conditional, blocked, or not there at all.

Bit masks first: a path whose actions no policy of the principal names costs nothing more. Then a few targets, strongest first,
until one is live.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache, cached_property
from typing import TYPE_CHECKING

from collectors.records import Role, User
from findings.analysis.escalation import paths
from findings.analysis.escalation.asking import RANK, Answer, Asker
from findings.analysis.escalation.ground import Ground
from findings.analysis.escalation.model import Category, Escalation, Needs, On, Path, State, Step
from findings.analysis.escalation.probes import LIMIT, anything, named
from findings.analysis.escalation.reach import Reaching
from findings.analysis.escalation.targets import Target, targets
from findings.policy.catalogue import catalogue

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

ASSUME = "sts:AssumeRole"


class Account:
    """One account: what is found is kept, also for all who ask for the same."""

    def __init__(self, facts: Facts) -> None:
        self.ground = Ground(facts)
        self._shared: dict[object, Answer | None] = {}
        self._found: dict[str, tuple[Escalation, ...]] = {}
        self._feasible: dict[int, tuple[Path, ...]] = {}

    def asker(self, principal: Role | User) -> Asker:
        return Asker(principal, self.ground, self._shared)

    def escalations(self, principal: Role | User) -> tuple[Escalation, ...]:
        """By state, then strength, then id. () for administrators, who have nothing to gain, and service-linked roles."""
        if principal.unique_id not in self._found:
            self._found[principal.unique_id] = self._judged(principal)
        return self._found[principal.unique_id]

    @cached_property
    def reaching(self) -> Reaching:
        return Reaching(self)

    def made(self, path: Path, asker: Asker) -> Answer | None:
        """Whether the caller may do what the path does besides passing or taking something; None: it may not."""
        return _made(path, asker)

    def _judged(self, principal: Role | User) -> tuple[Escalation, ...]:
        if isinstance(principal, Role) and principal.service_linked:
            return ()
        asker = self.asker(principal)
        feasible = self.feasible(asker)
        if not feasible or self.ground.permissions.admin(principal):
            return ()
        found = [one for path in feasible if (one := _best(path, asker))]
        return tuple(sorted(found, key=lambda one: (RANK[one.state], -one.strength, one.path.id)))

    def feasible(self, asker: Asker) -> tuple[Path, ...]:
        """The paths all of whose actions are among the granted ones. One whom a trust names needs no sts:AssumeRole."""
        own = asker.granted.allow & _named_at_all()
        if asker.principal.arn in self.ground.doors:
            own |= catalogue().bit(ASSUME)
        if own not in self._feasible:
            self._feasible[own] = tuple(path for path, mask in _masks() if not mask & ~own)
        return self._feasible[own]


@cache
def _masks() -> tuple[tuple[Path, int], ...]:
    return tuple((path, catalogue().mask(path.actions)) for path in paths.catalogue().values())


@cache
def _named_at_all() -> int:
    return catalogue().mask(paths.actions())


def _best(path: Path, asker: Asker) -> Escalation | None:
    """The best of the targets tried; the first that is live."""
    made = _made(path, asker)
    if made is None:
        return None
    best: Escalation | None = None
    for target in targets(path, asker):
        found = _on(path, target, made, asker)
        if found and (best is None or _order(found) < _order(best)):
            best = found
        if best and best.state == "live":
            break
    return best


def _order(found: Escalation) -> tuple[int, int, int]:
    return RANK[found.state], len(found.unseen), -found.strength


def _on(path: Path, target: Target, made: Answer, asker: Asker) -> Escalation | None:
    answers = [made]
    for step in path.steps:
        if step.on in (On.NEW, On.EXISTING):
            continue
        answer = _step(step, target, asker)
        if answer is None:
            return None
        answers.append(answer)
    answer = _together(answers)
    state, by = answer.state, (*answer.by, *target.by)
    if target.by:
        state = "blocked"
    elif state == "live" and any("in no instance profile" in lack for lack in target.unseen):
        state = "conditional"
    name = target.gained.name if target.gained else ""
    return Escalation(
        path,
        state,
        target.gained.arn if target.gained else "",
        path.how.format(target=name),
        answer.keys if state == "conditional" else (),
        tuple(dict.fromkeys(by)),
        target.unseen,
        int(target.strength),
    )


def _step(step: Step, target: Target, asker: Asker) -> Answer | None:
    resource = target.on[step.on]
    if step.on is On.TAKEN:
        return None if asker.denied(step.action, resource) else Answer("live")
    return asker.may(step.action, resource, target.context)


def _made(path: Path, asker: Asker) -> Answer | None:
    """Whether the caller may make, or take over, what the path needs, wherever that is easiest: the steps on one form of ARN
    are asked on the same one."""
    forms: defaultdict[tuple[On, str], list[Step]] = defaultdict(list)
    for step in path.steps:
        if step.on in (On.NEW, On.EXISTING):
            forms[step.on, step.at].append(step)
    answers = []
    for (on, form), steps in forms.items():
        answer = _somewhere(on, form, tuple(steps), path, asker)
        if answer is None:
            return None
        answers.append(answer)
    return _together(answers)


def _somewhere(on: On, form: str, steps: tuple[Step, ...], path: Path, asker: Asker) -> Answer | None:
    context = {"iam:permissionsboundary": None} if path.needs in (Needs.NEW_ROLE, Needs.NEW_USER) else {}
    best: Answer | None = None
    for resource in _resources(on, form, steps, asker):
        answers = [asker.may(step.action, resource, context) for step in steps]
        if None not in answers:
            answer = _together([answer for answer in answers if answer])
            if best is None or RANK[answer.state] < RANK[best.state]:
                best = answer
        if best and best.state == "live":
            break
    return best


def _resources(on: On, form: str, steps: tuple[Step, ...], asker: Asker) -> Iterator[str]:
    account, partition = asker.ground.account, asker.ground.partition
    patterns = tuple(dict.fromkeys(p for step in steps for p in asker.patterns(step.action)))
    found = [*anything(form, account, partition, asker.regions(patterns))]
    if on is On.NEW:
        found += named(form, patterns, account, partition)
    taken = asker.ground.facts.principal_by_arn
    yield from [resource for resource in dict.fromkeys(found) if resource not in taken][:LIMIT]


def _together(answers: list[Answer]) -> Answer:
    """All must be."""
    if not answers:
        return Answer("live")
    state: State = max((answer.state for answer in answers), key=lambda state: RANK[state])
    keys = tuple(dict.fromkeys(key for answer in answers for key in answer.keys))
    by = tuple(dict.fromkeys(by for answer in answers for by in answer.by))
    return Answer(state, keys, by)


def strongest(found: tuple[Escalation, ...]) -> Escalation:
    return min(
        found, key=lambda one: (RANK[one.state], -one.strength, one.path.category is not Category.SELF, one.path.id)
    )
