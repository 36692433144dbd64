"""The verdict on each path for one principal: live, conditional, blocked, or not there at all.

Bit masks first: a path whose actions no policy of the principal names costs nothing more. Then a few targets, strongest first,
until one is live.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, cached_property
from itertools import islice
from typing import TYPE_CHECKING

from collectors.records import Role, User
from findings.analysis.escalation import paths
from findings.analysis.escalation.alike import asked_about
from findings.analysis.escalation.answers import Answer
from findings.analysis.escalation.asking import ASSUME, LIVE, RANK, Asker, Shared
from findings.analysis.escalation.ground import Ground
from findings.analysis.escalation.making import NEW_BORN, first, made, tells_roles_apart, together
from findings.analysis.escalation.model import Category, Escalation, Needs, On, Path, State, Step
from findings.analysis.escalation.probes import LIMIT, anything, named
from findings.analysis.escalation.reach import Reaching
from findings.analysis.escalation.strength import Strength, strength
from findings.analysis.escalation.targets import Target, targets
from findings.policy.catalogue import catalogue
from findings.policy.evaluate import Layer
from findings.policy.patterns import glob
from findings.policy.request import Context

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

MOST_TARGETS = 64  # asked about for one path: those in front are the strongest, and no Deny names them
OF_OTHERS = frozenset(
    {
        Needs.PASSED_ROLE,
        Needs.RUNNING_ROLE,
        Needs.USER_WITH_ROOM,
        Needs.USER_WITH_KEYS,
        Needs.USER_WITH_PASSWORD,
        Needs.USER_WITHOUT_PASSWORD,
    }
)
CALLER = (Needs.SELF_ROLE, Needs.SELF_USER)  # who is its own target, and has no name in `how`
ATTACHED = "iam:policyarn"
Tried = tuple[Target, Answer]
POLICY = "arn:{partition}:iam::{account}:policy/{name}"


class Account:
    """One account: what is found is kept, also for all who ask for the same."""

    def __init__(self, facts: Facts) -> None:
        self.ground = Ground(facts, self._by_itself)
        self._shared = Shared(self.ground)
        self._askers: dict[str, Asker] = {}
        self._found: dict[str, tuple[Escalation, ...]] = {}
        self._feasible: dict[int, tuple[Path, ...]] = {}
        self._paths: dict[str, tuple[Path, ...]] = {}
        self._passing: dict[tuple[int, int], tuple[Path, ...]] = {}

    def asker(self, principal: Role | User) -> Asker:
        if principal.unique_id not in self._askers:
            self._askers[principal.unique_id] = Asker(principal, self.ground, self._shared)
        return self._askers[principal.unique_id]

    def escalations(self, principal: Role | User) -> tuple[Escalation, ...]:
        """The worst first; those that its own policies deny last. () for administrators, who have nothing to gain, and
        service-linked roles."""
        if principal.unique_id not in self._found:
            self._found[principal.unique_id] = self._judged(principal)
        return self._found[principal.unique_id]

    @cached_property
    def reaching(self) -> Reaching:
        return Reaching(self)

    def _judged(self, principal: Role | User) -> tuple[Escalation, ...]:
        if isinstance(principal, Role) and principal.service_linked:
            return ()
        asker = self.asker(principal)
        feasible = self.feasible(asker)
        if not feasible or self.ground.permissions.admin(principal):
            return ()
        found = [one for path in feasible if (one := _best(path, asker))]
        return tuple(sorted(found, key=_told_first))

    def feasible(self, asker: Asker) -> tuple[Path, ...]:
        """The paths all of whose actions are among the granted ones. One whom a trust names needs no sts:AssumeRole."""
        principal = asker.principal
        if principal.unique_id not in self._paths:
            self._paths[principal.unique_id] = self._by_masks(asker)
        return self._paths[principal.unique_id]

    def _by_masks(self, asker: Asker) -> tuple[Path, ...]:
        own = asker.allow & asked_about()
        if self.ground.gates.doors(asker.principal.arn):
            own |= catalogue().bit(ASSUME)
        if own not in self._feasible:
            self._feasible[own] = tuple(path for path, mask in _masks() if not mask & ~own)
        return self._feasible[own]

    def passing(self, asker: Asker) -> tuple[Path, ...]:
        """The feasible paths by which it could pass a role, if there were one to pass."""
        feasible = self.feasible(asker)
        key = asker.kind, id(feasible)
        if key not in self._passing:
            self._passing[key] = tuple(
                p for p in feasible if p.passes and (a := made(p, asker)) and a.state != "blocked"
            )
        return self._passing[key]

    def _by_itself(self, principal: Role | User) -> Strength:
        """How strong it can make itself, live and without others."""
        if isinstance(principal, Role) and principal.service_linked:
            return Strength.NONE
        asker = self.asker(principal)
        changing = (path for path in self.feasible(asker) if path.category is Category.SELF)
        found = (one for path in changing if (one := _best(path, asker)) and one.state == "live")
        return max((Strength(one.strength) for one in found), default=Strength.NONE)


@cache
def _masks() -> tuple[tuple[Path, int], ...]:
    return tuple((path, catalogue().mask(path.actions)) for path in paths.catalogue().values())


def _best(path: Path, asker: Asker) -> Escalation | None:
    """Shared with all who get the same."""
    if path.category is Category.SELF:
        return _of_itself(path, asker)
    key = _shared_by(path, asker)
    if key is None:
        return _tried(path, asker)
    known = asker.shared.best
    if key not in known:
        known[key] = _tried(path, asker)
    return known[key]


def _of_itself(path: Path, asker: Asker) -> Escalation | None:
    """Asked twice: of how strong it can make itself, too."""
    if path.id not in asker.itself:
        found = _alike_of_itself(path, asker)
        if found and path.needs in CALLER and found.target != asker.principal.arn:
            found = replace(found, target=asker.principal.arn)
        asker.itself[path.id] = found
    return asker.itself[path.id]


def _alike_of_itself(path: Path, asker: Asker) -> Escalation | None:
    """Of all of whom the same is said, and whose ARNs it does not tell apart, the first is asked. Most would gain nothing."""
    principal, gains, known = asker.principal, asker.shared.gains, asker.shared.itself
    kind = path.id, type(principal), isinstance(principal, Role) and principal.reserved, asker.kind
    if kind not in gains:
        gains[kind] = any(True for _ in targets(path, asker))
    if not gains[kind]:
        return None
    key = kind, *(asker.told_apart(step.action, principal.arn) for step in path.steps if _unsure(step, asker))
    if key not in known:
        known[key] = _tried(path, asker)
    return known[key]


def _unsure(step: Step, asker: Asker) -> bool:
    return step.on is On.TARGET and step.action not in asker.sure


def _shared_by(path: Path, asker: Asker) -> tuple[object, ...] | None:
    """What decides on the verdict: equal for callers who are alike, and to whom the same is worth the same. None: it may hang
    on who the caller is."""
    if path.needs in NEW_BORN:
        counts: object = _born(asker)
    elif path.needs in OF_OTHERS:
        counts = asker.gains
    else:
        return None
    return None if counts is None else (path.id, counts, *map(asker.alike, path.actions))


def _born(asker: Asker) -> object:
    """All that counts of one whom the caller makes."""
    ceiling = asker.ground.ceiling_of_new(asker.principal)
    return asker.gain(ceiling), strength(ceiling)


def _tried(path: Path, asker: Asker) -> Escalation | None:
    """The best of the targets tried; the first that is live."""
    plain, apart = made(path, asker), tells_roles_apart(path, asker)
    if plain is None:
        return None
    best: Tried | None = None
    for target in islice(targets(path, asker), MOST_TARGETS):
        answer = _on(path, target, made(path, asker, target.passed) if apart else plain, asker)
        if answer and (best is None or _order(target, answer) < _order(*best)):
            best = target, answer
            if _state(*best) == "live":
                break
    return best and _told(path, *best)


def _told_first(one: Escalation) -> tuple[object, ...]:
    """What is sure before what hangs on something unseen, what it does to itself before what it does to others."""
    itself = one.path.category is Category.SELF
    return one.refused, RANK[one.state], -one.strength, bool(one.unseen), not itself, one.path.id


def _order(target: Target, answer: Answer) -> tuple[int, int, int]:
    state = _state(target, answer)
    return RANK[state], len(target.unseen), -_worth(target, state)


def _state(target: Target, answer: Answer) -> State:
    if target.by:
        return "blocked"
    return "conditional" if answer.state == "live" and target.lacks else answer.state


def _worth(target: Target, state: State) -> Strength:
    return max(target.strength, target.free) if state == "blocked" else target.strength


def _on(path: Path, target: Target, making: Answer | None, asker: Asker) -> Answer | None:
    """Whether all of its steps may be done."""
    if making is None:
        return None
    answers = [making]
    for step in path.gaining:
        answer = _step(step, target, asker)
        if answer is None:
            return None
        answers.append(answer)
    return together(answers)


def _told(path: Path, target: Target, answer: Answer) -> Escalation:
    state = _state(target, answer)
    gained, name = (target.gained.arn, target.gained.name) if target.gained else ("", "")
    keys = answer.keys if state == "conditional" else ()
    by = tuple(dict.fromkeys((*answer.by, *target.by))) if state == "blocked" else ()
    how = path.how.format(target=name)
    return Escalation(path, state, gained, how, keys, by, target.unseen, _worth(target, state))


def _step(step: Step, target: Target, asker: Asker) -> Answer | None:
    resource = target.on[step.on]
    if step.on is On.TAKEN:
        return _taken(resource, asker)
    if step.action in asker.sure:
        return LIVE
    contexts = (both for one in target.contexts for both in _attaching(step, one, asker))
    return first(asker.may(step.action, resource, context) for context in contexts)


def _taken(role: str, asker: Asker) -> Answer:
    """Its trust then names the caller, so that only a Deny stops it, or an SCP or RCP that does not allow it. A boundary that
    does not allow it stops no user, and no session of a role that the trust names."""
    decision = asker.permissions.decide(asker.principal, ASSUME, role)
    if decision.verdict != "denied":
        return Answer("live")
    layers = (Layer.SCP, Layer.RCP) if decision.kind == "implicit" else (*Layer,)
    by = tuple(one for one in decision.by if one.layer in layers and one.layer is not Layer.TRUST)
    return Answer("blocked", by=by) if by else Answer("live")


def _attaching(step: Step, context: Context, asker: Asker) -> Iterator[Context]:
    """Where it counts which policy is attached: the context with each one that is worth it, or that the caller may write."""
    if ATTACHED not in asker.keys(step.action):
        yield context
        return
    ground, values = asker.ground, asker.values(step.action, ATTACHED)
    apart: dict[object, str] = {}
    for arn in ground.worth_attaching:  # of those that the conditions do not tell apart the first
        apart.setdefault(tuple(glob(value, arn) for value in values), arn)
    for arn in apart.values():
        yield {**context, ATTACHED: (arn,)}
    own = (*anything(POLICY, ground.account, ground.partition, ()), *values)
    made_by_it = named(POLICY, own, ground.account, ground.partition)
    for arn in islice(made_by_it, LIMIT):
        if (written := asker.may("iam:CreatePolicy", arn)) and written.state == "live":
            yield {**context, ATTACHED: (arn,)}
